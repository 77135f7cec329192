"""Stress: a term of the loss that keeps a network within bounds where nothing was recorded."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import avg_pool1d

from voxnas.problems.amp.data.peaks import Peaks

SMOOTH = 15  # samples over which some of the noise is averaged: dull as a guitar
QUIETEST, LOUDEST = 0.25, 1.5  # peaks of what is played; a host may exceed full scale


class Stress:
    """A penalty on what comes out above the amp's loudest, on input like none of the recording.

    A recording says nothing of other guitars and harder strokes. Networks of many layers without a limit
    (LeakyReLU) have been seen to answer them with 100 dB more than the amp, and with small errors on the
    recording. What the amp makes of such input nobody knows, but how loud it may be is known: the network
    plays some, of chance, now and then, and what exceeds the bound counts as the logarithm of its excess,
    whose gradient is of one size however large that is. Within bounds there is none.

    Args:
        weight: of the penalty beside the loss.
        samples: of the answer that is looked at, per step.
        margin: times the amp's loudest that the answer may have.
        every: steps from one such input to the next.
    """

    def __init__(self, weight: float = 0.1, samples: int = 1024, margin: float = 2.0, every: int = 4) -> None:
        self.weight, self.samples, self.margin, self.every = weight, samples, margin, every

    def __call__(
        self,
        network: Callable[[Tensor], Tensor],
        x: Tensor,
        receptive_field: int,
        peaks: Peaks,
        step: int,
    ) -> Tensor | float:
        """The penalty of a step, which is the seed; x is the step's input, `(batch, 1, samples)`."""
        if step % self.every:
            return 0.0
        played = unheard(x[..., -(receptive_field - 1 + self.samples) :], step)
        bound = self.margin * peaks.allowed(float(played.abs().max()))
        excess = torch.relu(network(played).abs().amax() / max(bound, 1e-9) - 1)
        return self.weight * torch.log1p(
            excess.nan_to_num(0.0, 0.0, 0.0)
        )  # no gradient leads back from there


def unheard(x: Tensor, seed: int) -> Tensor:
    """Input that was not recorded, `(1, 1, samples)`: segments of a batch and noise on top of each other.

    One segment may be turned round, the noise be dull; the mixture is up to 3.5 dB above full scale.
    """
    chance = torch.Generator().manual_seed(seed)
    first, second = torch.randint(0, len(x), (2,), generator=chance).tolist()
    turned, dull, *shares, level = torch.rand(6, generator=chance).tolist()
    noise = torch.randn(x[:1].shape, generator=chance).to(x)
    if dull > 0.3:
        noise = avg_pool1d(noise, SMOOTH, 1, SMOOTH // 2)
    one = x[first, None].flip(-1) if turned > 0.5 else x[first, None]
    mixed = torch.zeros_like(one)
    for share, part in zip(shares, (one, x[second, None], noise), strict=True):
        mixed += max(0.0, share - 0.33) * _at_full_scale(part)
    return (QUIETEST + (LOUDEST - QUIETEST) * level) * _at_full_scale(mixed)


def _at_full_scale(signal: Tensor) -> Tensor:
    return signal / signal.abs().amax().clamp_min(1e-9)
