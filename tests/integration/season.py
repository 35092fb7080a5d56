"""A venue with a past: a story was told to it, meters reported in time and late, and two months were closed."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from exchange.agreements.commands import ProposeAgreement, SignAgreement
from exchange.app import Exchange, open_exchange
from exchange.bus import Answer
from exchange.chargebacks.commands import BookChargeback, ReinstateChargeback
from exchange.commands import Command, Envelope
from exchange.contracts.commands import AddPackage, AgreePrices
from exchange.costs.commands import BookGatewayFee
from exchange.metering import DeliveryRecord, Receipt, TokenRecord
from exchange.names import VENUE, ContractId, Instant, LeaseId, PartyId, PayoutId, VoucherId, topup_plan
from exchange.parties.commands import Deposit
from exchange.payouts.commands import (
    BeginPayouts,
    ConfirmPayout,
    FailPayout,
    NamePayoutAccount,
    PayoutAsked,
    ReturnPayout,
    SetPayoutTerms,
)
from exchange.persistence.database import Pool
from exchange.persistence.queries.payouts import dues
from exchange.persistence.queries.refunds import refunds_of, settled_line
from exchange.persistence.queries.subsidies import credit_of
from exchange.persistence.queries.vouchers import uses_of
from exchange.power.commands import AdoptPowerTables, DeclareCertificates, DeclarePue
from exchange.refunds.commands import MoveCreditNote, RefundLine
from exchange.state import PayoutTerms, Role, VenueTerms
from exchange.subsidies.commands import BookSubsidy, RepaySubsidy
from exchange.venue.commands import Tick
from exchange.vouchers.commands import AdoptProgramme, DeclareFacts
from exchange.vouchers.judging import ANY
from matching.commands import Reclaim
from matching.curves import PriceCurve
from matching.terms import Slot, Tier
from settlement.credit_notes import CreditNoteEvent
from settlement.money import BasisPoints, Fen
from settlement.rating.tokens import TokenPrices
from settlement.sign_off import digest_of
from settlement.vouchers.programme import Coverage, ProductLine
from tests.exchange.house import BUYER, CLERK, PROMISING, SELLER, WEST, YUAN, House, office_of, pair, party
from tests.exchange.story import told
from tests.exchange.test_contracts import terms as tokens_agreed
from tests.exchange.test_vouchers import CITY, PLAIN, SMALL, give

DAY = 24  # slots
JANUARY, FEBRUARY = 31 * DAY, (31 + 28) * DAY
SEED = 28


async def tell(exchange: Exchange, envelopes: Iterable[Envelope]) -> list[Answer]:
    """Give commands all at once; the venue takes them in this order."""
    return list(await asyncio.gather(*(exchange.bus.submit(envelope) for envelope in envelopes)))


async def ask(exchange: Exchange, by: str, command_id: str, command: Command) -> Answer:
    return await exchange.bus.submit(Envelope(PartyId(by), command_id, command))


async def tick(exchange: Exchange, house: House, slot: int) -> None:
    """Let the clocks of both come to a slot, counted from new year."""
    instant = house.state.rules.instant_of(house.first + slot)
    house.ask(VENUE, Tick(instant))
    await exchange.as_venue(f"tick-{slot}", Tick(instant))


async def live(url: str, rules: VenueTerms = PROMISING) -> None:
    """Fill an empty database with a venue's first two months and the beginning of the third."""
    house = told(SEED, 350, rules)
    house.offer(window=(JANUARY - 4, JANUARY + 4), cards=4)
    vouchers = promise(house)
    house.place(window=(JANUARY - 4, JANUARY + 4), slots=8, cards=(3, 3), vouchers=vouchers)
    house.offer(window=(JANUARY - 4, JANUARY + 90), cards=2, asks=spot(house))
    house.place(window=(JANUARY - 4, JANUARY + 90), slots=94, cards=(2, 2), tier=Tier.SPOT)
    soon_over = give(house, 30_00, hours=house.first + JANUARY + 99 - house.state.market.now)
    house.place(window=(JANUARY - 4, JANUARY + 4), slots=8, vouchers=(soon_over,))
    under_voucher = tokens_agreed(house, 50, begins=house.state.now, vouchers=(give(house, 20_00),))
    house.ask(CLERK, under_voucher)
    async with open_exchange(url, rules) as exchange:
        await tell(exchange, (envelope for _, envelope, _ in house.log[1:]))
        await report(exchange, await over(exchange.readers, house), "first")
        await add_packages(exchange, house)
        await use_tokens(exchange, house, "first")
        await declare(exchange)
        await tick(exchange, house, JANUARY + 2)
        known = await over(exchange.readers, house, JANUARY - 4)
        await report(exchange, [*known[:3], *known[6:8], *known[12:14]], "in time")
        await exchange.closing(CLERK).close("2026-01")
        await tick(exchange, house, JANUARY + 60)
        await report(exchange, (await over(exchange.readers, house, JANUARY - 4))[:4], "late")
        await agree_prices(exchange, house)
        await use_tokens(exchange, house, "dearer")
        since = Slot(house.first + JANUARY + 62)
        await ask(exchange, SELLER, "reclaim", Reclaim(house.last_listing, since))
        await tick(exchange, house, JANUARY + 62)
        await report(exchange, await over(exchange.readers, house, JANUARY + 59), "to the end")
        await tick(exchange, house, FEBRUARY)
        await exchange.closing(CLERK).close("2026-02")
        await tick(exchange, house, FEBRUARY + 1)
        await pay(exchange)
        await go_on(exchange, house)


def promise(house: House) -> tuple[VoucherId, ...]:
    """A region gives the buyer a voucher, and another that ends unused."""
    house.admit(party("office", Role.REGION))
    house.ask(CLERK, DeclareFacts(BUYER, SMALL))
    tokens = Coverage(ProductLine.MODEL_SERVICE, None, BasisPoints(3000))
    house.ask("office", AdoptProgramme(replace(PLAIN, coverage=(*PLAIN.coverage, tokens)), None))
    return (give(house, 200_00), give(house, 7_00, hours=1))[:1]


def spot(house: House) -> Mapping[Tier, PriceCurve]:
    """Ten yuan for a card that may be taken back."""
    return {Tier.SPOT: house.listing().asks[Tier.ON_DEMAND]}


async def declare(exchange: Exchange) -> None:
    """The venue adopts tables of power; a seller declares a PUE, and a certificate for less than its cards will draw."""
    await ask(exchange, CLERK, "tables", AdoptPowerTables(exchange.catalogue.power_tables("2026-1")))
    await ask(exchange, SELLER, "pue", DeclarePue(WEST, "2026-01", 1150, "audit 7"))
    await ask(exchange, SELLER, "certificate", DeclareCertificates(WEST, "2026-01", 3, "GEC-1"))


async def go_on(exchange: Exchange, house: House) -> None:
    """Something rests, something is leased, something is held, and an open-ended agreement has got its next version.

    An order keeps what it needs to come back, because its lease can be taken back.
    """
    now = house.state.market.now - house.first
    await ask(exchange, SELLER, "go-on-1", house.listing(window=(now, now + 9)))
    await ask(exchange, SELLER, "go-on-2", house.listing(window=(now + 2, now + 8), lot=2))
    for slots, limit in ((3, 10), (2, 12), (4, 3)):
        limited = house.order(limit=limit * YUAN, slots=slots, window=(now, now + 9), cards=(2, 3))
        command = replace(limited, vouchers=(ANY,))
        await ask(exchange, BUYER, f"go-on-order-{slots}", command)
    await ask(exchange, SELLER, "go-on-3", house.listing(window=(now + 2, now + 8), asks=spot(house)))
    await ask(exchange, BUYER, "go-on-spot", house.order(window=(now, now + 9), cards=(2, 2), tier=Tier.SPOT))
    for version in (2, 3):
        begins = house.state.rules.instant_of(house.state.market.now + version * DAY)
        signed = pair(begins, None, version=version)
        await ask(exchange, CLERK, f"go-on-agreement-{version}", ProposeAgreement(signed))
        for region in signed.parties:
            sign = SignAgreement(signed.id, version, "desk", digest_of(signed))
            await ask(exchange, office_of(region), f"go-on-sign-{version}", sign)


async def pay(exchange: Exchange) -> None:
    """A region pays for its vouchers, all but a part of the newest line. Lines are refunded, in part and whole, some of which vouchers cover: one of these is over.

    The region has back a part of what it paid too much. The seller is paid, once in vain, and a part of it comes back. A bank
    takes a payment of the buyer's back, and gives a part of it up again.
    """
    pool = exchange.readers
    rows = await pool.fetch(
        "SELECT l.statement, l.n, l.gross_fen FROM statement_lines l JOIN statements s ON s.id = l.statement "
        "WHERE s.seller = $1 AND l.gross_fen > 100 ORDER BY l.agreement IS NULL, l.statement, l.n LIMIT 2",
        SELLER,
    )
    covered = await pool.fetch(
        "SELECT DISTINCT ON (vouchers #> '{0,voucher}') statement, n, gross_fen FROM statement_lines "
        "WHERE vouchers <> '[]' AND gross_fen > 100 ORDER BY vouchers #> '{0,voucher}', statement DESC",
    )
    owed = sum(use.open for use in await uses_of(pool, programme=CITY))
    await ask(exchange, CLERK, "subsidy", BookSubsidy(CITY, "2026-Q1", Fen(owed - 15_00), "b-1", ()))
    halves = [(part["gross_fen"] // 2, part) for part in covered]
    wanted = [(33, rows[0]), (7, rows[0]), (rows[1]["gross_fen"], rows[1]), *halves]
    for n, (amount, part) in enumerate(wanted):
        line = await settled_line(pool, part["statement"], part["n"])
        assert line is not None
        refund = RefundLine(line, Fen(amount), "hours were slow", f"ticket {n}", n == 0)
        await ask(exchange, (CLERK, SELLER)[n % 2], f"refund-{n}", refund)
    credit = await credit_of(pool, CITY)
    await ask(exchange, CLERK, "subsidy-back", RepaySubsidy(CITY, Fen(credit - 1), "b-2"))
    refund_id = (await refunds_of(pool, [rows[0]["statement"]]))[0].id
    await ask(exchange, SELLER, "note", MoveCreditNote(refund_id, CreditNoteEvent.CONFIRMATION_ASKED))
    await ask(exchange, CLERK, "payout-terms", SetPayoutTerms(PayoutTerms(20, Fen(1))))
    await ask(exchange, SELLER, "account", NamePayoutAccount(SELLER, "6222021234567890"))
    for n in range(2):
        (due,) = await dues(pool, SELLER)
        begun = await ask(
            exchange, CLERK, f"pay-{n}", BeginPayouts((PayoutAsked(SELLER, Fen(due.due - 10 * n)),))
        )
        payout = PayoutId(f"pay-{begun.seq}-0")
        end = ConfirmPayout(payout, "tr_1") if n else FailPayout(payout, "account_closed")
        await exchange.as_venue(f"end-{n}", end)
    await exchange.as_venue("back", ReturnPayout(payout, Fen(5), "back.1/0"))
    await ask(exchange, CLERK, "pay-rest", BeginPayouts((PayoutAsked(SELLER, Fen(3)),)))
    topup = f"{topup_plan(BUYER, 'card')}/0"
    await exchange.as_venue("top-up", Deposit(BUYER, Fen(50_00), topup))
    await exchange.as_venue("dispute", BookChargeback("dp_1", BUYER, topup, Fen(50_00)))
    await exchange.as_venue("fee", BookGatewayFee("txn_1", Fen(1_45)))
    await exchange.as_venue("won", ReinstateChargeback("dp_1", BUYER, Fen(20_00)))


async def over(pool: Pool, house: House, since: int = 0) -> list[DeliveryRecord]:
    """A record of each leased slot from `since` that is over and unreported; a tenth of them short."""
    rows = await pool.fetch(
        "SELECT l.id, l.cards, slot FROM leases l, generate_series(l.start_slot, l.end_slot - 1) AS slot "
        "WHERE slot >= $1 AND slot < $2 AND l.seller = $3 AND NOT EXISTS "
        "(SELECT 1 FROM delivery_records r WHERE r.lease = l.id AND r.slot = slot.slot) ORDER BY l.seq, l.id, slot",
        house.first + since,
        house.state.market.now,
        SELLER,
    )
    seconds = house.state.rules.slot_seconds
    return [
        DeliveryRecord(
            meter="m",
            sequence=row["slot"] * 1000 + int(row["id"].removeprefix("lse-")),
            lease=LeaseId(row["id"]),
            slot=Slot(row["slot"]),
            delivered=row["cards"] * seconds - (977 if row["slot"] % 10 == 0 else 0),
        )
        for row in rows
    ]


async def report(exchange: Exchange, records: list[DeliveryRecord], key: str) -> Receipt:
    return await exchange.metering.deliveries(SELLER, key, records)


async def agree_prices(exchange: Exchange, house: House) -> None:
    """From the slot before on every contract that goes on has other prices."""
    begins = house.state.rules.instant_of(house.state.market.now - 1)
    prices = TokenPrices(3_000_000, 1, 9_000_000)
    for name, contract in house.state.contracts.items():
        if contract.terms.begins < begins < contract.terms.ends:
            await ask(exchange, CLERK, f"prices-{name}", AgreePrices(name, begins, prices))


async def add_packages(exchange: Exchange, house: House) -> None:
    """Every contract has a package for the slot before and two more, one for all that follows, and one that nobody uses."""
    before, after = Instant(house.state.now - 3600), Instant(house.state.now + 7200)
    for name, contract in house.state.contracts.items():
        ends = contract.terms.ends
        packages = [(400_000, 30_00, before, after), (300_000, 0, before, ends), (7, 1_00, after, ends)]
        for n, (tokens, price, *time) in enumerate(packages):
            await ask(exchange, CLERK, f"package-{n}-{name}", AddPackage(name, tokens, Fen(price), *time))


async def use_tokens(exchange: Exchange, house: House, meter: str) -> None:
    """Some tokens of every contract, and of the first more than its budget can pay."""
    records: list[TokenRecord] = []
    for number, (name, contract) in enumerate(house.state.contracts.items()):
        at = Instant(house.state.now - 1)
        if contract.terms.begins <= at < contract.terms.ends:
            records.append(
                TokenRecord(meter, number, ContractId(name), at, 10**10 if not records else 10**6, 999, 678)
            )
    await exchange.metering.tokens(SELLER, f"tokens, {meter}", records)
