"""Periods of settlement, and what a closed one came to."""

from dataclasses import dataclass
from datetime import datetime

from exchange.due import ClosingState
from exchange.periods import Period
from exchange.persistence.queries.desk import ClosePlan
from exchange.persistence.queries.periods import StoredPeriod
from settlement.jobs.close_period import CloseReport
from web.bodies.fields import utc


@dataclass(frozen=True, slots=True)
class PeriodOut:
    """A calendar month that is being closed (`open`) or is closed for good (`closed`)."""

    period: str
    status: str
    run: str
    begins: datetime
    ends: datetime
    statements: int
    charged_fen: int
    released_fen: int

    @classmethod
    def of(cls, period: StoredPeriod) -> "PeriodOut":
        """A period as it is stored."""
        return cls(
            period=period.period,
            status=period.status,
            run=period.run,
            begins=utc(period.begins),
            ends=utc(period.ends),
            statements=period.statements,
            charged_fen=period.charged,
            released_fen=period.released,
        )


@dataclass(frozen=True, slots=True)
class ClosePlanOut:
    """What closing a month would settle now.

    `status` is `due` (it is the next, and over), `not_due`, `open` (its closing goes on) or `closed`. `reported` and
    `lost` of the `slots` that its leases have until its end are settled, earlier runs' included; `waiting` may still be
    reported, and are left for the next run. `statements` were booked already, and charged `charged_fen`.
    """

    period: str
    status: str
    leases: int
    contracts: int
    slots: int
    reported: int
    lost: int
    waiting: int
    statements: int
    charged_fen: int

    @classmethod
    def of(cls, period: Period, state: ClosingState, plan: ClosePlan) -> "ClosePlanOut":
        """A plan, beside what a run has booked of it."""
        run = state.run_of(period.name)
        due = "due" if state.ready and state.following == period else "not_due"
        return cls(
            period=period.name,
            status=due if run is None else run.status,
            leases=plan.leases,
            contracts=plan.contracts,
            slots=plan.slots,
            reported=plan.reported,
            lost=plan.lost,
            waiting=plan.waiting,
            statements=0 if run is None else run.statements,
            charged_fen=0 if run is None else run.charged,
        )


@dataclass(frozen=True, slots=True)
class CloseReportOut:
    """What a closed period came to. Use beyond a contract's budget is recorded, and charged to nobody."""

    period: str
    run: str
    statements: int
    lines: int
    charged_fen: int
    released_fen: int
    over_budget_fen: int

    @classmethod
    def of(cls, report: CloseReport) -> "CloseReportOut":
        """The closing job's report."""
        return cls(
            period=report.period,
            run=report.run,
            statements=report.statements,
            lines=report.lines,
            charged_fen=report.charged,
            released_fen=report.released,
            over_budget_fen=report.over_budget,
        )
