"""Commands that ask in the name of a key, or without one as the clerk: the options they share, and how they ask."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from web.bodies.common import Page
from web.cli import venue
from web.cli.buyer import Url, document
from web.cli.desk import at_desk
from web.cli.options import DataDir, Json
from web.cli.talk import write_json
from web.client import Client

T = TypeVar("T")
Command = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks, where, and how it likes to be answered."""

    key: str | None
    url: str | None
    data_dir: Path | None
    json: bool

    def ask(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Ask in the name of the key, or without one as the clerk."""
        if self.key is None:
            return at_desk(venue.settings(self.data_dir), work)
        return venue.run(_ask_with(work, self.url or venue.address(self.data_dir), self.key))

    def tell(self, kind: type[T], answer: T, in_words: Callable[[T], None]) -> None:
        """Give an answer of the API as JSON, or in words."""
        if self.json:
            write_json(document(kind, answer))
        else:
            in_words(answer)


def asking(whose: str, *, needed: bool = False) -> Callable[[Command], Command]:
    """Have Typer read the options of an `Asking`, which is the command's first argument; `whose` key it takes."""
    without = "" if needed else " Without one: the clerk here."
    key = typer.Option(envvar="SUANLI_KEY", show_default=False, help=f"API key of {whose}.{without}")
    options = [
        _option("key", Annotated[str, key]) if needed else _option("key", Annotated[str | None, key], None),
        _option("url", Url, None),
        _option("data_dir", DataDir, None),
        _option("json", Json, False),
    ]

    def with_options(command: Command) -> Command:
        @wraps(command)
        def asked(**sent: Any) -> None:
            command(Asking(*(sent.pop(option.name) for option in options)), **sent)

        own = list(inspect.signature(command).parameters.values())[1:]
        signature = inspect.Signature([*own, *options])
        asked.__dict__["__signature__"] = signature
        asked.__annotations__ = {name: one.annotation for name, one in signature.parameters.items()}
        return asked

    return with_options


async def all_pages(ask: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """Everything of a list that comes in pages, asked for from one cursor to the next."""
    page = await ask(None)
    found = list(page.items)
    while page.next is not None:
        page = await ask(page.next)
        found += page.items
    return found


def _option(name: str, kind: object, default: object = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)


async def _ask_with(work: Callable[[Client], Awaitable[T]], url: str, key: str) -> T:
    async with Client(url, key) as client:
        return await work(client)
