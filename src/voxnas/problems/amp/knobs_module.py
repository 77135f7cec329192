"""LightningModule of a device with knobs: trained on all settings side by side, judged setting by setting."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from voxnas.problems.amp.data.knobs.batches import KnobBatch
from voxnas.problems.amp.data.knobs.datamodule import KnobsDataModule
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.metrics import mrstft
from voxnas.problems.amp.module import AmpModule
from voxnas.problems.amp.overshoot import judged
from voxnas.training.module import require_finite


class KnobsModule(AmpModule):
    """Trains a network that follows controls.

    Every setting counts the same, however loud it is: outputs and targets are brought to one loudness for
    the loss, and the score is the mean of the settings' ESRs, each of a whole section at once. Settings that
    are kept back have a part in `test/held_out_esr` alone.

    Args:
        data: the settings' names and which of them train.
        options: as of `AmpModule`.
    """

    def __init__(self, network: Any, data: KnobsDataModule, **options: Any) -> None:
        super().__init__(network, sample_rate=data.sample_rate, **options)
        self._data = data
        self._sections: dict[int, SectionESR] = {}
        self._played: dict[int, tuple[list[Tensor], list[Tensor]]] = {}

    def training_step(self, batch: KnobBatch, batch_idx: int) -> Tensor:  # type: ignore[override]
        output = self.network(batch.x, batch.controls)
        loss = require_finite(self.loss(batch.gain * output, batch.gain * batch.y))
        self._losses.append(loss.detach())
        return loss + self._beside(lambda x: self.network(x, batch.controls[:1]), batch.x[:1])

    def on_validation_epoch_start(self) -> None:
        self._sections = {}
        self._overshoot.reset()

    def validation_step(self, batch: KnobBatch, batch_idx: int) -> None:  # type: ignore[override]
        section = self._sections.setdefault(int(batch.place[0]), SectionESR())
        section.update(self.network(batch.x, batch.controls), batch.y)
        self._overshoot.update(lambda x: self.network(x, batch.controls), batch.x)

    def on_validation_epoch_end(self) -> None:
        esr = _mean({place: section.compute() for place, section in self._sections.items()})
        self.log_score(judged(esr, self._overshoot.compute_db()))

    def on_test_epoch_start(self) -> None:
        self._played = {}
        self._overshoot.reset()

    def test_step(self, batch: KnobBatch, batch_idx: int) -> None:  # type: ignore[override]
        outputs, targets = self._played.setdefault(int(batch.place[0]), ([], []))
        outputs.append(self.network(batch.x, batch.controls).flatten().cpu())
        targets.append(batch.y.flatten().cpu())
        self._overshoot.update(lambda x: self.network(x, batch.controls), batch.x)

    def on_test_epoch_end(self) -> None:
        errors, distances = {}, {}
        for place, played in self._played.items():
            output, target = map(torch.cat, played)
            whole = SectionESR()
            whole.update(output, target)
            errors[place] = whole.compute()
            distances[place] = float(mrstft(output, target, self.sample_rate))
        self._played = {}
        kept = self._data.recordings.held_out
        self.log("test/esr", _tensor(_mean({p: esr for p, esr in errors.items() if p not in kept})))
        self.log("test/mrstft", _tensor(_mean({p: far for p, far in distances.items() if p not in kept})))
        self.log("test/overshoot_db", self._overshoot.compute_db())
        self.log("test/worst_esr", _tensor(max(errors.values())))
        if kept:
            self.log("test/held_out_esr", _tensor(_mean({place: errors[place] for place in kept})))


def _mean(values: Mapping[int, float]) -> float:
    return sum(values.values()) / max(1, len(values))


def _tensor(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64).float()
