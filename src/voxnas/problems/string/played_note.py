"""Note of a score."""

from dataclasses import dataclass

LOWEST_HZ, HIGHEST_HZ = 20.0, 5000.0


@dataclass(frozen=True)
class Played:
    """Note of a score: when, at what pitch, how hard (0 to 1), for how long."""

    second: float
    hz: float
    velocity: float = 0.8
    seconds: float = 2.0
