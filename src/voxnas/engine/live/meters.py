"""Measurements of the thread that plays: levels, and the load."""

import math

import numpy as np
from numpy.typing import NDArray

RMS_SECONDS = 0.3  # time constants: of the RMS, of the fall of the peak, of the load that is shown
PEAK_SECONDS = 0.6
LOAD_SECONDS = 0.5
CLIP_SECONDS = 2.0  # how long a clip stays visible
SILENCE_DBFS = -120.0


class Meter:
    """Peak and RMS meter of a signal in dBFS (a full-scale sine: 0 and -3), with a clip indicator.

    The thread that plays adds blocks; any other may read.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._peak = self._mean_square = 0.0
        self._since_clip = math.inf  # seconds
        self.highest = 0.0  # sample ever, 1: full scale
        self.clips = 0  # blocks with a sample at full scale or over

    def set_rate(self, sample_rate: int) -> None:
        """Blocks are of another rate, in Hz, from now on."""
        self._rate = sample_rate

    def add(self, block: NDArray[np.float32]) -> None:
        """Take in the next `(samples,)`, at least one."""
        seconds = len(block) / self._rate
        peak = max(float(block.max()), -float(block.min()))
        self._peak = max(peak, self._peak * math.exp(-seconds / PEAK_SECONDS))
        share = 1 - math.exp(-seconds / RMS_SECONDS)
        self._mean_square += share * (float(np.dot(block, block)) / len(block) - self._mean_square)
        self.highest = max(self.highest, peak)
        self._since_clip += seconds
        if peak >= 1:
            self.clips += 1
            self._since_clip = 0.0

    @property
    def peak_dbfs(self) -> float:
        """Highest sample lately, falling off."""
        return decibels(self._peak)

    @property
    def rms_dbfs(self) -> float:
        """Level of the last third of a second or so."""
        return decibels(math.sqrt(max(0.0, self._mean_square)))

    @property
    def clipped(self) -> bool:
        """True for two seconds after a clip."""
        return self._since_clip < CLIP_SECONDS


class Load:
    """CPU load: the time that blocks took, as a share of the time that they last.

    Attributes:
        blocks, samples: played.
        max: share that the slowest block took.
        recent: share, averaged over the last half second or so.
        misses: blocks that took longer than they last.
        xruns: times that the sound card ran dry or over; with a file, blocks that came too late.
    """

    def __init__(self, sample_rate: int) -> None:
        self._rate = sample_rate
        self._busy_s = self._earlier_s = 0.0
        self._since = 0  # samples that were played at other rates, in `_earlier_s`
        self.blocks = self.samples = self.misses = self.xruns = 0
        self.max = self.recent = 0.0

    def set_rate(self, sample_rate: int) -> None:
        """Blocks are of another rate, in Hz, from now on."""
        self._earlier_s, self._since, self._rate = self.seconds, self.samples, sample_rate

    def add(self, seconds: float, samples: int) -> None:
        """Count a block of `samples`, at least one, that took `seconds`."""
        lasts = samples / self._rate
        share = seconds / lasts
        self.blocks += 1
        self.samples += samples
        self.misses += share > 1
        self._busy_s += seconds
        self.max = max(self.max, share)
        self.recent += (1 - math.exp(-lasts / LOAD_SECONDS)) * (share - self.recent)

    @property
    def mean(self) -> float:
        """Share of all the time played that was spent computing."""
        return self._busy_s / self.seconds if self.samples else 0.0

    @property
    def seconds(self) -> float:
        """Duration of the sound that was played."""
        return self._earlier_s + (self.samples - self._since) / self._rate


def decibels(amplitude: float) -> float:
    """20 log₁₀ of an amplitude ≥ 0, not below -120."""
    return max(SILENCE_DBFS, 20 * math.log10(amplitude)) if amplitude > 0 else SILENCE_DBFS
