"""The command `suanli`: which commands there are, and what becomes of what they raise."""

import importlib
import importlib.metadata
import platform
import sys
import traceback
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from web.cli.talk import ExitCode, Failure, examples, say


class Front(NamedTuple):
    """A command before it is loaded: the module that has it as `app`, and what it is for."""

    module: str
    purpose: str


COMMANDS = {
    "demo": Front("web.cli.demo", "Open a venue of made-up buyers and sellers, to look around in."),
    "serve": Front("web.cli.serve", "Open the venue on this machine."),
    "terms": Front("web.cli.terms", "Show the terms of the house, or change them."),
    "links": Front("web.cli.links", "Show the bandwidth between regions, or set it."),
    "party": Front("web.cli.party", "Admit parties, list them, and give them keys."),
    "agreement": Front(
        "web.cli.agreement", "Propose agreements between regions, sign them, and agree on quarters."
    ),
    "contract": Front("web.cli.contract", "Register token contracts, prices and packages; list them."),
    "carbon": Front(
        "web.cli.carbon", "Adopt tables of power and carbon; declare a PUE and certificates, as a seller."
    ),
    "deposit": Front("web.cli.deposit", "Book money that a party has paid in."),
    "bank": Front(
        "web.cli.bank", "Write files of payments for the venue's bank, and take in its statements."
    ),
    "vouchers": Front(
        "web.cli.vouchers", "Put on record what voucher programmes ask for, and see what became of vouchers."
    ),
    "quote": Front("web.cli.quote", "Say what a job would get now, as a buyer, and what would let it fit."),
    "buy": Front("web.cli.buy", "Place an order at the price of its quote, or not at all."),
    "orders": Front("web.cli.orders", "List your orders."),
    "leases": Front("web.cli.leases", "List what you have bought or sold."),
    "withdraw": Front("web.cli.withdraw", "Take back what is left of your balance, as a buyer."),
    "withdrawals": Front("web.cli.withdrawals", "List what you have taken back."),
    "usage": Front("web.cli.usage", "Report a file of delivered time or used tokens, as a seller."),
    "meter": Front("web.cli.meter", "Make keys for meters, and register them, as a seller."),
    "close": Front("web.cli.close", "Settle a month, for good."),
    "payout": Front("web.cli.payout", "Pay sellers what is due to them."),
    "reconcile": Front("web.cli.reconcile", "Compare the gateway's books with the venue's."),
    "seal": Front("web.cli.seal", "Keep the usage of a closed month as files, and verify them."),
    "export": Front("web.cli.export", "Write what a closed month has booked as files."),
    "jobs": Front("web.cli.jobs", "Run batch jobs by the venue's own timer, and see what came of them."),
    "index": Front("web.cli.index", "Show the price index, or work it out again from the tape."),
    "replay": Front("web.cli.replay", "Trade a real trace on a venue of its own."),
    "bill-tokens": Front("web.cli.bill_tokens", "Bill token requests at many prices, rounded once and each."),
    "audit": Front("web.cli.audit", "Work out the books again from the log, and compare."),
    "bench": Front("web.cli.bench", "Measure how fast the venue is here."),
    "check-cases": Front("web.cli.check_cases", "Check files of worked cases."),
    "check-focus": Front("web.cli.check_focus", "Compare a FOCUS file with your statements, as a buyer."),
    "doctor": Front("web.cli.doctor", "Look at everything that a venue needs, and say what to do."),
    "db": Front("web.cli.db", "Look at the database, bring it up to date, or rebuild what pages read."),
}

EXIT_CODES = """

**Exit codes**

- 0: done
- 1: done, and something that was checked is wrong
- 2: options or files can't be used
- 3: the database or the venue can't be reached, or has stopped
- 4: the venue refused by its rules
- 5: Suanli itself has made a mistake
- 6: another run of the same batch job is at work
- 130: stopped by Ctrl-C
"""


class Commands(TyperGroup):
    """Loads a command when it is asked for, so that none waits for what another needs.

    A command that fails ends with one sentence on standard error, and an exit code.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 — Typer's signature
        """Their names, in the order of the help text."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 — Typer's signature
        """What help and completion tell of a command."""
        front = COMMANDS.get(cmd_name)
        return None if front is None else TyperCommand(cmd_name, help=front.purpose)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command itself, which is loaded now."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, get_command(importlib.import_module(COMMANDS[str(name)].module).app), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command asked for. What nobody expected is let through: `main` owns up to it."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise  # Typer knows what to do
        except KeyboardInterrupt:
            say("Stopped.")
            raise typer.Exit(ExitCode.STOPPED) from None
        except Exception as fault:
            failure = _failure_of(fault)
            if failure is None or ctx.params["debug"]:
                raise
            say(str(failure))
            raise typer.Exit(failure.code) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples("suanli demo", "suanli serve", "suanli deposit --help", "suanli doctor") + EXIT_CODES,
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"suanli {importlib.metadata.version('suanli')}, Python {platform.python_version()}")
        raise typer.Exit


@app.callback()
def suanli(
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
) -> None:
    """Suanli 算力: an open-source marketplace and exchange for compute power."""


def main() -> None:
    """Run the command that the process was given."""
    try:
        app()
    except Exception as fault:  # noqa: BLE001 — the last line: people get a sentence, whatever it is
        failure = _failure_of(fault) or _owning_up(fault)
        if "--debug" in sys.argv:
            traceback.print_exception(fault)
        say(str(failure))
        sys.exit(failure.code)


def _failure_of(fault: Exception) -> Failure | None:
    from web.cli.faults import failure_of  # noqa: PLC0415 — it knows every fault, and only a failure needs that

    return failure_of(fault)


def _owning_up(fault: Exception) -> Failure:
    what = f"{type(fault).__name__}: {str(fault).partition(chr(10))[0]}"
    return Failure(
        f"Suanli has made a mistake ({what}). Run it again as suanli --debug …, and report what it shows.",
        ExitCode.OUR_FAULT,
    )
