"""Regions by name, as documents write them."""

from exchange.catalogue.catalogue import Catalogue
from matching.terms import RegionCode


def place(code: RegionCode, catalogue: Catalogue) -> str:
    """A region in English and Chinese, or its code where the catalogue has it no more."""
    region = catalogue.regions.get(code)
    return code if region is None else f"{region.name_en} {region.name_zh}"
