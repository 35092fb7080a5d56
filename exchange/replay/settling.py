"""What follows a close in a replay: regions agree to a quarter, and sellers are paid by the files of a made-up bank."""

from datetime import UTC, datetime

from exchange.app import Exchange
from exchange.commands import Envelope
from exchange.payments import Payments
from exchange.payouts.commands import PayoutAsked
from exchange.payouts.rules import AT_ONCE_MAX
from exchange.periods import months_of
from exchange.persistence.queries import replay as queries
from exchange.persistence.queries.payouts import dues
from exchange.persistence.queries.quarters import sides_of
from exchange.quarters.commands import ConfirmQuarter
from exchange.replay.bank import statement
from exchange.replay.planned import MarketPlan
from exchange.replay.script import CLERK, SIGNING_KEY, Agree, PayDay, office_of
from exchange.state import PayoutTerms
from settlement.quarters import PairQuarter
from settlement.sign_off import digest_of


def bank_payments(exchange: Exchange) -> Payments:
    """The venue's payments by a bank's files, on the clock of the replay."""
    return Payments(exchange, None, lambda: exchange.engine.state.now)


async def agree(exchange: Exchange, plan: MarketPlan, moment: Agree) -> None:
    """Let both offices of each pair confirm the figures that were computed. What is confirmed already stays so."""
    months = months_of(moment.quarter)
    for paired in plan.agreements:
        regions = (paired.source, paired.destination)
        sides = await sides_of(exchange.readers, PairQuarter(*regions, moment.quarter), regions, months)
        confirm = ConfirmQuarter(sides.computed, SIGNING_KEY, digest_of(sides.computed))
        for region in regions:
            await exchange.bus.submit(
                Envelope(office_of(region), f"quarter/{moment.quarter}/{'-'.join(regions)}", confirm)
            )


async def pay_sellers(exchange: Exchange, moment: PayDay) -> None:
    """Pay what is due, let the bank carry it out, and compare the books.

    Wherever an earlier attempt ended, this one goes on, by the same commands in the same order.
    """
    payments = bank_payments(exchange)
    asked = [
        PayoutAsked(one.party, one.due)
        for one in await dues(exchange.readers)
        if one.due >= PayoutTerms().minimum
    ]
    for first in range(0, len(asked), AT_ONCE_MAX):
        some = tuple(asked[first : first + AT_ONCE_MAX])
        await payments.begin_payouts(CLERK, f"payout/{moment.period}/{some[0].party}", some)
    await payments.go_on()
    await payments.next_file()
    async with exchange.readers.acquire() as connection:
        waiting = await queries.files_to_carry_out(connection)
    files = {number: file for number in waiting if (file := await payments.file(number)) is not None}
    today = datetime.fromtimestamp(exchange.engine.state.now + exchange.terms.utc_offset_seconds, UTC).date()
    await payments.take_in(statement(files, today))
    await payments.reconcile()
