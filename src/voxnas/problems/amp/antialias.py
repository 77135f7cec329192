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
from voxnas.models.base import State
from voxnas.models.build import build
from voxnas.problems.amp.data.sines import Sines, draw_sines, settled_states
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.module import AmpModule
from voxnas.problems.amp.sine_loss import LEAST_ALIASES, sine_loss
from voxnas.training.module import require_finite
from voxnas.utils.errors import InputError

CHOICE = "val/choice"  # by which the best epoch is chosen, in the place of the score
BEYOND = 1e3  # more than any aliasing; for epochs whose ESR is too high
FULL_STEPS = 0.02  # root of the ESR at the start from which on the learning rate is as given
SLOWEST, FASTEST = 0.8, 1.2  # change of the sines' weight from epoch to epoch


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

    weight: float = 0.25
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
        """Ratio of ESRs to steer for: more while steps are large, half of the allowance from halftime on."""
        return (1 + self.max_esr_ratio) / 2 * (1 + max(0.0, 0.5 - progress))


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
        self._states: State = []  # of a recurrent network, for each sine

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
        if not trained.memory_is_finite:
            self._states = settled_states(trained, self.sines, self.sample_rate)
        self.esr_at_start = _esr(trained, self.trainer.datamodule.val_dataloader())  # type: ignore[attr-defined]
        share = min(1.0, math.sqrt(self.esr_at_start) / FULL_STEPS)  # of a small error steps are a large part
        self._base_lrs = [share * lr for lr in self._base_lrs]

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss = require_finite(
            self.loss(self(x), y) + self.weight * math.sqrt(self.esr_at_start) * self._on_sines(x)
        )
        self._losses.append(loss.detach())
        return loss

    def _on_sines(self, like: Tensor) -> Tensor:
        """Loss on some sines: the same ones for the same step of any attempt."""
        random = torch.Generator().manual_seed(self.polish.seed * 1_000_003 + self.global_step)
        which = torch.randint(len(self.sines), (self.polish.batch_size,), generator=random)
        finite = self.network.memory_is_finite
        x, y = self.sines.batch(which, self.network.receptive_field - 1 if finite else 0)
        output = self(x.to(like)) if finite else self._from_state(x.to(like), which)
        harmonic = self.sines.harmonic(which).to(like.device)
        return sine_loss(output, y.to(like), harmonic, self.polish.harmonics, settled=finite)

    def _from_state(self, x: Tensor, which: Tensor) -> Tensor:
        """Answer of a recurrent network that has heard each sine for long: it goes on where it was last."""
        before = [part[:, which].to(x) for part in self._states]
        with torch.no_grad():  # to settle with the weights that it has by now
            _, settled = self.network.stream(x, before)
        output, after = self.network.stream(x, settled)
        for part, now in zip(self._states, after, strict=True):
            part[:, which] = now.detach().to(part)
        return output

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


def _esr(network: Any, section: Any) -> float:
    meter = SectionESR()
    with torch.inference_mode():
        for x, y in section:
            meter.update(network(x), y)
    return max(meter.compute(), 1e-12)
