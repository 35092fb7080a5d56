"""Bugs planted in the rules of vouchers: each must break the law that is there for it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from settlement.money import BasisPoints, Fen
from settlement.refunds import returned
from settlement.terms import VoucherTerms
from settlement.vouchers import judging, uses
from settlement.vouchers.judging import Application, Grant, Refusal, RefusalCode, Refused
from settlement.vouchers.misuse import Misuse, MisuseCode, RefundMade
from settlement.vouchers.parties import Party
from settlement.vouchers.programme import ChipOrigin, ProductLine, Programme
from settlement.vouchers.uses import NOTHING_USED, Standing, Use
from tests.settlement import voucher_laws as laws
from tests.settlement.law import UNTIL_IT_BREAKS
from tests.settlement.planting import Bug, named

sound_judge = judging.judge
sound_terms = judging.voucher_terms
sound_standing = uses.standing_of
sound_purchase = judging._of_purchase


def forget_what_was_used_this_year(programme: Programme, asked: Application) -> VoucherTerms:
    return replace(sound_terms(programme, asked), yearly_left=programme.yearly_cap)


def forget_what_was_spent(programme: Programme, asked: Application) -> VoucherTerms:
    return sound_terms(programme, replace(asked, standing=replace(asked.standing, spent=Fen(0))))


def cover_the_whole_price_again(asked: Application) -> Fen:
    return asked.gross


def let_one_side_agree(programme: Programme, asked: Application) -> Iterator[Refusal]:
    for refusal in sound_purchase(programme, asked):
        one_sided = all(other.programme in programme.stacks_with for other in asked.standing.subsidies)
        if refusal.code is not RefusalCode.ALREADY_SUBSIDISED or not one_sided:
            yield refusal


def know_no_owners(one: Party, other: Party) -> bool:
    return one.id == other.id


def know_owners_of_one_side(one: Party, other: Party) -> bool:
    return one.id == other.id or one.id in other.controllers


def compare_regions_to_the_letter(region: str, area: str) -> bool:
    return region == area


def say_only_the_first_thing(programme: Programme, asked: Application) -> Grant | Refused:
    found = sound_judge(programme, asked)
    return Refused(found.refusals[:1]) if isinstance(found, Refused) else found


def grant_nothing_and_call_it_granted(programme: Programme, asked: Application) -> Grant | Refused:
    found = sound_judge(programme, asked)
    match found:
        case Refused((Refusal(code=RefusalCode.PRICE_TOO_SMALL),)):
            return Grant(Fen(0), sound_terms(programme, asked), programme.evidence)
    return found


def count_the_year_of_greenwich(at: int) -> int:
    return datetime.fromtimestamp(at, UTC).year


def look_at_no_contract(
    programme: Programme, buyer: str, contract: str, at: int, made: Iterable[Use], known: Iterable[Programme]
) -> Standing:
    return replace(sound_standing(programme, buyer, contract, at, made, known), subsidies=())


def start_from_nothing(*_: object) -> Standing:
    return NOTHING_USED


def take_the_last_rate(
    programme: Programme, product: ProductLine, origin: ChipOrigin | None
) -> BasisPoints | None:
    covered = programme.coverage[::-1]
    return next(
        (one.rate_bp for one in covered if one.product is product and one.origin in (None, origin)), None
    )


def agree_alone(one: Programme, other: Programme) -> bool:
    return other.id in one.stacks_with or one.id in other.stacks_with


def look_at_the_buyer_alone(refunds: Iterable[RefundMade]) -> Iterator[Misuse]:
    for made in refunds:
        if made.paid.to_buyer > returned(made.gross, made.amount, made.vouchers).to_buyer:
            yield Misuse(made.contract, MisuseCode.PAID_OUT, "")


def find_no_cash(_: object) -> Iterator[object]:
    return iter(())


BUGS = (
    Bug("voucher_terms", forget_what_was_used_this_year, laws.what_is_granted_is_what_the_rules_say),
    Bug("voucher_terms", forget_what_was_used_this_year, laws.no_history_of_grants_breaks_a_limit),
    Bug("voucher_terms", forget_what_was_spent, laws.no_history_of_grants_breaks_a_limit),
    Bug("left_to_pay", cover_the_whole_price_again, laws.what_is_granted_is_what_the_rules_say),
    Bug("_of_purchase", let_one_side_agree, laws.what_is_granted_is_what_the_rules_say),
    Bug("_of_purchase", let_one_side_agree, laws.no_history_of_grants_breaks_a_limit),
    Bug("related", know_no_owners, laws.what_is_granted_is_what_the_rules_say),
    Bug("related", know_no_owners, laws.misuse_is_found_wherever_it_is),
    Bug("related", know_owners_of_one_side, laws.belonging_together_is_mutual),
    Bug("lies_within", compare_regions_to_the_letter, laws.what_is_granted_is_what_the_rules_say),
    Bug("judge", say_only_the_first_thing, laws.what_is_granted_is_what_the_rules_say),
    Bug("judge", grant_nothing_and_call_it_granted, laws.what_is_granted_is_what_the_rules_say),
    Bug("year_of", count_the_year_of_greenwich, laws.no_history_of_grants_breaks_a_limit),
    Bug("standing_of", look_at_no_contract, laws.no_history_of_grants_breaks_a_limit),
    Bug("standing_of", start_from_nothing, laws.no_history_of_grants_breaks_a_limit),
    Bug("_agree", agree_alone, laws.misuse_is_found_wherever_it_is),
    Bug(
        "_paid_out",
        find_no_cash,
        laws.what_a_refund_kept_from_a_voucher_is_found,
    ),
)


@pytest.mark.parametrize("bug", BUGS, ids=named)
def test_a_planted_bug_breaks_its_law(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug.must_break_its_law(monkeypatch)


def test_a_rate_that_is_not_the_first_breaks_its_law(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Programme, "rate_of", take_the_last_rate)
    with pytest.raises(AssertionError):
        laws.what_is_granted_is_what_the_rules_say(UNTIL_IT_BREAKS)
