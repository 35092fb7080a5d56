"""Makes an option of every assumption of a replay, from the table that the plan and the report use."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from exchange.replay.assumptions import DEFAULTS, describe


def with_assumptions(command: Callable[..., None]) -> Callable[..., None]:
    """Let Typer see an option for each assumption, where the command itself takes them all by keyword."""
    own = inspect.signature(command)
    kept = [parameter for parameter in own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
    command.__signature__ = own.replace(parameters=kept + _options())  # type: ignore[attr-defined]
    command.__annotations__ = {
        parameter.name: parameter.annotation
        for parameter in command.__signature__.parameters.values()  # type: ignore[attr-defined]
    }
    return command


def given(assumed: dict[str, Any]) -> dict[str, str]:
    """What was chosen, by option, without what was left as it usually is."""
    return {name.replace("_", "-"): value for name, value in assumed.items() if value is not None}


def _options() -> list[inspect.Parameter]:
    return [
        inspect.Parameter(
            option.replace("-", "_"),
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                str | None,
                typer.Option(
                    f"--{option}",
                    metavar="VALUE",
                    help=f"{meaning[0].upper()}{meaning[1:]}. Usually {value}.",
                    show_default=False,
                    rich_help_panel="What is assumed, because no trace says it",
                ),
            ],
        )
        for option, value, meaning in describe(DEFAULTS)
    ]
