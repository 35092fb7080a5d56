"""The issuer's report: what became of a programme's budget, in all or in a month, by buyer and by seller; and misuse."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from exchange.names import Instant, VoucherId
from exchange.periods import Period
from exchange.persistence.database import Pool
from exchange.persistence.queries import vouchers as queries
from exchange.persistence.queries.parties import registered
from exchange.persistence.queries.subsidies import StoredSubsidy, credit_of, subsidies_of
from exchange.persistence.queries.vouchers import StoredProgramme, StoredUse, StoredVoucher
from exchange.promises import Facts
from exchange.state import Party, VenueTerms
from exchange.vouchers.judging import UNDECLARED
from settlement.money import NOTHING, Fen
from settlement.vouchers import misuses
from settlement.vouchers.misuse import Misuse
from settlement.vouchers.parties import Party as Company
from settlement.vouchers.uses import Use


@dataclass(frozen=True, slots=True)
class BuyersPart:
    """What one buyer was promised, and what became of it, in fen."""

    buyer: str
    issued: Fen
    used: Fen
    expired: Fen
    held: Fen
    left: Fen


@dataclass(frozen=True, slots=True)
class Report:
    """A programme's figures, in fen: those of a month, or of all time.

    Issued and expired are by the venue's clock, used by the month whose closing booked it, less what refunds returned of
    it whenever; of that the region has paid a part, and the rest is open. What is held and left is as it stands now,
    whatever the month, and so is the `credit`: what was paid for lines that were refunded since.
    """

    programme: str
    period: str | None
    budget: Fen | None
    issued: Fen
    used: Fen
    expired: Fen
    held: Fen
    left: Fen
    paid: Fen
    open: Fen
    credit: Fen
    by_buyer: Sequence[BuyersPart]
    by_seller: Mapping[str, Fen]
    uses: Sequence[StoredUse]
    payments: Sequence[StoredSubsidy]


def reported(
    programme: StoredProgramme,
    period: Period | None,
    vouchers: Sequence[StoredVoucher],
    expiries: Iterable[tuple[VoucherId, Fen, Instant]],
    uses: Sequence[StoredUse],
    payments: Sequence[StoredSubsidy],
    credit: Fen,
) -> Report:
    """Add up what is known of a programme. `expiries` is how much of which voucher expired at which instant."""

    def counts(at: int) -> bool:
        return period is None or period.begins <= at < period.ends

    used = [use for use in uses if period is None or use.period == period.name]
    expired: Counter[VoucherId] = Counter()
    for name, amount, at in expiries:
        expired[name] += amount if counts(at) else NOTHING
    by_buyer = [
        _part(
            buyer,
            [voucher for voucher in vouchers if voucher.buyer == buyer],
            {voucher.id: voucher.amount if counts(voucher.at) else NOTHING for voucher in vouchers},
            expired,
            Fen(sum(use.used for use in used if use.buyer == buyer)),
        )
        for buyer in dict.fromkeys(voucher.buyer for voucher in vouchers)
    ]
    sellers: Counter[str] = Counter()
    for use in used:
        sellers[use.seller] += use.used
    return Report(
        programme=programme.terms.id,
        period=None if period is None else period.name,
        budget=programme.terms.budget,
        issued=Fen(sum(part.issued for part in by_buyer)),
        used=Fen(sum(part.used for part in by_buyer)),
        expired=Fen(sum(part.expired for part in by_buyer)),
        held=Fen(sum(part.held for part in by_buyer)),
        left=Fen(sum(part.left for part in by_buyer)),
        paid=Fen(sum(use.paid for use in used)),
        open=Fen(sum(use.open for use in used)),
        credit=credit,
        by_buyer=by_buyer,
        by_seller={seller: Fen(amount) for seller, amount in sellers.most_common()},
        uses=used,
        payments=payments,
    )


async def report_of(
    readers: Pool, rules: VenueTerms, programme: StoredProgramme, period: Period | None
) -> Report:
    """The report of a programme, from what is stored."""
    name = programme.terms.id
    expiries = [
        (voucher, amount, rules.instant_of(slot))
        for voucher, amount, slot in await queries.expiries_of(readers, name)
    ]
    return reported(
        programme,
        period,
        await queries.vouchers_of_programme(readers, name),
        expiries,
        await queries.uses_of(readers, programme=name),
        await subsidies_of(readers, name),
        await credit_of(readers, name),
    )


async def misuse_of(readers: Pool, issuer: str | None) -> list[Misuse]:
    """Every misuse in what was used and refunded of a region's vouchers, or of all.

    It goes by what is on record of the parties now.
    """
    uses = await queries.uses_of(readers, issuer=issuer)
    parties = await registered(readers, {party for use in uses for party in (use.buyer, use.seller)})
    facts = await queries.facts_now(readers, parties)
    programmes = {one.terms.id: one.terms for one in reversed(await queries.programmes(readers))}
    made = await queries.refunds_made(readers, issuer)
    return misuses(programmes, _as_used(uses, parties, facts), made)


def _as_used(
    uses: Iterable[StoredUse], parties: Mapping[str, Party], facts: Mapping[str, Facts]
) -> list[Use]:
    """What was used as the checks for misuse ask for it: what one voucher covers of one order is one use."""
    covered: Counter[tuple[str, str]] = Counter()
    found: dict[tuple[str, str], StoredUse] = {}
    for use in uses:
        key = (use.voucher, use.order)
        covered[key] += use.used
        found[key] = use
    return [
        Use(
            id=f"{use.voucher} on {use.subject}",
            programme=use.programme.partition("/")[0],
            contract=use.order,
            buyer=_company(use.buyer, parties, facts),
            seller=_company(use.seller, parties, facts),
            at=use.ordered_at,
            covered=Fen(covered[key]),
        )
        for key, use in found.items()
    ]


def _company(party: str, parties: Mapping[str, Party], facts: Mapping[str, Facts]) -> Company:
    known, told = parties[party], facts.get(party, UNDECLARED)
    return Company(party, known.region, told.size, told.industry, told.controllers | {known.group})


def _part(
    buyer: str,
    vouchers: Sequence[StoredVoucher],
    issued: Mapping[VoucherId, Fen],
    expired: Mapping[VoucherId, int],
    used: Fen,
) -> BuyersPart:
    return BuyersPart(
        buyer=buyer,
        issued=Fen(sum(issued[voucher.id] for voucher in vouchers)),
        used=used,
        expired=Fen(sum(expired.get(voucher.id, NOTHING) for voucher in vouchers)),
        held=Fen(sum(voucher.held for voucher in vouchers)),
        left=Fen(sum(voucher.left for voucher in vouchers)),
    )
