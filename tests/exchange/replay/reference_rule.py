"""The rule by which the reference jobs, nodes and tokens were generated; run it to write them again."""

import sys
from pathlib import Path
from random import Random

SPAN_S = 7 * 86_400
NODES = {  # chip: (nodes, cards of each)
    "ascend-910b-64g": (5, 8),
    "nvidia-a800-80g": (2, 8),
    "metax-c500-64g": (1, 8),
    "hygon-k100-ai-64g": (2, 4),
    "nvidia-l20-48g": (2, 4),
}
LENGTHS_MINUTES = [(2, 55)] * 16 + [(60, 480)] * 3 + [(1_440, 7_200)]  # of twenty jobs, one runs for days
CARDS = [1] * 14 + [2] * 3 + [4] * 2 + [8]
CHIPS_NAMED = [0] * 5 + [1] * 3 + [2] * 2
URGENCIES = ["LS"] * 9 + ["BE"] * 9 + ["Burstable", "Guaranteed"]
TOKENS = {"code": (20, (500, 4_000), (5, 80)), "conv": (40, (100, 2_000), (50, 600))}


def jobs() -> str:
    rng, rows = Random("suanli reference jobs"), []
    for number in range(1, 401):
        created = rng.randrange(SPAN_S - 3_600)
        seconds = 60 * rng.randint(*rng.choice(LENGTHS_MINUTES))
        cards = rng.choice(CARDS)
        chips = "|".join(sorted(rng.sample(list(NODES), rng.choice(CHIPS_NAMED))))
        ends_in_span = min(seconds, SPAN_S - created)
        rows.append(f"job-{number:03},{created},{ends_in_span},{cards},{chips},{rng.choice(URGENCIES)}")
    return "\n".join(["name,created_s,seconds,cards,chips,urgency", *rows, ""])


def nodes() -> str:
    rows = [f"{chip},{cards}" for chip, (count, cards) in NODES.items() for _ in range(count)]
    return "\n".join(["model,gpu", *rows, ""])


def tokens() -> str:
    rng, rows = Random("suanli reference tokens"), []
    for stream, (count, read, written) in TOKENS.items():
        instants = sorted(rng.randrange(10 * 3_600, 11 * 3_600) for _ in range(count))
        rows += [f"{stream},{at},{rng.randint(*read)},{rng.randint(*written)}" for at in instants]
    return "\n".join(["stream,at_s,input_tokens,output_tokens", *rows, ""])


TABLES = {"jobs.csv": jobs, "nodes.csv": nodes, "tokens.csv": tokens}

if __name__ == "__main__":
    for name, rule in TABLES.items():
        (Path(sys.argv[1]) / name).write_text(rule(), encoding="utf-8")
