"""How much memory this process has used, for the reports that say so."""

import resource
import sys


def peak_memory_mb() -> int:
    """The most that this process has had at a time, in MiB: Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // 2**20 if sys.platform == "darwin" else peak // 2**10
