"""Bringing a recording to a level."""

from typing import Literal

import numpy as np

from voxnas.audio.checks import decibels, measure_levels
from voxnas.utils.errors import InputError

Mode = Literal["peak", "rms"]


def level_gain(samples: np.ndarray, mode: Mode, level_db: float) -> float:
    """The gain that brings peak or RMS to `level_db` dBFS.

    One gain for the whole recording: dynamics are part of the amp. Raises InputError on an unknown mode, or
    if the level could only be reached by driving peaks over full scale.
    """
    levels = measure_levels(samples)
    if mode not in ("peak", "rms"):
        raise InputError(f"mode is {mode!r}; give peak or rms")
    gain = 10 ** (level_db / 20) / max(levels.peak if mode == "peak" else levels.rms, 1e-10)
    if levels.peak * gain > 1:
        over = decibels(levels.peak * gain)
        raise InputError(
            f"level_db={level_db:g} ({mode}) would clip: peaks reach {over:+.1f} dBFS; "
            f"give {level_db - over - 0.05:.1f} or less"
        )
    return gain
