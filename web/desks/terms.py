"""The terms of the house, of which each of the clerk's forms changes a part."""

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from exchange.persistence.queries.market import Clock
from exchange.venue.commands import AdoptTerms
from web.bodies.terms import TermsIn, TermsOut
from web.pages.checked import FieldOf, checked
from web.pages.fields import Reader


def adoption(
    asked: Reader, now: Clock, changed: Mapping[str, object], field_of: FieldOf
) -> AdoptTerms | None:
    """The terms in force with those of a form in their place; None where what was typed can't be adopted."""
    in_force: dict[str, Any] = TypeAdapter(TermsOut).dump_python(TermsOut.of(now), mode="json")
    kept = {name: value for name, value in in_force.items() if name in TermsIn.model_fields}
    return checked(asked, TermsIn, {**kept, **changed}, TermsIn.command, field_of)
