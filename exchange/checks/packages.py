"""Is every package sold once, and used in its turn?

What packages give is reckoned anew from the records of use, one sum after another, without the rules that statements go by.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from exchange.checks.findings import Findings
from exchange.persistence.queries.contracts import StoredPackage
from exchange.persistence.queries.used_tokens import PackagedRow, PackageLineRow, UseRow
from exchange.state import VenueTerms
from settlement.agreements import PairAgreement
from settlement.meters import Meter

Place = tuple[str, str, int | None, str | None, Meter, str, int | None]
"""A line that names a package: run, service period, version of the prices, agreement, meter, package, price of a sale."""


@dataclass(slots=True)
class Packages:
    """Goes through contracts with packages. `agreements` are all that were recorded, by id/version."""

    rules: VenueTerms
    agreements: Mapping[str, PairAgreement] = field(default_factory=dict)
    findings: Findings = field(
        default_factory=lambda: Findings(
            "packages", "each package is charged once, and gives what it has to the use that it is for"
        )
    )

    def see(self, contract: PackagedRow) -> None:
        """The next contract."""
        left: dict[str, int] = {package.id: package.tokens for package in contract.packages}
        expected: Counter[Place] = Counter()
        for use in contract.uses:
            self.findings.examined += 1
            expected.update(_taken(contract, use, left))
        expected.update(dict(self._sold(contract)))
        got: Counter[Place] = Counter()
        for line in contract.lines:
            got[_place(line)] += line.quantity
        for place in sorted(expected.keys() | got.keys(), key=str):
            run, period, _, _, meter, name, _ = place
            thing = f"package {name} in {run} for {period}: {meter}"
            self.findings.compare(thing, expected[place], got[place])
        for package in contract.packages:
            self.findings.compare(f"package {package.id}: left", left[package.id], package.left)

    def _sold(self, contract: PackagedRow) -> Iterator[tuple[Place, int]]:
        """Packages that have begun are sold by the run that closed the time in which they began."""
        for package in contract.packages:
            runs = [run for run, ends in contract.runs if package.begins < ends]
            if package.price and runs:
                instant = package.begins // self.rules.slot_seconds * self.rules.slot_seconds
                month = f"{datetime.fromtimestamp(package.begins + self.rules.utc_offset_seconds, UTC):%Y-%m}"
                agreement = self._agreement_at(contract, instant)
                micro = package.price * 10**4
                yield (runs[0], month, None, agreement, Meter.PACKAGES, package.id, micro), 1

    def _agreement_at(self, contract: PackagedRow, instant: int) -> str | None:
        pair = (contract.source, contract.destination)
        for name, agreement in self.agreements.items():
            if (agreement.source, agreement.destination) == pair and agreement.covers(instant):
                return name
        return None


def _taken(contract: PackagedRow, use: UseRow, left: dict[str, int]) -> dict[Place, int]:
    """What one sum takes of packages, which have that much less: the free first, then those that end first."""
    wanted = {
        Meter.OUTPUT_TOKENS: use.tokens.output,
        Meter.INPUT_TOKENS: use.tokens.input,
        Meter.CACHED_INPUT_TOKENS: use.tokens.cached_input,
    }
    taken: dict[Place, int] = {}
    for package in sorted(contract.packages, key=_turn):
        if not package.begins <= use.first < package.ends:
            continue
        for meter, tokens in wanted.items():
            some = min(tokens, left[package.id])
            wanted[meter] -= some
            left[package.id] -= some
            if some:
                taken[use.run, use.period, use.version, use.agreement, meter, package.id, None] = some
    return taken


def _turn(package: StoredPackage) -> tuple[bool, int, str]:
    return package.price > 0, package.ends, package.id


def _place(line: PackageLineRow) -> Place:
    price = line.price if line.meter is Meter.PACKAGES else None
    return line.run, line.period, line.version, line.agreement, line.meter, line.package, price
