"""Where chance comes from: one generator per purpose, each from the seed alone."""

from random import Random


def chance(seed: int, purpose: str) -> Random:
    """A generator of its own for each purpose, so that drawing more for one never changes another."""
    return Random(f"{seed}/{purpose}")  # noqa: S311 - a replay must be repeatable, not secret
