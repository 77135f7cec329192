"""Settings of the fine-tuning against aliasing: which sines it plays, and how much the ESR may rise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.data.sines import Sines, draw_sines
from voxnas.problems.amp.sine_loss import LEAST_ALIASES
from voxnas.utils.errors import InputError

SETTLED = 0.8  # of the run, from where on the ESR is steered for what it is to be in the end
SLOWEST, FASTEST = 0.5, 1.3  # change of the sines' weight from epoch to epoch


@dataclass(frozen=True)
class Polish:
    """What the fine-tuning plays and wants.

    Args:
        weight: of the sines' loss beside the pair's, in units of the root of the ESR at the start; to begin
            with: it falls while the ESR is too high.
        harmonics: weight, within the sines' loss, of harmonics that are not the trained model's.
        max_esr_ratio: the validation ESR over that at the start, up to which an epoch may be chosen.
        sines: how many are drawn in all; those that the trained model answers without aliases are left out.
        batch_size: sines of a step.
        samples: after which they begin anew at the latest.
        pitches: lowest and highest, in Hz.
        levels_dbfs: lowest and highest peak.
        seed: of the sines and their order.
    """

    weight: float = 0.5
    harmonics: float = 1.0
    max_esr_ratio: float = 1.1
    sines: int = 512
    batch_size: int = 16
    samples: int = 2048
    pitches: Sequence[float] = (82.4, 10_000.0)
    levels_dbfs: Sequence[float] = (-30.0, -6.0)
    seed: int = 0

    def draw(self, network: StreamingNetwork, sample_rate: int) -> Sines:
        """The sines for a trained network. Raises InputError if it aliases at none."""
        drawn = draw_sines(
            network, sample_rate, self.sines, self.samples, self.pitches, self.levels_dbfs, self.seed
        )
        aliasing = drawn.aliasing > LEAST_ALIASES
        if not aliasing.any():
            raise InputError("training=antialias: the model that it starts from has no aliasing to take off")
        return drawn.only(aliasing)

    def wanted_ratio(self, progress: float) -> float:
        """Ratio of ESRs to steer for: half of the allowance in the end, and more while steps are large."""
        cosine = math.cos(math.pi * min(1.0, progress / SETTLED))
        return (1 + self.max_esr_ratio) / 2 * (1.25 + 0.25 * cosine)

    def steered(self, weight: float, ratio: float, progress: float) -> float:
        """The sines' weight for the next epoch; the nearer the end, the more a ratio that is off counts."""
        change = (self.wanted_ratio(progress) / max(ratio, 1e-9)) ** (0.5 + 2 * progress)
        return weight * min(FASTEST, max(SLOWEST, change))
