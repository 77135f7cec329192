"""Fine-tuning of a trained model against aliasing: its own answers to sines, without aliases, are the target.

After "Anti-aliasing of neural distortion effects via model fine tuning" (2025), arXiv:2505.11375,
with the pair beside the sines, and with what is folded back weighed in dB, as the figure `asr` does.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from voxnas.engine.aliasing import measure_aliasing, overall
from voxnas.engine.make import make_engine
from voxnas.models.build import build
from voxnas.problems.amp.data.sines import Sines, draw_sines
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.module import AmpModule
from voxnas.training.module import require_finite
from voxnas.utils.errors import InputError

CHOICE = "val/choice"  # by which the best epoch is chosen, in the place of the score
BEYOND = 1e3  # more than any aliasing; for epochs whose ESR is too high
LEAST_ALIASES, LEAST_CHANGE = 1e-10, 1e-8  # ratios; what lies below is not worth a step
SLOWEST, FASTEST = 0.85, 1.2  # change of the sines' weight from epoch to epoch


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

    def draw(self, network: Any, sample_rate: int) -> Sines:
        """The sines for a trained network. Raises InputError if it aliases at none."""
        drawn = draw_sines(
            network, sample_rate, self.sines, self.samples, self.pitches, self.levels_dbfs, self.seed
        )
        aliasing = drawn.aliasing > LEAST_ALIASES
        if not aliasing.any():
            raise InputError("training=antialias: the model that it starts from has no aliasing to take off")
        return drawn.only(aliasing)

    def wanted_ratio(self, progress: float) -> float:
        """Ratio of ESRs to steer for: the allowance's middle in the end, and more while steps are large."""
        return (1 + self.max_esr_ratio) / 2 * (1 + 0.25 * (1 + math.cos(math.pi * progress)))


class AntialiasModule(AmpModule):
    """Trains on the pair and on sines, and keeps the epoch with the least aliasing whose ESR is low enough.

    Args:
        polish: see `Polish`.
        others: see `AmpModule`.

    The trained model is what `start_from` is given; its weights are kept in checkpoints for runs that go on.
    """

    def __init__(self, *args: Any, polish: Polish, **others: Any) -> None:
        super().__init__(*args, **others)
        self.polish, self.weight = polish, polish.weight
        self.origin: dict[str, Tensor] | None = None
        self.esr_at_start = 0.0
        self._found: dict[str, float] = {}

    def start_from(self, state_dict: Mapping[str, Tensor]) -> None:
        super().start_from(state_dict)
        self.origin = {name: value.clone() for name, value in self.network.state_dict().items()}

    def setup(self, stage: str) -> None:
        for callback in self.trainer.checkpoint_callbacks:
            if isinstance(callback, pl.callbacks.ModelCheckpoint) and callback.monitor == "val/score":
                callback.monitor = CHOICE

    def on_fit_start(self) -> None:
        super().on_fit_start()
        if self.origin is None:
            raise InputError("training=antialias goes on from a trained model: give init_from=PATH")
        trained = build(self.network.architecture())
        trained.load_state_dict(self.origin)
        trained.eval()
        self.sines = self.polish.draw(trained, self.sample_rate)
        self.esr_at_start = _esr(trained, self.trainer.datamodule.val_dataloader())  # type: ignore[attr-defined]

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss = require_finite(
            self.loss(self(x), y) + self.weight * math.sqrt(self.esr_at_start) * self._on_sines(x)
        )
        self._losses.append(loss.detach())
        return loss

    def _on_sines(self, like: Tensor) -> Tensor:
        """Loss on some sines: the same for the same step of any attempt."""
        random = torch.Generator().manual_seed(self.polish.seed * 1_000_003 + self.global_step)
        which, phases = (
            torch.randint(below, (self.polish.batch_size,), generator=random)
            for below in (len(self.sines), self.sines.samples)
        )
        x, y = self.sines.batch(which, phases, self.sines.samples, self.network.receptive_field - 1)
        harmonic = self.sines.harmonic(which).to(like.device)
        return sine_loss(self(x.to(like)), y.to(like), harmonic, self.polish.harmonics)

    def on_validation_epoch_end(self) -> None:
        esr, network = self._section.compute(), self.network
        self.log_score(esr)
        measured = measure_aliasing(
            make_engine(network), self.sample_rate, network.receptive_field, period=network.period
        )
        ratio, asr = esr / self.esr_at_start, overall(measured)
        fits = asr is not None and ratio <= self.polish.max_esr_ratio
        choice = asr if asr is not None and fits else BEYOND * ratio
        self._found = {"choice": choice} | ({} if asr is None else {"asr": asr})
        self.log(CHOICE, torch.tensor(choice, dtype=torch.float64).float())
        change = math.sqrt(self.polish.wanted_ratio(self.progress()) / max(ratio, 1e-9))
        self.weight *= min(FASTEST, max(SLOWEST, change))

    def epoch_figures(self) -> dict[str, float]:
        """Figures of the last epoch for the history: its aliasing, and by which `choice` it is the best."""
        return self._found

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["voxnas"] |= {"origin": self.origin, "weight": self.weight}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.origin, self.weight = (checkpoint["voxnas"][name] for name in ("origin", "weight"))


def sine_loss(output: Tensor, answers: Tensor, harmonic: Tensor, weight: float) -> Tensor:
    """Loss of settled answers to sines over a whole number of their periods.

    The aliases' share in dB, as a logarithm of amplitudes, and the harmonics' change, as a share of the
    answer's amplitude.

    Args:
        output, answers: `(sines, 1, samples)`.
        harmonic: `(sines, bins)`: which bins are multiples of each sine's, DC included.
        weight: of the harmonics' change.
    """
    heard, wanted = torch.fft.rfft(output[:, 0]), torch.fft.rfft(answers[:, 0])
    energy = heard.abs().square()
    aliases, harmonics = (energy * ~harmonic).sum(1), (energy * harmonic)[:, 1:].sum(1)
    change = ((heard - wanted).abs().square() * harmonic).sum(1) / wanted.abs().square().sum(1)
    folded = 0.5 * (aliases / (harmonics + LEAST_ALIASES) + LEAST_ALIASES).log().mean()
    return folded + weight * (change + LEAST_CHANGE).sqrt().mean()


def _esr(network: Any, section: Any) -> float:
    meter = SectionESR()
    with torch.inference_mode():
        for x, y in section:
            meter.update(network(x), y)
    return max(meter.compute(), 1e-12)
