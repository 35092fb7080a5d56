"""Quotes, each with its explanation where nothing fits: against a book that has traded, and in the traps."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from time import process_time

from exchange.benches import adversarial, elastic
from exchange.benches.adversarial import Trap
from exchange.benches.elastic import Load
from exchange.benches.loads import WEIGHTS
from exchange.collector import calm_collector
from matching.commands import Command, Place
from matching.explaining import why_not
from matching.market import Market
from matching.quoting import quote
from matching.terms import Order, Rejection, Seq

LOADS = (Load.SINGLES, Load.GANGS, Load.WORK)
TRAPS = (Trap.ONE_PRICE, Trap.SOLD_OUT, Trap.TAKEN_BACK, Trap.COMB, Trap.TOO_SMALL, Trap.HUGE_GANG)
TRADED = 1_200  # orders that have met the book before anybody asks
ASKED = 300
ASKED_IN_TRAP = 40


@dataclass(frozen=True, slots=True)
class Answered:
    """Seconds of processor time for each quote that found a deal, and for each that had to be explained."""

    fitting: tuple[float, ...]
    explained: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Quotes a second."""
        return _rate((*self.fitting, *self.explained))

    @property
    def explained_rate(self) -> float:
        """Quotes a second, of those that had to be explained; 0 where there were none."""
        return _rate(self.explained)

    def quantile(self, share: float) -> float:
        """The seconds that a share of the quotes stay within."""
        ranked = sorted((*self.fitting, *self.explained))
        return ranked[int(len(ranked) * share)]


def _rate(seconds: tuple[float, ...]) -> float:
    return len(seconds) / sum(seconds) if seconds else 0.0


def run(load: Load, scale: int, seed: int) -> Answered:
    """Quote orders of a load in a market that has traded."""
    play, arriving = elastic.stocked(load, scale, seed), elastic.arriving(load, seed)
    play.stock(islice(arriving, TRADED))
    return measured(play.market, _orders(islice(arriving, ASKED)))


def run_trap(trap: Trap, scale: int, seed: int) -> Answered:
    """Quote the orders of a trap, each in the market as it is laid out."""
    scene = adversarial.lay_out(trap, scale, ASKED_IN_TRAP, seed)
    return measured(scene.play.market, _orders(scene.commands))


def _orders(commands: Iterable[Command]) -> list[Order]:
    return [command.order for command in commands if isinstance(command, Place)]


def measured(market: Market, orders: list[Order]) -> Answered:
    """Time quotes and explanations."""
    fitting, explained = list[float](), list[float]()
    calm_collector()
    for order in orders:
        began = process_time()
        answer = quote(market, order, Seq(0))
        assert not isinstance(answer, Rejection), "loads are sound"
        if answer.deal is None:
            why_not(market, order, WEIGHTS)
        (explained if answer.deal is None else fitting).append(process_time() - began)
    return Answered(tuple(fitting), tuple(explained))
