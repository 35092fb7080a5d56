"""What was used of voucher programmes so far, and where a buyer therefore stands."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from settlement.money import NOTHING, Fen
from settlement.vouchers.parties import Party
from settlement.vouchers.programme import BudgetSpan, Programme

BEIJING = timezone(timedelta(hours=8))
"""Public budgets are by the calendar year of Beijing."""


@dataclass(frozen=True, slots=True)
class Use:
    """A voucher used on a contract at an instant (UTC seconds); `covered` is net of what refunds returned to it."""

    id: str
    programme: str
    contract: str
    buyer: Party
    seller: Party
    at: int
    covered: Fen


@dataclass(frozen=True, slots=True)
class Subsidy:
    """What another programme covers of the same contract, and with which programmes it agrees to do so."""

    programme: str
    covered: Fen
    stacks_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """What was used before an application is judged, in fen.

    `used_this_year` is the buyer's own under the programme, `spent` all buyers' in the span of the budget. `balance`
    is what is left of the voucher that the buyer was given, or None where it was given none.
    """

    used_this_year: Fen = NOTHING
    spent: Fen = NOTHING
    balance: Fen | None = None
    subsidies: tuple[Subsidy, ...] = ()


NOTHING_USED = Standing()


def standing_of(
    programme: Programme,
    buyer: str,
    contract: str,
    at: int,
    uses: Iterable[Use],
    programmes: Iterable[Programme],
) -> Standing:
    """Add up from every use so far where a buyer stands under a programme at an instant (UTC seconds)."""
    uses, agreed = list(uses), {other.id: other.stacks_with for other in programmes}
    own = [use for use in uses if use.programme == programme.id]
    this_year = list(_of_year(own, year_of(at)))
    in_span = own if programme.budget_span is BudgetSpan.WHOLE_PROGRAMME else this_year
    return Standing(
        used_this_year=Fen(sum(use.covered for use in this_year if use.buyer.id == buyer)),
        spent=Fen(sum(use.covered for use in in_span)),
        subsidies=tuple(
            Subsidy(use.programme, use.covered, agreed[use.programme])
            for use in uses
            if use.contract == contract and use.covered
        ),
    )


def year_of(at: int) -> int:
    """The calendar year of an instant."""
    return datetime.fromtimestamp(at, BEIJING).year


def _of_year(uses: Iterable[Use], year: int) -> Iterator[Use]:
    return (use for use in uses if year_of(use.at) == year)
