"""Callback that measures how right the finished network is at each setting of its knobs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import lightning.pytorch as pl
import torch

from voxnas.problems.amp.data.knobs.datamodule import KnobsDataModule
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.knobs_module import KnobsModule
from voxnas.training.callback import JobCallback

DETAIL = "settings"  # of the record


@dataclass(frozen=True)
class SettingScore:
    """ESRs of the validation and the test section at a setting, and whether it was kept back."""

    setting: Mapping[str, Any]
    held_out: bool
    val_esr: float
    test_esr: float


class Settings(JobCallback):
    """Records `settings`: the ESR at each setting of the data, those that trained nothing among them."""

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        data = getattr(trainer, "datamodule", None)
        if isinstance(pl_module, KnobsModule) and isinstance(data, KnobsDataModule):
            self.record.details[DETAIL] = [asdict(score) for score in score_settings(pl_module, data)]


def score_settings(module: KnobsModule, data: KnobsDataModule) -> list[SettingScore]:
    """The scores at each setting, in the order of the data's table."""
    rows, held_out = data.table.rows, data.recordings.held_out
    val, test = (_by_place(module, data, section, range(len(rows))) for section in ("val", "test"))
    return [
        SettingScore(dict(row.setting), place in held_out, val[place], test[place])
        for place, row in enumerate(rows)
    ]


def _by_place(
    module: KnobsModule, data: KnobsDataModule, section: str, places: Sequence[int]
) -> dict[int, float]:
    sections = {place: SectionESR() for place in places}
    with torch.inference_mode():
        for batch in data.pieces(section, places):
            output = module.network(batch.x.to(module.device), batch.controls.to(module.device)).cpu()
            sections[int(batch.place[0])].update(output, batch.y)
    return {place: found.compute() for place, found in sections.items()}
