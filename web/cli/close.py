"""`suanli close`: a month is settled, for good."""

from dataclasses import dataclass
from typing import Annotated

import typer

from exchange.periods import period_named
from web.bodies.periods import ClosePlanOut, CloseReportOut
from web.cli import venue
from web.cli.batch import Told, carry_out
from web.cli.options import DataDir, Json, Plan, Yes
from web.cli.talk import ExitCode, Failure, commands, examples
from web.client import Client
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples(
    "suanli close 2026-10", "suanli close 2026-10 --plan", "suanli close 2026-10 --yes --json"
)

STANDS = {
    "due": "{period} is to be settled: what was delivered in it is charged, and what it held beyond that is free.",
    "not_due": "{period} can't be closed yet: it is not over, or another month is the next to close.",
    "open": "{period} goes on: its run has booked a part already.",
    "closed": "{period} is closed.",
}

Month = Annotated[
    str, typer.Argument(metavar="PERIOD", show_default=False, help="A calendar month, such as 2026-10.")
]


@app.command(epilog=EXAMPLES)
def close(
    period: Month,
    *,
    plan: Plan = False,
    yes: Yes = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Close a month: sum what was delivered, book a statement for every lease and contract, and report.

    It can't be undone, so it shows its plan and asks first. A closing that was stopped goes on when it is given again,
    and nothing is ever booked twice; a month that is closed is only reported.
    """
    if period_named(period, 0) is None:
        raise Failure(f"A period is a calendar month, such as 2026-10, not {period}.", ExitCode.USAGE)
    carry_out(Closing(period), venue.settings(data_dir), plan=plan, yes=yes, json=json)


@dataclass(frozen=True, slots=True)
class Closing:
    """The job that closes a month."""

    period: str

    @property
    def doing(self) -> str:
        """What is being done."""
        return f"Closing {self.period}"

    @property
    def question(self) -> str:
        """What to ask before."""
        return f"Close {self.period} for good?"

    async def plan(self, client: Client) -> ClosePlanOut:
        """What closing it now would settle."""
        return await client.plan_close(self.period)

    def is_done(self, plan: ClosePlanOut) -> bool:
        """Whether it is closed already."""
        return plan.status == "closed"

    async def run(self, client: Client) -> CloseReportOut:
        """Close it, or go on."""
        return await client.close_period(self.period)

    async def progress(self, client: Client, plan: ClosePlanOut) -> tuple[int, int]:
        """Statements that are booked, of as many as there can be: some leases have nothing to settle yet."""
        booked = next((one.statements for one in await client.periods() if one.period == self.period), 0)
        return booked, plan.statements + plan.leases + plan.contracts

    def tell_plan(self, plan: ClosePlanOut) -> Told:
        """What would be settled, in words."""
        counts = {
            "leases": plan.leases,
            "contracts": plan.contracts,
            "lease-slots": plan.slots,
            "reported": plan.reported,
            "lost": plan.lost,
            "left for later": plan.waiting,
            "booked already": plan.statements,
        }
        figures = {name: f"{count:,}" for name, count in counts.items()}
        return Told(
            STANDS[plan.status].format(period=plan.period),
            {**figures, "charged already": yuan(plan.charged_fen)},
        )

    def tell_report(self, report: CloseReportOut) -> Told:
        """What it came to, in words."""
        return Told(
            f"{report.period} is closed ({report.run}).",
            {
                "statements": f"{report.statements:,}",
                "lines": f"{report.lines:,}",
                "charged": yuan(report.charged_fen),
                "released": yuan(report.released_fen),
                "over budget": yuan(report.over_budget_fen),
            },
        )
