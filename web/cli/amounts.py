"""Numbers as people type them at the command line, read exactly."""

import re

from web.cli.talk import ExitCode, Failure

IN_WORDS = {2: "two", 3: "three", 6: "six"}

_NUMBER = re.compile(r"(-?[0-9]{1,15})(?:\.([0-9]{1,6}))?\Z", re.ASCII)


def in_parts(text: str, places: int, what: str, *, signed: bool = False) -> int:
    """A number with at most so many decimals, in parts of the last place: `1.18` with three is 1180."""
    read = _NUMBER.match(text)
    decimals = (read and read[2]) or ""
    if read is None or len(decimals) > places or (read[1].startswith("-") and not signed):
        raise Failure(f"{what}, with at most {IN_WORDS[places]} decimals: not {text}.", ExitCode.USAGE)
    return int(read[1] + decimals.ljust(places, "0"))
