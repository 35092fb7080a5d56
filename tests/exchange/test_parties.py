"""Parties by hand: admission, keys and deposits, all of it the clerk's."""

import pytest

from exchange.names import VENUE, PartyId
from exchange.parties.commands import Deposit, IssueKey, RegisterParty, RevokeKey
from exchange.parties.events import Deposited, KeyIssued, KeyRevoked, PartyRegistered
from exchange.parties.rules import DEPOSITS_MAX
from exchange.state import Party, Role
from matching.terms import RegionCode
from settlement.ledger.chart import AccountKind, LedgerAccount
from settlement.ledger.journal import EntryKind, entry
from settlement.money import Fen
from tests.exchange.house import BUYER, CLERK, SELLER, House, only, party

DIGEST = "ab" * 32


def test_a_clerk_admits_a_party_and_books_its_money() -> None:
    house = House()
    ann = party("ann", Role.BUYER)
    assert house.ask(CLERK, RegisterParty(ann)) == [PartyRegistered(ann)]
    assert house.ask(CLERK, Deposit(ann.id, Fen(12_34), "bank 7")) == [
        Deposited(ann.id, Fen(12_34), "bank 7")
    ]
    assert house.available("ann") == 12_34
    assert house.balance(VENUE, AccountKind.BANK) == -(1_000_000_00 + 12_34)


@pytest.mark.parametrize(
    ("member", "code"),
    [
        (party("Ann", Role.BUYER), "party_invalid"),
        (party("-ann", Role.BUYER), "party_invalid"),
        (party("a" * 41, Role.BUYER), "party_invalid"),
        (party("ann"), "party_invalid"),
        (party("ann", Role.BUYER, region=RegionCode("999999")), "unknown_region"),
        (party(BUYER, Role.SELLER), "party_exists"),
        (party(VENUE, Role.CLERK), "party_exists"),
    ],
)
def test_who_is_not_admitted(member: Party, code: str) -> None:
    assert House().refusal(CLERK, RegisterParty(member)) == code


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
def test_amounts_that_cannot_be_meant(amount: int) -> None:
    assert House().refusal(CLERK, Deposit(BUYER, Fen(amount), "")) == "amount_out_of_range"


def test_a_reference_is_booked_once_for_each_party() -> None:
    house = House()
    house.admit(party("ann", Role.BUYER))
    known = house.available()
    assert house.ask(CLERK, Deposit(BUYER, Fen(5), "bank 7")) == [Deposited(BUYER, Fen(5), "bank 7")]
    for by, amount in ((CLERK, 5), (CLERK, 6), (VENUE, 5)):
        assert house.refusal(by, Deposit(BUYER, Fen(amount), "bank 7")) == "deposit_exists"
    assert house.available() == known + 5
    only(Deposited, house.ask(CLERK, Deposit(PartyId("ann"), Fen(5), "bank 7")))


def test_no_balance_grows_beyond_what_the_database_holds() -> None:
    house = House()
    bank = LedgerAccount(VENUE, AccountKind.BANK)
    much = DEPOSITS_MAX - 7 + house.balance(VENUE, AccountKind.BANK)
    booked = entry(EntryKind.DEPOSIT, (bank, -much), (LedgerAccount(BUYER, AccountKind.AVAILABLE), much))
    assert booked is not None
    house.state.balances.post(booked)
    assert house.refusal(CLERK, Deposit(BUYER, Fen(8), "one too many")) == "amount_out_of_range"
    only(Deposited, house.ask(CLERK, Deposit(BUYER, Fen(7), "the last")))
    assert house.refusal(CLERK, Deposit(BUYER, Fen(1), "none left")) == "amount_out_of_range"
    assert 2 * DEPOSITS_MAX < 2**63, "a region counts a line's net as revenue, as output, and a part as tax"


def test_money_belongs_to_somebody() -> None:
    assert House().refusal(CLERK, Deposit(PartyId("ann"), Fen(1), "")) == "unknown_party"
    assert House().refusal(CLERK, Deposit(VENUE, Fen(1), "")) == "unknown_party"


def test_nobody_but_a_clerk_asks_about_parties() -> None:
    house = House()
    for command in (
        RegisterParty(party("ann", Role.BUYER)),
        Deposit(BUYER, Fen(1), ""),
        IssueKey(BUYER, "k", DIGEST),
        RevokeKey(BUYER, "k"),
    ):
        assert house.refusal(BUYER, command) == "not_allowed"
        assert house.refusal(SELLER, command) == "not_allowed"


def test_keys_open_and_close() -> None:
    house = House()
    assert house.ask(CLERK, IssueKey(BUYER, "laptop", DIGEST)) == [KeyIssued(BUYER, "laptop", DIGEST)]
    assert house.ask(CLERK, RevokeKey(BUYER, "laptop")) == [KeyRevoked(BUYER, "laptop")]
    assert house.ask(CLERK, RevokeKey(BUYER, "laptop")) == [KeyRevoked(BUYER, "laptop")]
    assert house.refusal(CLERK, IssueKey(PartyId("ann"), "laptop", DIGEST)) == "unknown_party"
    assert house.refusal(CLERK, RevokeKey(PartyId("ann"), "laptop")) == "unknown_party"
    for digest in ("", "AB" * 32, "ab" * 31, "ab" * 32 + "\n"):
        assert house.refusal(CLERK, IssueKey(BUYER, "laptop", digest)) == "unknown_key"
    assert house.refusal(CLERK, IssueKey(BUYER, "", DIGEST)) == "unknown_key"
