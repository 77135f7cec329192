"""Sines and a model's own answers to them, without what it folds back at half the sample rate.

After "Anti-aliasing of neural distortion effects via model fine tuning" (2025), arXiv:2505.11375.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxnas.engine.aliasing import is_prime, settled_answer
from voxnas.engine.make import make_engine
from voxnas.models.base import State, StreamingNetwork

SILENCE = 1e-12  # power below which there is no answer to speak of
SETTLE_S = 0.3


@dataclass(frozen=True)
class Sines:
    """Sines that begin anew after a prime number of samples, so that no alias meets a harmonic.

    Args:
        cycles: of each sine per `samples`.
        peaks: of each sine, in full scale.
        answers: `(sines, samples)`: what a model is to answer to each, from phase zero on.
        aliasing: what it has folded back so far, over the harmonics' energy.
    """

    cycles: Tensor
    peaks: Tensor
    answers: Tensor
    aliasing: Tensor

    def __len__(self) -> int:
        return len(self.cycles)

    @property
    def samples(self) -> int:
        """After which each sine begins anew."""
        return self.answers.shape[1]

    def only(self, kept: Tensor) -> "Sines":
        """Some of the sines, by a mask or by numbers."""
        return Sines(self.cycles[kept], self.peaks[kept], self.answers[kept], self.aliasing[kept])

    def harmonic(self, which: Tensor) -> Tensor:
        """`(sines, bins)`: which bins of a spectrum over `samples` are multiples of a sine's, DC included."""
        bins = torch.arange(self.samples // 2 + 1)
        return bins % self.cycles[which].unsqueeze(1) == 0

    def batch(self, which: Tensor, context: int) -> tuple[Tensor, Tensor]:
        """Some sines and their answers, of the shapes that `Segments` gives, with the input before."""
        turns = (torch.arange(-context, self.samples) * self.cycles[which].unsqueeze(1)) % self.samples
        x = self.peaks[which].unsqueeze(1) * torch.sin(turns * (2 * torch.pi / self.samples))
        return x.float().unsqueeze(1), self.answers[which].unsqueeze(1)


def draw_sines(
    network: StreamingNetwork,
    sample_rate: int,
    count: int,
    longest: int,
    pitches: Sequence[float],
    levels_dbfs: Sequence[float],
    seed: int = 0,
) -> Sines:
    """Sines of random pitch, even in octaves, and level, even in dB, with what the network is to answer.

    Sines that it answers with silence are left out.

    Args:
        count: of sines.
        longest: in samples, after which they begin anew at the latest.
        pitches: lowest and highest, in Hz; at most .45 of the sample rate.
        levels_dbfs: lowest and highest peak.
    """
    random = np.random.default_rng(seed)
    length = next(n for n in range(longest, 1, -1) if is_prime(n))
    low, high = (min(hz, 0.45 * sample_rate) for hz in pitches)
    cycles = np.exp(random.uniform(np.log(low), np.log(high), count)) * length / sample_rate
    cycles = np.maximum(1, np.round(cycles)).astype(np.int64)
    levels = random.uniform(levels_dbfs[0], levels_dbfs[1], count)
    engine, settle, period = make_engine(network), settling(network, sample_rate), network.period
    answers, ratios = np.empty((count, length), np.float32), np.empty(count)
    for i in range(count):
        answer = settled_answer(engine, int(cycles[i]), length, settle, float(levels[i]), period)
        clean = without_aliases(answer, int(cycles[i]) * period)
        answers[i] = clean[:length]
        ratios[i] = np.square(answer - clean).mean() / max(float(clean.var()), SILENCE)
    heard = answers.var(axis=1) > SILENCE
    peaks = 10 ** (levels / 20)
    return Sines(*(torch.from_numpy(of[heard]) for of in (cycles, peaks, answers, ratios)))


def settling(network: StreamingNetwork, sample_rate: int) -> int:
    """Samples until a network's answer to a sine repeats; of a memory without end by experience."""
    return network.receptive_field if network.memory_is_finite else round(SETTLE_S * sample_rate)


def settled_states(network: StreamingNetwork, sines: Sines, sample_rate: int) -> State:
    """State of a recurrent network in which each of the sines finds it, once settled."""
    every = torch.arange(len(sines))
    x, _ = sines.batch(every, 0)
    state = network.initial_state(len(sines))
    with torch.no_grad():
        for _ in range(-(-settling(network, sample_rate) // sines.samples)):
            _, state = network.stream(x, state)
    return state


def without_aliases(answer: NDArray[np.float64], fundamental: int) -> NDArray[np.float64]:
    """A whole number of periods of an answer to a sine with nothing left but DC and its harmonics.

    `fundamental` is the sine's bin. What lies at half the sample rate is no harmonic that can be told.
    """
    spectrum = np.fft.rfft(answer)
    kept = np.zeros_like(spectrum)
    kept[::fundamental] = spectrum[::fundamental]
    if len(answer) % 2 == 0:
        kept[-1] = 0
    return np.fft.irfft(kept, len(answer))
