"""Sample-rate conversion block by block with little delay, for playing; `resample` is for recordings.

A filter of minimum phase between two rates: what the ear can hear passes, images and aliases are 100 dB
down where they can be heard, and a sample comes out about .06 ms after it went in.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from voxnas.utils.errors import InputError

PASS, STOP = 0.82, 1.18  # of the lower rate's half: 18.1 and 26 kHz at 44.1 kHz
ATTENUATION_DB = 103.0  # designed; 102 remain
DENSITY = 32  # numbers of the prototype per sample of the lower rate
PHASES = 512  # of a sample at most; rates that need more are interpolated between, off by 1e-6
MOST_RATIO = 8  # of the rates
MOST_RATE = 4_000_000  # Hz
LANES = 8  # taps come in as many at once


@functools.cache
def prototype(
    pass_edge: float = PASS, stop_edge: float = STOP, attenuation_db: float = ATTENUATION_DB
) -> NDArray[np.float32]:
    """Impulse response of the filter in time, `DENSITY` numbers per sample of the lower rate, sum `DENSITY`.

    The edges are in halves of the lower rate; benchmarks/resampler_delay.py shows what others cost. A Kaiser
    window's sinc, made one of minimum phase by its real cepstrum (Oppenheim and Schafer,
    Discrete-Time Signal Processing, 13.5).
    """
    from scipy.signal import firwin, kaiserord

    taps, beta = kaiserord(attenuation_db, (stop_edge - pass_edge) / DENSITY)
    linear = firwin(taps | 1, (pass_edge + stop_edge) / 2 / DENSITY, window=("kaiser", beta))
    size = 1 << 19
    magnitude = np.maximum(np.abs(np.fft.rfft(linear, size)), 1e-8)  # the logarithm's end
    cepstrum = np.fft.irfft(np.log(magnitude))
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    response = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[: len(linear)]
    return (response * DENSITY / response.sum()).astype(np.float32)


def low_delay(numbers: NDArray[np.float32] | None = None) -> float:
    """Delay of a conversion at low frequencies, in samples of the lower rate; of the prototype or another."""
    numbers = (prototype() if numbers is None else numbers).astype(np.float64)
    return float(numbers @ np.arange(len(numbers)) / numbers.sum()) / DENSITY


def bank(from_rate: int, to_rate: int) -> NDArray[np.float32]:
    """Taps for each part of a sample, `(phases + 1, taps)`, the newest sample's last; InputError for rates
    that are not positive, or too far apart."""
    check_rates(from_rate, to_rate)
    numbers = prototype()
    per_sample = DENSITY * min(from_rate, to_rate) / from_rate  # of the prototype's numbers
    taps = -(-len(numbers) // per_sample) // LANES * LANES + LANES
    phases = max(1, PHASES * min(from_rate, to_rate) // from_rate)
    exact = to_rate // math.gcd(from_rate, to_rate)
    phases = exact if exact <= phases else phases
    age = np.arange(taps)[::-1] + np.arange(phases + 1)[:, None] / phases  # in samples
    return (_between(numbers, age * per_sample) * per_sample / DENSITY).astype(np.float32)


def check_rates(from_rate: int, to_rate: int) -> None:
    """InputError for rates that are not positive, or too far apart to be played through."""
    if from_rate <= 0 or to_rate <= 0:
        raise InputError(f"cannot convert from {from_rate} Hz to {to_rate} Hz; rates are positive")
    if max(from_rate, to_rate) > MOST_RATE:
        raise InputError(f"cannot convert from {from_rate} Hz to {to_rate} Hz; rates end at {MOST_RATE} Hz")
    if max(from_rate, to_rate) > MOST_RATIO * min(from_rate, to_rate):
        raise InputError(f"cannot convert from {from_rate} Hz to {to_rate} Hz: more than {MOST_RATIO} times")


def _between(numbers: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of the prototype at places between its numbers, 0 beyond its ends; Lagrange's cubic."""
    padded = np.pad(numbers.astype(np.float64), (1, 3))
    whole = np.minimum(np.floor(places).astype(int), len(numbers))
    t = np.where(whole < len(numbers), places - whole, 0.0)
    weights = (
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )
    return sum(weight * padded[whole + i] for i, weight in enumerate(weights))


class PolyphaseConverter:
    """Converter of a signal that comes in blocks of any size, on NumPy; kernels/ has the same, compiled.

    Output k belongs to the time k · from_rate / to_rate of the input, counted in whole numbers: it never
    drifts. Raises InputError for rates that cannot be.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        self._bank = bank(from_rate, to_rate)
        self._from, self._to = from_rate, to_rate
        self.reset()

    def reset(self) -> None:
        """Return to silence."""
        self._heard = np.zeros(self._bank.shape[1] - 1, np.float32)  # what later outputs may need
        self._next, self._part = 0, 0  # the next output's time, from behind `_heard`: whole, and of `to_rate`

    def convert(self, block: NDArray[np.float32], wanted: int | None = None) -> NDArray[np.float32]:
        """Outputs up to the block's end `(n,)`, or as many as are wanted, the rest at the next call."""
        taps, phases = self._bank.shape[1], len(self._bank) - 1
        heard = np.concatenate([self._heard, block])
        ready = max(0, -(-((len(block) + self._late - self._next) * self._to - self._part) // self._from))
        count = ready if wanted is None else min(wanted, ready)
        if not count:
            self._heard = heard
            return np.zeros(0, np.float32)
        part = self._part + self._from * np.arange(count + 1, dtype=np.int64)
        place, phase = self._next + part // self._to, part % self._to * (phases / self._to)
        windows = np.lib.stride_tricks.sliding_window_view(heard, taps)[place[:-1]]
        row, share = phase[:-1].astype(int), (phase[:-1] % 1).astype(np.float32)
        first, second = (np.einsum("kt,kt->k", windows, self._bank[row + i]) for i in (0, 1))
        kept = min(int(place[-1]), len(heard) - taps + 1)
        self._heard, self._next = heard[kept:], int(place[-1]) - kept
        self._part = int(part[-1] % self._to)
        return np.asarray(first + share * (second - first), np.float32)

    @property
    def _late(self) -> int:
        """Samples that were heard and not yet played."""
        return len(self._heard) - (self._bank.shape[1] - 1)
