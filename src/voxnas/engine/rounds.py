"""Statistics of several rounds of the same measurement: those that count, and their spread."""

from collections.abc import Sequence

import numpy as np


def lowest(medians: Sequence[float], rounds: int) -> list[float]:
    """Lowest `rounds` of the rounds' medians: other load on the machine adds time and takes none away."""
    return sorted(medians)[:rounds]


def spread(medians: Sequence[float]) -> float:
    """(max - min) / median: 0 where all agree, or there is only one."""
    middle = float(np.median(medians))
    return (max(medians) - min(medians)) / middle if middle > 0 else 0.0
