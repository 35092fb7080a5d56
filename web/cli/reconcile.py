"""`suanli reconcile`: the gateway's books beside the venue's."""

from dataclasses import dataclass

import typer

from web.bodies.payouts import ReconciliationOut, ReconciliationPlanOut
from web.cli import venue
from web.cli.batch import Told, carry_out
from web.cli.options import DataDir, Json, Plan, Yes
from web.cli.talk import ExitCode, commands, examples
from web.client import Client
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples("suanli reconcile --plan", "suanli reconcile --yes", "suanli reconcile --yes --json")


@app.command(epilog=EXAMPLES)
def reconcile(*, plan: Plan = False, yes: Yes = False, data_dir: DataDir = None, json: Json = False) -> None:
    """Compare the last weeks of the gateway's books, or the bank's statements, with the venue's and its ledger.

    Nothing is tolerated and nothing is netted. What both have alike is marked as reconciled; the exit code is 1 if
    anything is missing or differs.
    """
    job = Reconciling()
    carry_out(job, venue.settings(data_dir), plan=plan, yes=yes, json=json)
    if job.found is not None and job.found.missing + job.found.differing:
        raise typer.Exit(ExitCode.FAILED)


@dataclass(slots=True)
class Reconciling:
    """The job that compares the books; `found` is what it came to."""

    found: ReconciliationOut | None = None

    @property
    def doing(self) -> str:
        """What is being done."""
        return "Comparing the books"

    @property
    def question(self) -> str:
        """What to ask before."""
        return "Compare them, and mark what agrees?"

    async def plan(self, client: Client) -> ReconciliationPlanOut:
        """What there is to compare."""
        return await client.plan_reconciliation()

    def is_done(self, plan: ReconciliationPlanOut) -> bool:  # noqa: ARG002 - as the frame asks
        """Never: the gateway's books may have something new."""
        return False

    async def run(self, client: Client) -> ReconciliationOut:
        """Compare."""
        self.found = await client.reconcile()
        return self.found

    async def progress(self, client: Client, plan: ReconciliationPlanOut) -> tuple[int, int]:
        """Movements that are marked, of as many as wait for it."""
        left = (await client.plan_reconciliation()).waiting
        return max(0, plan.waiting - left), plan.waiting

    def tell_plan(self, plan: ReconciliationPlanOut) -> Told:
        """What there is to compare, in words."""
        figures = {"to be compared": f"{plan.waiting:,}", "reconciled before": f"{plan.reconciled:,}"}
        return Told(f"The books since {plan.since:%Y-%m-%d} are to be compared.", figures)

    def tell_report(self, report: ReconciliationOut) -> Told:
        """What was found, in words."""
        figures = {
            "matched": f"{report.matched:,}",
            "missing": f"{len(report.missing):,}",
            "differing": f"{len(report.differing):,}",
            "fees": yuan(report.fees_fen),
        }
        for one in (*report.missing, *report.differing):
            figures[f"{one.kind} {one.about}"] = f"{yuan(one.ours_fen)} | {yuan(one.theirs_fen)}"
        unlike = report.missing or report.differing
        return Told("The books differ." if unlike else "The books agree.", figures)
