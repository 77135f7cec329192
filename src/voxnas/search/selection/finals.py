"""Which of a few finalists is the best on average, and how sure that is, by their losses with several seeds.

A finalist is out when a one-sided t-test, with one variance for all of them, finds it worse than the best.
Of losses above 0 the logarithms are compared, since seeds change a loss by a share of it.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Losses = Mapping[str, Sequence[float]]  # by finalist, one per seed, the lower the better


@dataclass(frozen=True)
class Standing:
    """One finalist: the mean of its losses and their standard deviation, of so many seeds."""

    name: str
    mean: float
    deviation: float
    seeds: int


def standings(losses: Losses) -> list[Standing]:
    """All finalists that have a finite loss, the best first; the mean is that of what is compared."""
    compared = _compared(losses)
    order = sorted(compared, key=lambda name: (statistics.fmean(compared[name]), name))
    return [Standing(n, statistics.fmean(losses[n]), _deviation(losses[n]), len(losses[n])) for n in order]


def confidence(losses: Losses, best: str, other: str) -> float:
    """The probability that the best would not lead by so much if both were as good; .5 where that is unknown.

    One-sided, from the pooled variance of all finalists.
    """
    compared = _compared(losses)
    freedom = sum(len(values) - 1 for values in compared.values())
    a, b = compared[best], compared[other]
    lead = statistics.fmean(b) - statistics.fmean(a)
    if freedom < 1:
        return 0.5
    variance = sum((len(v) - 1) * statistics.variance(v) for v in compared.values() if len(v) > 1) / freedom
    error = math.sqrt(variance * (1 / len(a) + 1 / len(b)))
    if error == 0:
        return 1.0 if lead > 0 else 0.5
    from scipy.stats import t

    return float(t.cdf(lead / error, freedom))


def still_in(losses: Losses, sure: float) -> list[str]:
    """The finalists that are not known to be worse than the best with this confidence, the best first."""
    order = [standing.name for standing in standings(losses)]
    return [name for name in order if name == order[0] or confidence(losses, order[0], name) < sure]


def _compared(losses: Losses) -> dict[str, list[float]]:
    known = {name: list(v) for name, v in losses.items() if v and all(map(math.isfinite, v))}
    positive = all(value > 0 for values in known.values() for value in values)
    return {n: [math.log(value) for value in v] if positive else v for n, v in known.items()}


def _deviation(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0
