"""Fine-tuning of a trained model against aliasing: its own answers to sines, without aliases, are the target.

After "Anti-aliasing of neural distortion effects via model fine tuning" (2025), arXiv:2505.11375,
with the pair beside the sines, and with what is folded back weighed in dB, as the figure `asr` does.
"""

import logging
import math
from collections.abc import Mapping
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor

from voxnas.engine.aliasing import measure_aliasing, overall
from voxnas.engine.make import make_engine
from voxnas.models.base import State
from voxnas.models.build import build
from voxnas.problems.amp.data.sines import settled_states
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.module import AmpModule
from voxnas.problems.amp.polish import Polish
from voxnas.problems.amp.sine_loss import sine_loss
from voxnas.training.module import require_finite
from voxnas.utils.errors import InputError

log = logging.getLogger(__name__)

CHOICE = "val/choice"  # by which the best epoch is chosen, in the place of the score
BEYOND = 1e3  # more than any aliasing; for epochs whose ESR is too high
FULL_STEPS = 0.02  # root of the ESR at the start from which on the learning rate is as given
RECURRENT_STEPS = 0.25  # share of the learning rate that suits recurrent networks


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
        self._least = math.inf  # choice so far
        self._states: State = []  # of a recurrent network, for each sine

    def start_from(self, state_dict: Mapping[str, Tensor]) -> None:
        super().start_from(state_dict)
        self.origin = {name: value.clone() for name, value in self.network.state_dict().items()}

    def setup(self, stage: str) -> None:
        super().setup(stage)
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
        self._base_lrs = [self._step_share() * lr for lr in self._base_lrs]

    def _step_share(self) -> float:
        """Share of the learning rate: less where large steps would add much to a small error."""
        kind = 1.0 if self.network.memory_is_finite else RECURRENT_STEPS
        return kind * min(1.0, math.sqrt(self.esr_at_start) / FULL_STEPS)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, y = batch
        loss = require_finite(
            self.loss(self(x), y) + self.weight * math.sqrt(self.esr_at_start) * self._on_sines(x)
        )
        self._losses.append(loss.detach())
        return loss + self._beside(self.network, x)

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
        esr, network = self.section_score(), self.network
        self.log_score(esr)
        measured = measure_aliasing(
            make_engine(network), self.sample_rate, network.receptive_field, period=network.period
        )
        ratio, asr = esr / self.esr_at_start, overall(measured)
        fits = asr is not None and ratio <= self.polish.max_esr_ratio
        choice = asr if asr is not None and fits else BEYOND * (1 + ratio)
        self._found = {"choice": choice} | ({} if asr is None else {"asr": asr})
        self._least = min(self._least, choice)
        self.log(CHOICE, torch.tensor(choice, dtype=torch.float64).float())
        self.weight = self.polish.steered(self.weight, ratio, self.progress())

    def on_fit_end(self) -> None:
        super().on_fit_end()
        if self._least >= BEYOND:
            log.warning(
                "no epoch kept the ESR within %g times that of the start: the nearest is kept; give a lower "
                "training.optimizer.lr or training.polish.weight, or more time",
                self.polish.max_esr_ratio,
            )

    def epoch_figures(self) -> dict[str, float]:
        """Figures of the last epoch for the history: its aliasing, and by which `choice` it is the best."""
        return self._found

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["voxnas"] |= {"origin": self.origin, "weight": self.weight, "least": self._least}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        known = checkpoint["voxnas"]
        self.origin, self.weight, self._least = (known[name] for name in ("origin", "weight", "least"))


def _esr(network: Any, section: Any) -> float:
    meter = SectionESR()
    with torch.inference_mode():
        for x, y in section:
            meter.update(network(x), y)
    return max(meter.compute(), 1e-12)
