"""What a fault means to whoever gave the command: the one table from exceptions to sentences and exit codes."""

from http import HTTPStatus

import httpx

from exchange.bus import BusyError, DifferentCommandError, HaltedError
from exchange.config import SettingsError
from exchange.jobs import RefusedError
from exchange.payments import FrozenError
from exchange.persistence.errors import OUTAGES, DatabaseUnavailable, explain
from exchange.persistence.log import FencedError
from exchange.persistence.turn import JobAtWorkError, WriterAtWorkError
from exchange.replay.assumptions import AssumptionError
from exchange.replay.run import OtherVenueError
from exchange.replay.tables import TraceError
from exchange.sealing import NotClosedError
from settlement.usage.records import UsageError
from settlement.usage.sealed import SealError
from web.cli.folder import InUseError
from web.cli.talk import ExitCode, Failure
from web.problems import DoorRejection, ProblemError


def failure_of(fault: Exception) -> Failure | None:
    """The sentence and the exit code for a fault, or None for one that nobody expected."""
    match fault:
        case Failure():
            return fault
        case SettingsError() | TraceError() | AssumptionError() | OtherVenueError():
            return Failure(str(fault), ExitCode.USAGE)
        case InUseError():
            return Failure(f"{fault} Wait for it, or end it.", ExitCode.UNAVAILABLE)
        case WriterAtWorkError():
            return Failure(
                f"{fault} Give the command where its server runs, or stop that first.", ExitCode.UNAVAILABLE
            )
        case JobAtWorkError():
            return Failure(str(fault), ExitCode.AT_WORK)
        case NotClosedError():
            return Failure(str(fault), ExitCode.REFUSED)
        case SealError() | UsageError():
            return Failure(str(fault), ExitCode.FAILED)
        case BusyError():
            return Failure("The venue has too much to do: try again in a moment.", ExitCode.UNAVAILABLE)
        case HaltedError():
            return Failure(halted(fault.__cause__ or fault), ExitCode.UNAVAILABLE)
        case DifferentCommandError():
            return Failure(f"The venue has refused: {fault}.", ExitCode.REFUSED)
        case FrozenError():
            return Failure(f"An audit has found a difference, and nobody is paid: {fault}.", ExitCode.REFUSED)
        case RefusedError():
            return refused(fault.rejection.code, fault.rejection.explain)
        case ProblemError():
            return _of_problem(fault)
        case httpx.UnsupportedProtocol() | httpx.InvalidURL():
            return Failure(
                "That is no address of a venue: write it as https://venue.example.", ExitCode.USAGE
            )
        case httpx.ConnectError():
            return Failure(
                "Nobody answers at that address: correct it, or start the venue.", ExitCode.UNAVAILABLE
            )
        case httpx.TransportError():
            return Failure("The server has not answered. Give the same command again.", ExitCode.UNAVAILABLE)
        case DatabaseUnavailable():
            return Failure(str(fault), ExitCode.UNAVAILABLE)
        case _ if isinstance(fault, OUTAGES):
            return Failure(explain(fault), ExitCode.UNAVAILABLE)
        case _:
            return None


def _of_problem(problem: ProblemError) -> Failure:
    """What the API said, where something was wrong with the request also where in it."""
    if problem.code == DoorRejection.JOB_AT_WORK:
        return Failure(problem.detail, ExitCode.AT_WORK)
    if problem.kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failure(f"The venue can't do it now ({problem.code}): {problem.detail}", ExitCode.UNAVAILABLE)
    told = [f"{fault.pointer.removeprefix('/')}: {fault.detail}" for fault in problem.faults]
    return refused(problem.code, " ".join(told) or problem.detail)


def refused(code: str, explained: str) -> Failure:
    """The venue's refusal, with its stable code."""
    return Failure(f"The venue has refused ({code}): {explained}", ExitCode.REFUSED)


def halted(fault: BaseException) -> str:
    """Why the writer has stopped, in words."""
    match fault:
        case FencedError():
            why = "Another writer has taken over this venue."
        case _ if isinstance(fault, OUTAGES) or hasattr(fault, "sqlstate"):
            why = explain(fault)
        case _:
            why = f"Its reason was {type(fault).__name__}: {fault}."
    return f"The venue has stopped writing rather than guess. {why}"
