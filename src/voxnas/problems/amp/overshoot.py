"""Overshoot: what comes out above the amp's loudest, where the playing is louder than what was recorded."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from voxnas.problems.amp.data.peaks import Peaks
from voxnas.problems.amp.figures import BURST_DB, SCORE

FULL_SCALE = 1.0  # the loudest that a recording holds
MOST_GAIN = 4.0  # of what is played softly; more would play the hiss
SILENT, ENDLESS = 1e-6, 1e15  # ratios


class Overshoot:
    """The peak of a network's output on a section played up to full scale, over what is allowed.

    A network of many layers and LeakyReLU may have a gain of a million beside the playing that it was trained
    on: a stroke a little harder than any recorded bursts out 100 dB above the amp, and the ESR of the
    recording tells nothing of it.
    """

    def __init__(self, peaks: Peaks) -> None:
        self._peaks = peaks
        self.reset()

    def reset(self) -> None:
        """Begin a section."""
        self._largest = 0.0

    def update(self, network: Callable[[Tensor], Tensor], x: Tensor) -> None:
        """Play a piece of the section louder."""
        peak = float(x.abs().max())
        if not peak or not self._peaks.source or not self._peaks.target:
            return
        gain = min(MOST_GAIN, max(1.0, FULL_SCALE / peak))
        with torch.no_grad():
            heard = float(network(gain * x).abs().max())
        ratio = heard / self._peaks.allowed(gain * peak)
        self._largest = max(self._largest, min(ratio, ENDLESS) if math.isfinite(ratio) else ENDLESS)

    def compute_db(self) -> float:
        """The overshoot in dB: from -120 for silence to 300 for what is not finite."""
        return 20 * math.log10(max(self._largest, SILENT))


def judged(esr: float, overshoot_db: float) -> float:
    """The score of an ESR: that of training that diverged, at least, where louder playing bursts out."""
    return max(esr, SCORE.diverged or esr) if overshoot_db > BURST_DB else esr
