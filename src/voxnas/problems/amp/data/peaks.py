"""Peaks: how loud a recording is, and how loud a model of it may be."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from voxnas.problems.amp.data.amp_pair import Recording


@dataclass(frozen=True)
class Peaks:
    """The loudest sample of what was played, and of what the amp made of it."""

    source: float
    target: float

    def allowed(self, source: float) -> float:
        """The loudest that an answer to an input with this peak may be: louder than the amp in proportion."""
        return self.target * max(1.0, source / self.source if self.source else 1.0)


def section_peaks(recordings: Iterable[Recording]) -> Peaks:
    """The peaks of the recordings' training sections together."""
    source = target = 0.0
    for recording in recordings:
        section = slice(*recording.sections.train)
        source = max(source, float(np.abs(recording.pair.input[section]).max()))
        target = max(target, float(np.abs(recording.pair.target[section]).max()))
    return Peaks(source, target)
