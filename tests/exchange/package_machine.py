"""Contracts with packages, used, closed and closed again after a kill, beside an oracle that takes token by token.

A token costs some whole fen here, so that nothing is rounded; what rounding does is others' to check.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from exchange.checks.decisions import picture
from exchange.closing.events import StatementPosted
from exchange.contracts.commands import AddPackage, AgreePrices
from exchange.contracts.events import PackageAdded, PricesAgreed
from exchange.core import evolve
from exchange.names import ContractId, Instant
from exchange.persistence.codec import decode_event, encode
from exchange.state import LiveContract
from settlement.jobs import close_period as job
from settlement.meters import Meter
from settlement.money import Fen
from settlement.rating.tokens import TokenPrices
from tests.exchange.desk import Desk
from tests.exchange.house import CLERK, House, empty_state
from tests.exchange.test_contracts import open_contract

HOUR, MONTHS = 3600, (31 * 24, 59 * 24, 90 * 24)
FEN_A_TOKEN = 10**10  # micro-yuan per million
BUDGET = 60
KINDS = (Meter.INPUT_TOKENS, Meter.CACHED_INPUT_TOKENS, Meter.OUTPUT_TOKENS)
DEAREST_FIRST = (Meter.OUTPUT_TOKENS, Meter.INPUT_TOKENS, Meter.CACHED_INPUT_TOKENS)

prices = st.builds(TokenPrices, *[st.integers(0, 3).map(lambda fen: fen * FEN_A_TOKEN)] * 3)
Draft = dict[str, Any]
contracts = st.sampled_from([0, 0, 0, 1])
packages = st.fixed_dictionaries(
    {
        "of": contracts,
        "tokens": st.integers(1, 9),
        "price": st.sampled_from([0, 3, 7]),
        "after": st.integers(-20, 20),
        "lasts": st.integers(1, 40),
    }
)
uses = st.fixed_dictionaries(
    {"of": contracts, "ago": st.integers(1, 20), "tokens": st.tuples(*[st.integers(0, 4)] * 3)}
)
Lines = Counter[tuple[str, Meter, int, str | None]]
"""Tokens by service period, meter, price and package; or packages sold."""


class KilledError(Exception):
    """The job is killed before its next command."""


class FragileDesk(Desk):
    """A desk whose job is killed after so many contracts, if ever."""

    patience = 99

    def post_contract(self, run: job.Run, live: LiveContract) -> None:
        if not self.patience:
            raise KilledError
        self.patience -= 1
        super().post_contract(run, live)


@dataclass
class Sold:
    """A package as the oracle keeps it: its tokens are a heap that shrinks."""

    id: str
    price: int
    begins: int
    ends: int
    left: int
    paid: bool = False


@dataclass
class Oracle:
    """One contract: what was agreed and what is used and not billed yet, in hours; and what it has cost."""

    versions: list[tuple[int, dict[Meter, int]]]
    sold: list[Sold] = field(default_factory=list)
    waiting: list[tuple[int, dict[Meter, int]]] = field(default_factory=list)
    budget: int = BUDGET

    def close(self, until: int) -> tuple[Lines, int]:
        """The lines of a run that ends at an hour, and what they charge."""
        lines, charged = Lines(), 0
        for package in self.sold:
            if package.begins < until and package.price and not package.paid:
                package.paid = True
                lines[month(package.begins), Meter.PACKAGES, package.price * 10**4, package.id] += 1
                charged += package.price
        for hour, tokens in self._alike(until):
            fens = next(fens for begins, fens in reversed(self.versions) if begins <= hour)
            paid = Counter[Meter]()
            for meter in DEAREST_FIRST:
                for _ in range(tokens[meter]):
                    name = self._next(hour)
                    paid[meter] += name is None
                    lines[month(hour), meter, fens[meter] * FEN_A_TOKEN, name] += 1
            for meter in KINDS:
                cost = min(self.budget, paid[meter] * fens[meter])
                self.budget -= cost
                charged += cost
        return lines, charged

    def _alike(self, until: int) -> list[tuple[int, Counter[Meter]]]:
        """What was used between two hours at which anything changes is one sum, at the hour of the first of it."""
        changes = {hour for hour, _ in self.versions} | {0, *MONTHS}
        changes |= {hour for package in self.sold for hour in (package.begins, package.ends)}
        sums: dict[int, tuple[int, Counter[Meter]]] = {}
        for hour, tokens in sorted((use for use in self.waiting if use[0] < until), key=lambda use: use[0]):
            since = max(change for change in changes if change <= hour)
            sums.setdefault(since, (hour, Counter()))[1].update(tokens)
        self.waiting = [use for use in self.waiting if use[0] >= until]
        return list(sums.values())

    def _next(self, hour: int) -> str | None:
        """The id of the package that gives the next token, which is taken off it."""
        able = [one for one in self.sold if one.begins <= hour < one.ends and one.left]
        if not able:
            return None
        first = min(able, key=lambda one: (bool(one.price), one.ends, one.id))
        first.left -= 1
        return first.id


class VenueOfPackages(RuleBasedStateMachine):
    """A buyer with two contracts. Instants are hours of the year."""

    @initialize(
        agreed=prices, sold=st.lists(packages, min_size=2, max_size=4), used=st.lists(uses, min_size=1)
    )
    def begin(self, agreed: TokenPrices, sold: list[Draft], used: list[Draft]) -> None:
        self.house = House()
        self.desk = FragileDesk(self.house)
        self.follower, self.followed = empty_state(), 0
        self.oracles: dict[ContractId, Oracle] = {}
        for _ in range(2):
            contract = open_contract(self.house, days=45, prices=agreed, budget=Fen(BUDGET))
            self.oracles[contract] = Oracle([(0, _per_token(agreed))])
        self.house.tick(24)
        for package in sold:
            self.add(package)
        for use in used:
            self.use(use)

    @property
    def now(self) -> int:
        return self.house.state.market.now - self.house.first

    @rule(package=packages)
    def add(self, package: Draft) -> None:
        """A package is added that begins somewhere around now."""
        contract, tokens, price = self._contract(package), package["tokens"], package["price"]
        begins = self.now + package["after"]
        ends = begins + package["lasts"]
        asked = AddPackage(contract, tokens, Fen(price), self._instant(begins), self._instant(ends))
        (event,) = self.house.ask(CLERK, asked)
        if isinstance(event, PackageAdded):
            self.oracles[contract].sold.append(Sold(event.package.id, price, begins, ends, tokens))

    @rule(of=contracts, after=st.integers(-5, 20), agreed=prices)
    def agree(self, of: int, after: int, agreed: TokenPrices) -> None:
        """Other prices begin somewhere around now."""
        contract, hour = [*self.oracles][of], self.now + after
        (event,) = self.house.ask(CLERK, AgreePrices(contract, self._instant(hour), agreed))
        if isinstance(event, PricesAgreed):
            self.oracles[contract].versions.append((hour, _per_token(agreed)))

    @rule(use=uses)
    def use(self, use: Draft) -> None:
        """Tokens are used, or their use is reported some hours late."""
        contract, hour, tokens = self._contract(use), self.now - use["ago"], use["tokens"]
        if 0 <= hour < 45 * 24 and contract in self.house.state.contracts:
            fresh, cached, written = tokens
            self.desk.use(contract, hour, fresh, written, cached)
            self.oracles[contract].waiting.append((hour, _by_meter(tokens)))

    @rule(hours=st.integers(1, 15))
    def time_passes(self, hours: int) -> None:
        """Nothing happens."""
        self.house.tick(self.now + hours)

    @precondition(lambda self: self.house.state.runs < len(MONTHS))
    @rule(late=st.integers(0, 30), kills=st.lists(st.integers(0, 2), max_size=2), late_use=st.booleans())
    def close(self, late: int, kills: list[int], late_use: bool) -> None:
        """A month is closed some hours after its end, by a job that is killed and given again."""
        number = self.house.state.runs
        until = MONTHS[number]
        self.house.tick(max(until + late, self.now))
        expected = {contract: oracle.close(until) for contract, oracle in self.oracles.items()}
        for patience in kills:
            self._try(number, patience)
            if late_use and self.house.state.open_run is not None:
                self.use({"of": 0, "ago": late + 1, "tokens": (1, 0, 1)})
        self._try(number, 99)
        run = f"run-{number + 1}"
        posted = [event for event in self._happened() if isinstance(event, StatementPosted)]
        found = {event.subject: event for event in posted if event.run == run}
        for contract, (lines, charged) in expected.items():
            statement = found.pop(contract, None)
            assert _lines_of(statement) == lines, "use is taken from packages in their turn"
            assert (statement.charged if statement else 0) == charged
        assert found == {}, "a contract has one statement in a run"

    @invariant()
    def packages_are_what_the_oracle_makes_of_them(self) -> None:
        """As much is left and held as it should be, and the log alone leads to the same state."""
        for contract, oracle in self.oracles.items():
            live = self.house.state.contracts.get(contract)
            if live is not None:
                left = {name: package.left for name, package in live.packages.items()}
                assert left == {package.id: package.left for package in oracle.sold}
                due = sum(package.price for package in oracle.sold if not package.paid)
                assert (live.left, live.held) == (oracle.budget, oracle.budget + due)
        for _, _, happened in self.house.log[self.followed :]:
            for event, entries in happened:
                assert evolve(self.follower, decode_event(*encode(event))) == entries
        self.followed = len(self.house.log)
        assert picture(self.follower) == picture(self.house.state)

    def _try(self, number: int, patience: int) -> None:
        """Give the job once, if the month is not closed yet."""
        self.desk.patience = patience
        if self.house.state.runs == number or self.house.state.open_run is not None:
            try:
                self.desk.close(f"2026-{number + 1:02}")
            except KilledError:
                assert self.house.state.open_run is not None

    def _contract(self, draft: Draft) -> ContractId:
        return [*self.oracles][draft["of"]]

    def _instant(self, hour: int) -> Instant:
        return self.house.state.rules.instant_of(self.house.first + hour)

    def _happened(self) -> Iterator[Any]:
        return (event for _, _, happened in self.house.log for event, _ in happened)


def month(hour: int) -> str:
    """The service period in which an hour of the year lies."""
    return f"{datetime.fromtimestamp(1_767_225_600 + hour * HOUR, UTC):%Y-%m}"


def _per_token(agreed: TokenPrices) -> dict[Meter, int]:
    """What a token of each kind costs, in fen."""
    of_a_million = (agreed.input, agreed.cached_input, agreed.output)
    return {meter: price // FEN_A_TOKEN for meter, price in _by_meter(of_a_million).items()}


def _by_meter(values: tuple[int, int, int]) -> dict[Meter, int]:
    return dict(zip(KINDS, values, strict=True))


def _lines_of(statement: StatementPosted | None) -> Lines:
    lines = Lines()
    for line in () if statement is None else statement.lines:
        lines[line.service_period, line.meter, line.price, line.package] += line.quantity
    return lines
