"""`suanli payout`: sellers are paid what is due to them."""

from dataclasses import dataclass

from web.bodies.payouts import BegunOut, PayoutPlanOut
from web.cli import venue
from web.cli.batch import Told, carry_out
from web.cli.options import DataDir, Json, Plan, Yes
from web.cli.talk import commands, examples
from web.client import Client
from web.pages.formats import yuan

app = commands()
EXAMPLES = examples("suanli payout --plan", "suanli payout", "suanli payout --yes --json")


@app.command(epilog=EXAMPLES)
def payout(*, plan: Plan = False, yes: Yes = False, data_dir: DataDir = None, json: Json = False) -> None:
    """Pay sellers what is due: what closed periods came to, once it is held back no more, by the venue's gateway.

    It shows its plan and asks first, and pays exactly what it has shown. Money is set aside before the gateway hears of
    it, and the venue goes on by itself with what is on its way: however often it is given, nothing is paid twice.
    """
    carry_out(Paying(), venue.settings(data_dir), plan=plan, yes=yes, json=json)


@dataclass(slots=True)
class Paying:
    """The job that pays sellers: what its plan has shown is what it asks for."""

    planned: PayoutPlanOut | None = None

    @property
    def doing(self) -> str:
        """What is being done."""
        return "Paying sellers"

    @property
    def question(self) -> str:
        """What to ask before."""
        return "Pay these sellers?"

    async def plan(self, client: Client) -> PayoutPlanOut:
        """What could be paid now."""
        self.planned = await client.plan_payouts()
        return self.planned

    def is_done(self, plan: PayoutPlanOut) -> bool:
        """Whether there is nobody to pay."""
        return not plan.payouts

    async def run(self, client: Client) -> BegunOut:
        """Set the money aside, and let the gateway pay."""
        assert self.planned is not None, "what is paid was planned before"
        payouts = [{"party": one.party, "amount_fen": one.amount_fen} for one in self.planned.payouts]
        return await client.begin_payouts(payouts) if payouts else BegunOut([])

    async def progress(self, client: Client, plan: PayoutPlanOut) -> tuple[int, int]:
        """Sellers whose money is set aside, of as many as were planned."""
        left = {one.party for one in (await client.plan_payouts()).payouts}
        return len(plan.payouts) - len(left & {one.party for one in plan.payouts}), len(plan.payouts)

    def tell_plan(self, plan: PayoutPlanOut) -> Told:
        """What would be paid, in words."""
        figures = {one.party: yuan(one.amount_fen) for one in plan.payouts}
        waiting = sum(one.payable_fen for one in plan.owed) - plan.total_fen
        nowhere = sum(one.due_fen for one in plan.owed if one.account is None)
        figures |= {"together": yuan(plan.total_fen), "not yet": yuan(waiting)}
        figures |= {"of that due, with no account named": yuan(nowhere)} if nowhere else {}
        if plan.frozen is not None:
            return Told(f"Payouts are frozen: {plan.frozen.found}.", figures)
        return Told(
            f"{len(plan.payouts)} sellers are to be paid: what was settled, "
            f"{plan.terms.hold_back_days} days after the close, from {yuan(plan.terms.minimum_fen)} on.",
            figures,
        )

    def tell_report(self, report: BegunOut) -> Told:
        """What was paid or is on its way, in words."""
        figures = {
            f"{one.party} {one.state}": yuan(one.amount_fen if one.state != "failed" else 0)
            for one in report.payouts
        }
        return Told(f"{len(report.payouts)} payouts were begun.", figures)
