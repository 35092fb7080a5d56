"""Several parties ask a venue for anything, in any order, while a second state follows by the log alone."""

import copy
from dataclasses import replace

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exchange.agreements.commands import (
    DeclineAgreement,
    ProposeAgreement,
    SignAgreement,
    WithdrawAgreement,
)
from exchange.checks.decisions import picture
from exchange.checks.emissions import Emitted
from exchange.commands import Command
from exchange.contracts.commands import AgreePrices, OpenContract
from exchange.contracts.events import PricesAgreed
from exchange.core import evolve
from exchange.names import VENUE, ContractId, Instant, PartyId, PayoutId, ProgrammeId, RefundId
from exchange.orders.rules import order_of
from exchange.parties.commands import IssueKey, RevokeKey
from exchange.payouts.commands import (
    BeginPayouts,
    ConfirmPayout,
    FailPayout,
    NamePayoutAccount,
    PayoutAsked,
    ReturnPayout,
    SetPayoutTerms,
)
from exchange.payouts.rules import due
from exchange.persistence.codec import decode_command, decode_event, encode
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.promises import Facts
from exchange.quarters.commands import ConfirmQuarter, DisputeQuarter, RecogniseAmount
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.rejections import Rejected
from exchange.state import PayoutTerms, Role, SettledLine
from exchange.venue.commands import AdoptTerms
from exchange.vouchers.commands import AdoptProgramme, ClaimVoucher, DeclareFacts, IssueVoucher
from matching.commands import AmendListing, AmendOrder, CancelOrder, Reclaim, SetLink, WithdrawListing
from matching.curves import PriceCurve
from matching.terms import (
    ListingId,
    MarketTerms,
    OrderId,
    Price,
    RegionCode,
    Slot,
    Tier,
)
from settlement.credit_notes import CreditNoteEvent
from settlement.ledger.chart import AccountKind
from settlement.money import BasisPoints, Fen
from settlement.quarters import SHARED_KINDS, Figure, PairQuarter, QuarterFigures
from settlement.rating.tokens import TokenPrices
from settlement.sign_off import digest_of
from settlement.vouchers.parties import BuyerSize
from tests.exchange.desk import Desk
from tests.exchange.drafts import (
    DUAL,
    OFFICE,
    RAY,
    Draft,
    Drafts,
    backs,
    baskets,
    declarations,
    honesty,
    listings,
    orders,
    reports,
    sizes,
    steps,
    token_prices,
)
from tests.exchange.house import (
    BUYER,
    CLERK,
    EAST,
    NORTH,
    PROMISING,
    QUARTERS,
    SELLER,
    SERVICE,
    WEST,
    House,
    office_of,
    pair,
    party,
    power_tables,
)
from tests.exchange.laws import left_to_pay, most_it_costs
from tests.exchange.promises import amounts, programme_of, programmes
from tests.exchange.settled import require_what_remains, settled_lines

LAWFUL = settings(
    max_examples=120,
    stateful_step_count=30,
    deadline=None,
    database=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Venue(Drafts, RuleBasedStateMachine):
    """A venue with slots of an hour. What is asked mostly makes sense, and is mostly asked by whom it behoves."""

    terms = PROMISING

    def __init__(self) -> None:
        super().__init__()
        self.house = House(self.terms, money=5_000_00)
        self.house.admit(party(DUAL, Role.BUYER, Role.SELLER), money=900_00)
        self.house.admit(party(RAY, Role.SELLER, region=NORTH, group=SELLER))
        self.house.admit(party(OFFICE, Role.REGION))
        self.house.open_offices(EAST, WEST, NORTH)
        self.desk = Desk(self.house)
        self.follower = copy.deepcopy(self.house.state)
        self.followed = len(self.house.log)
        self.emitted = Emitted()
        self.lines: list[SettledLine] = []

    # Trading

    @initialize(offered=st.lists(listings, min_size=2, max_size=3), wanted=baskets)
    def open(self, offered: list[Draft], wanted: list[Draft]) -> None:
        self.trade(offered, wanted)

    @rule(offered=st.lists(listings, max_size=2), wanted=baskets)
    def trade(self, offered: list[Draft], wanted: list[Draft]) -> None:
        """Some offer, others order."""
        for draft in offered:
            self.house.ask(draft["by"], self.listing(draft))
        for draft in wanted:
            self.house.ask(draft["by"], self.order(draft))

    @rule(draft=orders, spare=st.sampled_from([-1, 0, 1]))
    def place_with_just_enough(self, draft: Draft, spare: int) -> None:
        """A buyer has as much money as the order can cost, a fen more or a fen less."""
        command = self.order({**draft, "start": 0, "slack": 2, "vouchers": 0})
        order = order_of(OrderId(""), self.house.state, BUYER, command)
        stranger = f"stranger-{len(self.house.log)}"
        money = most_it_costs(self.house.state, order) + spare
        self.house.admit(party(stranger, Role.BUYER, region=NORTH), money)
        refused = [event.code for event in self.house.ask(stranger, command) if isinstance(event, Rejected)]
        assert refused == (["insufficient_funds"] if spare < 0 else [])

    @rule(back=backs, honest=honesty, cards=st.none() | st.integers(0, 20), price=st.none() | steps)
    def amend_or_withdraw_a_listing(
        self, back: int, honest: bool, cards: int | None, price: int | None
    ) -> None:
        name, live = self.one_of(self.house.state.listings, back)
        by = live.party if live and honest else DUAL
        if cards is None and price is None:
            self.house.ask(by, WithdrawListing(ListingId(name)))
            return
        asks = None if price is None else {Tier.ON_DEMAND: PriceCurve(((0, self.price(price)),))}
        self.house.ask(by, AmendListing(ListingId(name), cards, asks))

    @rule(
        back=backs,
        honest=honesty,
        limit=st.none() | steps,
        cards=st.none() | sizes,
        deadline=st.none() | st.integers(-1, 15),
    )
    def amend_or_cancel_an_order(
        self, back: int, honest: bool, limit: int | None, cards: tuple[int, int] | None, deadline: int | None
    ) -> None:
        name, live = self.one_of(self.house.state.orders, back)
        by = live.party if live and honest else DUAL
        if limit is None and cards is None and deadline is None:
            self.house.ask(by, CancelOrder(OrderId(name)))
            return
        new_limit = None if limit is None else Price(self.price(limit))
        ends = None if deadline is None else Slot(self.house.state.market.now + deadline)
        self.house.ask(by, AmendOrder(OrderId(name), new_limit, cards, ends))

    @rule(back=backs, honest=honesty, after=st.integers(-1, 6))
    def reclaim(self, back: int, honest: bool, after: int) -> None:
        """A seller takes back what it may."""
        name, live = self.one_of(self.house.state.listings, back)
        since = Slot(self.house.state.market.now + after)
        self.house.ask(live.party if live and honest else DUAL, Reclaim(ListingId(name), since))

    @rule(region=st.sampled_from([WEST, NORTH, EAST]), mbps=st.sampled_from([0, 100, 250, 900, -1]))
    def link(self, region: RegionCode, mbps: int) -> None:
        self.house.ask(CLERK, SetLink(EAST, region, mbps))

    @precondition(lambda self: self.house.state.runs == 0)
    @rule(
        market=st.builds(
            MarketTerms,
            notice=st.integers(0, 3),
            grace=st.integers(0, 2),
            outbid_bp=st.sampled_from([0, 500]),
            displacement=st.sampled_from([True, True, False]),
            resting=st.sampled_from([True, True, False]),
        )
    )
    def other_market_terms(self, market: MarketTerms) -> None:
        self.house.ask(CLERK, AdoptTerms(replace(self.terms, market=market)))

    # Contracts and agreements

    @rule(
        by=st.sampled_from([BUYER, DUAL]),
        prices=token_prices,
        budget=st.integers(0, 60_00),
        days=st.sampled_from([3, 29, 40, -1]),
        named=st.sampled_from([None, 0, 1, 2, 3]),
    )
    def contract(self, by: PartyId, prices: TokenPrices, budget: int, days: int, named: int | None) -> None:
        now = self.house.state.now
        ends, vouchers = Instant(now + days * 86_400 - 7), self.vouchers({"by": by, "vouchers": named})
        agreed = OpenContract(by, SELLER, WEST, prices, Fen(budget), now, ends, SERVICE, vouchers)
        self.house.ask(CLERK, agreed)

    @rule(back=backs, after=st.integers(-30, 60), prices=token_prices)
    def agree_prices(self, back: int, after: int, prices: TokenPrices) -> None:
        """No prices begin in a period that is closed, and those before stand."""
        name, live = self.one_of(self.house.state.contracts, back)
        before = list(live.tariffs) if live else []
        begins = Instant(self.house.state.now + after * self.terms.slot_seconds)
        (event,) = self.house.ask(CLERK, AgreePrices(ContractId(name), begins, prices))
        if isinstance(event, PricesAgreed):
            assert event.tariff.valid_from >= self.house.state.closed_until
            assert live.tariffs == [*before, event.tariff]

    @precondition(lambda self: len(self.house.state.agreements) < 4)
    @rule(after=st.integers(-9, 50), lasts=st.none() | st.integers(1, 40), tax=st.integers(0, 10_000))
    def agree(self, after: int, lasts: int | None, tax: int) -> None:
        begins = self.house.state.now + after * 1800
        ends = None if lasts is None else begins + lasts * 1800
        agreement = pair(
            begins, ends, tax, len(self.house.log), (BasisPoints(tax), BasisPoints(10_000 - tax))
        )
        self.house.ask(CLERK, ProposeAgreement(agreement))

    @precondition(lambda self: self.house.state.drafts)
    @rule(
        back=backs,
        by=st.sampled_from([EAST, WEST, WEST, NORTH]),
        says=st.sampled_from("sssssdw"),
        honest=honesty,
    )
    def answer_an_agreement(self, back: int, by: RegionCode, says: str, honest: bool) -> None:
        """A region signs or declines a version, or the clerk takes it back."""
        name, version = self.one_of(self.house.state.drafts, back)[0]
        digest = self.house.state.drafts[name, version].digest if honest else "0" * 64
        match says:
            case "s":
                self.house.ask(office_of(by), SignAgreement(name, version, "desk", digest))
            case "d":
                self.house.ask(office_of(by), DeclineAgreement(name, version, "desk", "too little"))
            case _:
                self.house.ask(CLERK, WithdrawAgreement(name, version))

    @rule(by=st.sampled_from([EAST, WEST]), revoked=st.booleans())
    def change_a_key(self, by: RegionCode, revoked: bool) -> None:
        key = RevokeKey(office_of(by), "desk") if revoked else IssueKey(office_of(by), "desk", "0" * 64)
        self.house.ask(CLERK, key)

    @rule(
        by=st.sampled_from([EAST, WEST, NORTH]),
        quarter=st.sampled_from(["2026-Q1", "2026-Q1", "2026-Q2"]),
        fen=st.sampled_from([0, 0, 7, -7]),
        says=st.sampled_from("cccdr"),
    )
    def answer_a_quarter(self, by: RegionCode, quarter: str, fen: int, says: str) -> None:
        """A region confirms or disputes a quarter's figures, or records what is recognised of them."""
        between = PairQuarter(EAST, WEST, quarter)
        places = [(kind, region) for kind in SHARED_KINDS for region in (EAST, WEST)]
        figures = QuarterFigures(between, tuple(Figure(*place, Fen(fen)) for place in places))
        command: ConfirmQuarter | DisputeQuarter | RecogniseAmount
        match says:
            case "c":
                command = ConfirmQuarter(figures, "desk", digest_of(figures))
            case "d":
                command = DisputeQuarter(between, "desk", "not ours")
            case _:
                reference = f"document {len(self.house.log) % 3}"
                command = RecogniseAmount(between, by, SHARED_KINDS[0], Fen(fen), reference)
        self.house.ask(office_of(by), command)

    # Vouchers

    @initialize(promised=st.lists(programmes, min_size=1, max_size=2), amount=amounts)
    def promise(self, promised: list[Draft], amount: int) -> None:
        for who in (BUYER, DUAL):
            self.declare(who, ())
        for draft in promised:
            self.adopt(draft)
            self.issue(BUYER, 0, amount, 100, honest=True)

    @rule(who=st.sampled_from([BUYER, DUAL, SELLER, RAY]), controllers=st.sampled_from([(), (), ("wang",)]))
    def declare(self, who: PartyId, controllers: tuple[str, ...]) -> None:
        """A party shows who it is; buyers and sellers may turn out to be of one owner."""
        facts = Facts(BuyerSize.SMALL, "software", frozenset(controllers))
        self.house.ask(CLERK, DeclareFacts(who, facts))

    @precondition(lambda self: len(self.house.state.programmes) < 3)
    @rule(draft=programmes)
    def adopt(self, draft: Draft) -> None:
        """A region adopts a programme, or the next version of one."""
        known = self.house.state.programmes.get(ProgrammeId(draft["id"]))
        version = 1 if known is None else len(known.versions) + 1
        programme = programme_of(draft, version, self.house.state.now)
        self.house.ask(OFFICE, AdoptProgramme(programme, draft["claim"]))

    @rule(
        who=st.sampled_from([BUYER, DUAL]),
        back=backs,
        amount=amounts,
        hours=st.integers(0, 99),
        honest=honesty,
    )
    def issue(self, who: PartyId, back: int, amount: int, hours: int, *, honest: bool) -> None:
        name, _ = self.one_of(self.house.state.programmes, back)
        ends = Instant(self.house.state.now + hours * 3600)
        self.house.ask(OFFICE if honest else CLERK, IssueVoucher(ProgrammeId(name), who, Fen(amount), ends))

    @rule(who=st.sampled_from([BUYER, DUAL]), back=backs)
    def claim(self, who: PartyId, back: int) -> None:
        name, _ = self.one_of(self.house.state.programmes, back)
        self.house.ask(who, ClaimVoucher(ProgrammeId(name)))

    # Time, usage and closing

    @rule(slots=st.sampled_from([1, 2, 5, 5, 0, -1]), report=reports)
    def time_passes(self, slots: int, report: Draft) -> None:
        self.house.tick(self.now + slots)
        self.report(**report)

    @precondition(lambda self: self.house.state.runs < 3 and self.house.state.leases)
    @rule(
        report=reports,
        late=st.integers(0, 80),
        watts=st.sampled_from([350, 701, 0]),
        declared=st.lists(declarations, max_size=3),
    )
    def close(
        self,
        report: Draft,
        late: int,
        watts: int,
        declared: list[tuple[PartyId, type[DeclareCertificates | DeclarePue], RegionCode, int, int, str]],
    ) -> None:
        """Go to some hours after the month's end, and close the month. Nothing is charged that was not held for it.

        Tables of power may be adopted before, and sellers declare a PUE and certificates.
        """
        self.house.ask(CLERK, AdoptPowerTables(power_tables(f"{watts}", watts)))
        for by, kind, region, month, amount, reference in declared:
            self.house.ask(by, kind(region, f"2026-{month:02}", amount, reference))
        self.time_passes(5, report)
        number = self.house.state.runs + 1
        hours = sum((31, 28, 31)[:number]) * 24 + late
        self.house.tick(max(hours * 3600 // self.terms.slot_seconds, self.now))
        held = {str(name): left_to_pay(live) for name, live in self.house.state.leases.items()}
        held |= {str(name): live.left for name, live in self.house.state.contracts.items()}
        for statement in self.desk.close(f"2026-{number:02}"):
            assert min(statement.charged, statement.released, statement.held_left) >= 0
            assert statement.charged + statement.released + statement.held_left == held[statement.subject]
        self.lines = settled_lines(self.house)

    # Money that moves back and out

    @precondition(lambda self: self.lines)
    @rule(
        back=backs,
        by=st.sampled_from([CLERK, SELLER, RAY, DUAL]),
        parts=st.lists(st.sampled_from([1, 3, 3, 10, 10, 11]), min_size=1, max_size=3),
        reference=st.integers(0, 5),
        used=st.booleans(),
    )
    def refund(self, back: int, by: PartyId, parts: list[int], reference: int, used: bool) -> None:
        """Somebody gives back a tenth of a settled line, or three, or all, or more than all; and then some more."""
        line = self.lines[-1 - back % len(self.lines)]
        for n, part in enumerate(parts, reference):
            amount = Fen(line.gross * part // 10)
            command = RefundLine(line, amount, "it was slow", f"r-{n}", used)
            before = sum(self.house.state.refunds.get(line.name, {}).values())
            made = self.house.ask(by, command)
            if not any(isinstance(event, Rejected) for event in made):
                assert before + amount <= line.gross, "no more is refunded than was charged"
                assert by in {CLERK, line.seller}
                require_what_remains(self.house, line)

    @precondition(lambda self: self.house.state.notes)
    @rule(
        back=backs,
        by=st.sampled_from([CLERK, CLERK, BUYER, SELLER]),
        event=st.sampled_from(CreditNoteEvent),
    )
    def move_a_credit_note(self, back: int, by: PartyId, event: CreditNoteEvent) -> None:
        self.house.ask(by, MoveCreditNote(RefundId(self.one_of(self.house.state.notes, back)[0]), event))

    @precondition(lambda self: self.house.state.runs)
    @rule(
        seller=st.sampled_from([SELLER, SELLER, DUAL]),
        days=st.sampled_from([0, 0, 1, 30]),
        spare=st.sampled_from([0, 0, 1, -1]),
    )
    def pay_out(self, seller: PartyId, days: int, spare: int) -> None:
        """A seller is paid all that is due to it, a fen more or a fen less."""
        self.house.ask(CLERK, SetPayoutTerms(PayoutTerms(days, Fen(1))))
        self.house.ask(seller, NamePayoutAccount(seller, f"acct-{seller}"))
        payable = self.house.balance(seller, AccountKind.PAYABLE)
        may_be_paid = due(self.house.state, seller)
        assert 0 <= may_be_paid <= payable
        made = self.house.ask(CLERK, BeginPayouts((PayoutAsked(seller, Fen(may_be_paid + spare)),)))
        begun = not any(isinstance(event, Rejected) for event in made)
        assert begun == (0 < may_be_paid + spare <= may_be_paid)

    @precondition(lambda self: self.house.state.payouts)
    @rule(
        back=backs,
        end=st.sampled_from(["paid", "paid", "failed", "returned"]),
        part=st.sampled_from([1, 2, 3]),
    )
    def end_a_payout(self, back: int, end: str, part: int) -> None:
        """The gateway has paid, or has not; or something of it comes back."""
        name, live = self.one_of(self.house.state.payouts, back)
        payout = PayoutId(name)
        commands: dict[str, Command] = {
            "paid": ConfirmPayout(payout, f"tr-{name}"),
            "failed": FailPayout(payout, "account_closed"),
            "returned": ReturnPayout(payout, Fen(live.left * part // 2), f"m-{len(self.house.log)}"),
        }
        self.house.ask(VENUE, commands[end])

    def report(self, back: int, loss: int, most: int, tokens: tuple[int, int, int]) -> None:
        """Meters report slots of young leases that are over and unreported, and tokens of a contract."""
        for live in tuple(self.house.state.leases.values())[-1 - back :]:
            lease = live.terms
            begun = range(lease.runs[0].window.start, lease.runs[-1].window.end)
            over = [slot for slot in begun if slot < self.house.state.market.now]
            waiting = [slot for slot in over if (lease.id, slot) not in self.desk.deliveries]
            for slot in waiting[:most]:
                relative = slot - self.house.first
                self.desk.deliver(lease, range(relative, relative + 1), loss)
        if self.house.state.contracts:
            terms = self.one_of(self.house.state.contracts, back)[1].terms
            if terms.begins <= self.house.state.now - self.terms.slot_seconds < terms.ends:
                self.desk.use(terms.id, self.now - 1, *tokens)

    # The log

    @rule()
    def restart(self) -> None:
        """Whoever has read the log alone goes on as the venue."""
        self.house.state, self.follower = self.follower, self.house.state

    @invariant()
    def the_log_says_it_all(self) -> None:
        """What is logged reads back as it was and leads to the same state; a refusal leads nowhere."""
        for _, envelope, happened in self.house.log[self.followed :]:
            assert decode_command(*encode(envelope.command)) == envelope.command
            refused = any(isinstance(event, Rejected) for event, _ in happened)
            assert not refused or len(happened) == 1
            before = picture(self.follower) if refused else {}
            for event, entries in happened:
                read = decode_event(*encode(event))
                assert (read, evolve(self.follower, read)) == (event, entries)
            assert not refused or picture(self.follower) == before
            self.emitted.see([event for event, _ in happened])
        assert self.emitted.findings.differences == [], "what is emitted comes out"
        self.followed = len(self.house.log)
        assert picture(self.follower) == picture(self.house.state)


class VenueOfQuarters(Venue):
    """The same with slots of a quarter of an hour, in which a card may cost a fraction of a fen."""

    terms = QUARTERS


class VenueOfRefunds(Venue):
    """The same with a month that is closed at once, so that there are lines to refund, again and again."""

    @initialize(promised=programmes, offered=st.lists(listings, min_size=2), wanted=baskets, report=reports)
    def begin(self, promised: Draft, offered: list[Draft], wanted: list[Draft], report: Draft) -> None:
        self.promise([promised], 10_000)
        self.trade(offered, [{**draft, "by": BUYER, "vouchers": 1} for draft in wanted])
        if self.house.state.leases:
            self.close(report, 0, 350, [])
