"""Softly played parts of a recording, and the error there.

A model that is right at full level may be wrong when the guitar is turned down, and the ESR of a section
hardly tells: what is 40 dB softer has a ten-thousandth of the energy, unless the amp compresses. There is but
the take at its own level, whose soft notes and decays are all that can be heard of soft playing. So short
windows are put together by how loud the dry guitar is in them, and each lot has its own ratio.

The functions take energies of windows as `energies` gives them: of input, target and error, in windows of the
same size at the same places.
"""

from dataclasses import dataclass

import numpy as np

WINDOW_S = 0.05
BELOW_DB = (0, 20, 40, 60)  # below the loudest window
HALF_DB = 10.0  # a lot reaches so far up and down
SHORTEST_S = 0.5  # of a lot that has a ratio
MOST_NOISE = 0.1  # of a lot's energy: beyond it the ratio would be that of the noise

PAUSE_BELOW_DB = 40.0  # where the input pauses it is so far below its loudest at least,
SILENT_BELOW_DB = 70.0  # so far, or
PAUSE_SPREAD_DB = 3.0  # within this of its quietest, for what an interface hisses keeps its level


@dataclass(frozen=True)
class Level:
    """Windows with the input about as far below its loudest.

    Args:
        below_db: how far, give or take 10 dB.
        seconds: of them, together.
        energy: the share of the target's energy that is in them.
        noise: the share of their target's energy that is hum and hiss; None where the take has no pause.
        esr: the error's energy over the target's; None where there is too little, or little but noise.
    """

    below_db: int
    seconds: float
    energy: float
    noise: float | None
    esr: float | None


def energies(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Sums of squares of windows of 50 ms; a rest that fills none is left out."""
    size = max(1, round(WINDOW_S * sample_rate))
    count = len(samples) // size
    return np.square(samples[: count * size], dtype=np.float64).reshape(count, size).sum(axis=1)


def noise_energy(source: np.ndarray, target: np.ndarray) -> float | None:
    """Energy of the target's hum and hiss in a window, by those where the input pauses.

    None where these are less than half a second, for what decays is no noise. Of what the amp answers there
    the median counts, since its tails are heard at the start of a pause.
    """
    below = _below_db(source)
    deepest = below.max(initial=0.0)
    pause = (below >= min(SILENT_BELOW_DB, deepest - PAUSE_SPREAD_DB)) & (below >= PAUSE_BELOW_DB)
    if pause.sum() * WINDOW_S < SHORTEST_S:
        return None
    return float(np.median(target[pause]))


def by_level(source: np.ndarray, target: np.ndarray, error: np.ndarray, noise: float | None) -> list[Level]:
    """A lot for each of `BELOW_DB`, the loudest first. `noise` is a window's, see `noise_energy`."""
    below, whole = _below_db(source), float(target.sum())
    found = []
    for middle in BELOW_DB:
        mask = (below < middle + HALF_DB) & (below >= middle - HALF_DB)
        seconds, energy = float(mask.sum() * WINDOW_S), float(target[mask].sum())
        heard = energy > 0
        share = None if noise is None or not heard else min(1.0, noise * float(mask.sum()) / energy)
        counts = heard and seconds >= SHORTEST_S and (share is None or share <= MOST_NOISE)
        esr = float(error[mask].sum()) / energy if counts else None
        found.append(Level(middle, seconds, energy / whole if whole else 0.0, share, esr))
    return found


def _below_db(source: np.ndarray) -> np.ndarray:
    """How far each window is below the loudest, in dB; infinite for a silent one."""
    loudest = source.max(initial=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        below: np.ndarray = -10 * np.log10(source / loudest)
    return np.where(source > 0, below, np.inf)
