"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        file_okay=False,
        show_default=False,
        help="Where the venue's data are: .suanli here, unless told otherwise. DATABASE_URL wins over it.",
    ),
]
ClosedMonth = Annotated[
    str, typer.Argument(metavar="PERIOD", show_default=False, help="A month that is closed, such as 2026-10.")
]
Json = Annotated[bool, typer.Option("--json", help="Give one JSON document instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Plan = Annotated[bool, typer.Option("--plan", help="Only show what would be done.")]
Port = Annotated[
    int | None,
    typer.Option(min=0, max=65_535, show_default=False, help="Port to serve on; 0 takes any. Usually 8000."),
]
