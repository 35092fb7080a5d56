"""The region desk's simulator: a closed month under other shares, beside what was settled."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from exchange.app import Exchange
from exchange.persistence.queries.regions import agreements
from exchange.persistence.queries.what_if import compared
from settlement.agreements import PairAgreement, Shares
from settlement.ledger.chart import AccountKind
from settlement.money import WHOLE, BasisPoints
from settlement.what_if import Comparison
from web.desks.shared import KINDS, name_of, own_shares
from web.pages.charts import Bars, bars
from web.pages.fields import MistakeCode, Reader
from web.pages.formats import per_cent
from web.pages.routing import PageRequest, not_here, page, sent_query
from web.session import Caller


@dataclass(frozen=True, slots=True)
class Bar:
    """One party's part of one kind, as settled and under the shares to try, drawn against what there is to share."""

    kind: AccountKind
    region: str
    drawn: Bars


@get("/region/agreements/{agreement_id:str}/{version:int}/{period:str}/what-if")
async def what_if_page(
    request: PageRequest,
    exchange: NamedDependency[Exchange],
    caller: NamedDependency[Caller],
    agreement_id: FromPath[str],
    version: FromPath[int],
    period: FromPath[str],
) -> Template:
    """A form of shares, first the agreement's own, and what they would have come to. Changes nothing."""
    found = await agreements(exchange.readers, caller.region)
    agreement = next((one for one in found if (one.id, one.version) == (agreement_id, version)), None)
    if agreement is None:
        raise not_here()
    form = Reader(_own(agreement) | sent_query(request))
    other = _other(form, agreement)
    shown = await compared(exchange.readers, name_of(agreement), period, other or agreement)
    if shown is None:
        raise not_here()
    return page(
        "region/what_if.html",
        caller,
        status=200 if other else 422,
        agreement=agreement,
        period=period,
        form=form,
        fields=field_names(agreement),
        kinds=KINDS,
        other=other,
        comparison=shown if other else None,
        bars=list(_bars(agreement, shown)),
        catalogue=exchange.catalogue,
    )


def field_names(agreement: PairAgreement) -> list[str]:
    """The fields of one kind, without the kind: a share for each party but the last, which gets the rest."""
    return [str(n) for n in range(1, len(agreement.parties))]


def _own(agreement: PairAgreement) -> dict[str, list[str]]:
    """The agreement's own terms as they are typed, in per cent."""
    typed = {
        f"{kind}-{n}": [per_cent(share)]
        for kind in KINDS
        for n, share in enumerate(own_shares(agreement, kind)[:-1], start=1)
    }
    return typed | {"value_added": [per_cent(agreement.value_added_bp)]}


def _other(form: Reader, agreement: PairAgreement) -> PairAgreement | None:
    """The agreement under the terms that were typed, or None where they can't be read."""
    revenue, tax, gdp = (_shares(form, kind, agreement) for kind in KINDS)
    value_added = form.basis_points("value_added")
    if revenue is None or tax is None or gdp is None or value_added is None:
        return None
    shares = Shares(revenue, tax, gdp, agreement.shares.carbon)
    return replace(agreement, shares=shares, value_added_bp=BasisPoints(value_added))


def _shares(form: Reader, kind: AccountKind, agreement: PairAgreement) -> tuple[BasisPoints, ...] | None:
    """The shares of one kind: those that were typed, and the rest for the last party."""
    names = [f"{kind}-{n}" for n in field_names(agreement)]
    read = [form.basis_points(name) for name in names]
    typed = [BasisPoints(share) for share in read if share is not None]
    if len(typed) < len(names):
        return None
    if sum(typed) > WHOLE:
        left = WHOLE - sum(typed[:-1])
        form.wrong(names[-1], MistakeCode.TOO_LARGE, per_cent(max(0, left)))
        return None
    return *typed, BasisPoints(WHOLE - sum(typed))


def _bars(agreement: PairAgreement, comparison: Comparison) -> Iterator[Bar]:
    for one in comparison:
        whole = max(one.settled.base, one.other.base)
        parts = zip(agreement.parties, one.settled.parts, one.other.parts, strict=True)
        for region, settled, other in parts:
            yield Bar(one.kind, region, bars(settled, other, whole))
