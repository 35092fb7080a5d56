"""Figures of a bench as rows of a table."""

from exchange.bench import Figure


def row(figure: Figure) -> dict[str, object]:
    """A figure as people read it."""
    return {
        "measured": figure.name,
        "value": f"{figure.value:,.1f} {figure.unit}",
        "beside": f"{figure.peer}: {figure.peer_value:,.1f}",
        "times": f"{figure.ratio:,.2f}",
        "wanted": figure.wanted,
        "met": "yes" if figure.met else "no",
    }
