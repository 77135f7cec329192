"""Strings that the project makes itself: extended Karplus-Strong, with two polarisations if asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from voxnas.models.strings.taps import lagrange
from voxnas.problems.string.analysis import decibels
from voxnas.problems.string.data.note import Note
from voxnas.utils.errors import InputError

BRIGHT_HZ = 4000.0
HEARD_DB = 110.0  # below its peak a string is at its end


@dataclass(frozen=True)
class OwnString:
    """Strings of one kind, plucked several times.

    Args:
        pitches: in Hz; each is plucked `plucks` times.
        plucks: of each pitch, at other places and with other noise.
        level_dbfs: of the peak.
        decay_s, bright_decay_s: in which it falls by 60 dB at its pitch, and at 4 kHz.
        polarisations: 1, or 2 of slightly different pitch and decay.
        detune_cents, decay_ratio, mix: the second polarisation's pitch and decay against the first's, its
            loudness.
        seconds: how long it rings.
        noise_dbfs: RMS of a recording's hiss; None for none.
        sample_rate: in Hz.
        seed: of the plucks.

    Source: Jaffe and Smith, Extensions of the Karplus-Strong Plucked-String Algorithm, Computer Music Journal
    7(2), 1983.
    """

    pitches: tuple[float, ...] = (110.0,)
    plucks: int = 3
    level_dbfs: float = -6.0
    decay_s: float = 3.0
    bright_decay_s: float = 0.6
    polarisations: int = 1
    detune_cents: float = 2.5
    decay_ratio: float = 0.5
    mix: float = 0.7
    seconds: float = 6.0
    noise_dbfs: float | None = None
    sample_rate: int = 44_100
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.pitches or any(not 25 <= pitch <= 2000 for pitch in self.pitches):
            raise InputError(f"data.own.pitches={list(self.pitches)}: give pitches from 25 to 2000 Hz")
        if self.plucks < 1 or self.polarisations not in (1, 2):
            raise InputError("data.own: plucks is a count from 1, polarisations 1 or 2")
        if min(self.decay_s, self.bright_decay_s, self.seconds, self.decay_ratio) <= 0:
            raise InputError("data.own: decay_s, bright_decay_s, decay_ratio and seconds are above 0")

    def notes(self) -> list[Note]:
        """All of them, the pitches in turn."""
        rng = np.random.default_rng(self.seed)
        return [self._pluck(pitch, number, rng) for number in range(self.plucks) for pitch in self.pitches]

    def _pluck(self, pitch: float, number: int, rng: np.random.Generator) -> Note:
        excitation = self._excitation(pitch, rng)
        sound = self._ring(excitation, pitch, self.decay_s, self.bright_decay_s)
        if self.polarisations == 2:
            other = pitch * 2 ** (self.detune_cents / 1200)
            decay, bright = self.decay_ratio * self.decay_s, self.decay_ratio * self.bright_decay_s
            sound = sound + self.mix * self._ring(self._excitation(pitch, rng), other, decay, bright)
        begin = len(excitation) + 2
        sound *= 10 ** (self.level_dbfs / 20) / np.abs(sound[begin:]).max()
        noise = None
        if self.noise_dbfs is not None:
            hiss = 10 ** (self.noise_dbfs / 20) * rng.standard_normal(len(sound) + self.sample_rate // 2)
            sound, noise = sound + hiss[: len(sound)], hiss[len(sound) :]
        size = round(self.sample_rate / pitch)
        level = decibels(np.sqrt((sound[: len(sound) // size * size].reshape(-1, size) ** 2).mean(1)))
        heard = np.flatnonzero(level > max(level.max() - HEARD_DB, (self.noise_dbfs or -300) + 4))
        end = min(len(sound), max((int(heard[-1]) + 1) * size, begin + 40 * size))
        times = (begin / self.sample_rate, end / self.sample_rate)
        return Note(
            sound[begin:end], self.sample_rate, pitch, noise, f"own-{pitch:g}Hz-{number}", *times, sound
        )

    def _excitation(self, pitch: float, rng: np.random.Generator) -> NDArray[np.float64]:
        """A box from pick to bridge and some noise, through the comb of the pick-up; its mean is zero."""
        size = int(self.sample_rate / pitch)
        wave = 0.12 * rng.standard_normal(size)
        wave[: max(1, round(rng.uniform(0.08, 0.25) * size))] += 1.0
        wave = lfilter([0.35], [1, -0.65], wave)
        wave = wave - np.roll(wave, round(0.22 * size))
        return wave - wave.mean()

    def _ring(
        self, excitation: NDArray[np.float64], pitch: float, decay_s: float, bright_decay_s: float
    ) -> NDArray[np.float64]:
        gain = 10 ** (-3 / (pitch * decay_s))
        bright = min(1.0, 10 ** (-3 / pitch * (1 / bright_decay_s - 1 / decay_s)))
        side = min((1 - bright) / (2 - 2 * np.cos(2 * np.pi * BRIGHT_HZ / self.sample_rate)), 0.25)
        delay = self.sample_rate / pitch - 1  # the loss filter is symmetric, and delays by one sample
        whole = int(delay)
        loop = np.convolve(gain * np.array([side, 1 - 2 * side, side]), lagrange(delay - whole))
        feedback = np.concatenate([[1.0], np.zeros(whole - 2), -loop])
        sound = np.zeros(round(self.seconds * self.sample_rate) + len(excitation))
        sound[: len(excitation)] = excitation
        rung: NDArray[np.float64] = lfilter([1.0], feedback, sound)
        return rung
