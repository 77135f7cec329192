"""Modes of a note: the linear model beside a string, and what its loop is first fitted to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxnas.problems.string.analysis import find_partials
from voxnas.problems.string.data.note import Note

Array = NDArray[np.float64]
MOST_MODES = 80
MOST_ROWS = 120  # of a Hankel matrix
FITTED_PERIODS = 40  # in which amplitudes are found
WEAK_DB = -40.0  # a second mode below the first by more is none


@dataclass(frozen=True)
class Mode:
    """Exponentially decaying sine.

    Attributes:
        number: of its partial.
        hz: frequency.
        decay: in nepers per second.
        weight: amplitude at the beginning, as it is found in the partial alone.
    """

    number: int
    hz: float
    decay: float
    weight: float

    @property
    def t60(self) -> float:
        return 3 * np.log(10) / self.decay

    @property
    def energy(self) -> float:
        return float(self.weight**2 / self.decay)

    def pole(self, sample_rate: int) -> complex:
        return complex(np.exp((-self.decay + 2j * np.pi * self.hz) / sample_rate))


def find_modes(note: Note, per_partial: int = 1, count: int = 20) -> list[list[Mode]]:
    """Of each of the first partials its modes, the slowest to decay first.

    By ESPRIT on each partial's complex envelope, once per period (Roy and Kailath, ESPRIT, IEEE Transactions
    on Acoustics, Speech and Signal Processing 37(7), 1989), which tells apart what no spectrum does.
    """
    told = find_partials(note.samples, note.sample_rate, note.pitch_hz, note.noise, count)
    own, found = told.envelopes, []
    frame_s = own.hop / own.sample_rate
    for row, number in enumerate(told.numbers):
        values = own.values[row, : max(4, told.last[row])]
        poles, amplitudes = _esprit(values, per_partial)
        modes = [
            Mode(
                int(number),
                float(own.frequencies[row] + np.angle(pole) / (2 * np.pi * frame_s)),
                float(-np.log(abs(pole)) / frame_s),
                float(abs(amplitude)),
            )
            for pole, amplitude in zip(poles, amplitudes, strict=True)
            if 0 < abs(pole) < 1 - 1e-7
        ]
        strongest = max((m.weight for m in modes), default=0.0)
        modes = [m for m in modes if m.weight > strongest * 10 ** (WEAK_DB / 20)]
        found.append(sorted(modes, key=lambda m: m.decay))
    return [modes for modes in found if modes]


def _esprit(
    values: NDArray[np.complex128], order: int
) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Poles of a sum of exponentials, and their amplitudes at the first value."""
    step = max(1, len(values) // (3 * MOST_ROWS))  # of long ones every second value, or third
    values = values[::step]
    rows = max(order + 1, min(MOST_ROWS, len(values) // 2))
    order = min(order, len(values) - rows, rows - 1)
    hankel = np.lib.stride_tricks.sliding_window_view(values, rows).T
    space = np.linalg.svd(hankel, full_matrices=False)[0][:, : max(1, order)]
    poles = np.linalg.eigvals(np.linalg.lstsq(space[:-1], space[1:], rcond=None)[0])
    powers = poles[None, :] ** np.arange(len(values))[:, None]
    amplitudes = np.linalg.lstsq(powers, values, rcond=None)[0]
    slow = np.exp(np.log(poles) / step).astype(np.complex128)
    return slow, amplitudes.astype(np.complex128)


def strongest_modes(note: Note, count: int) -> list[Mode]:
    """So many modes with the most energy, of at most two for each partial."""
    found = find_modes(note, 2, MOST_MODES // 2)
    return sorted((mode for modes in found for mode in modes), key=lambda m: -m.energy)[: max(1, count)]


def ring(modes: list[Mode], note: Note, steps: int) -> Array:
    """The modal model's note, with amplitudes and phases that fit the first periods of the recording best."""
    poles = np.array([mode.pole(note.sample_rate) for mode in modes])
    size = min(len(note.samples), round(FITTED_PERIODS * note.period))
    basis = _powers(poles, size)
    columns = np.concatenate([basis.real, -basis.imag], 1)
    weights = np.linalg.lstsq(columns, note.samples[:size], rcond=None)[0]
    amplitudes = weights[: len(poles)] + 1j * weights[len(poles) :]
    sound = np.empty(steps)
    for start in range(0, steps, 1 << 14):
        now = _powers(poles, min(1 << 14, steps - start)) @ (amplitudes * poles**start)
        sound[start : start + len(now)] = now.real
    return sound


def _powers(poles: NDArray[np.complex128], count: int) -> NDArray[np.complex128]:
    found: NDArray[np.complex128] = np.exp(np.outer(np.arange(count), np.log(poles)))
    return found
