"""Writes the finished network in the formats that plug-ins load."""

from collections.abc import Sequence

import lightning.pytorch as pl

from voxnas.callbacks.base import RunCallback, amp_module
from voxnas.export.header.render import write_header
from voxnas.export.metadata import nam_metadata
from voxnas.export.nam import write_nam
from voxnas.export.record_json import FILE_NAME, write_record_json

_WRITERS = {"nam": ("{candidate}.nam", write_nam), "json": (FILE_NAME, write_record_json)}
_WRITERS |= {"header": ("{candidate}.h", write_header)}


class Export(RunCallback):
    """Writes `<candidate>.nam` and `model.json` into the run's folder.

    Args:
        formats: of `nam`, `json`, and `header` for C++.
        only_realtime: leave out what the benchmark found too slow for this CPU.
        metadata: gear fields and the like for the plug-in's file; see `nam_metadata`.
    """

    def __init__(
        self,
        formats: Sequence[str] = ("nam", "json"),
        only_realtime: bool = True,
        metadata: dict[str, str | float] | None = None,
    ) -> None:
        self.formats, self.only_realtime, self.metadata = tuple(formats), only_realtime, dict(metadata or {})

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.only_realtime and self.record.cpu_realtime_capable is False:
            return
        module = amp_module(pl_module)
        metadata = nam_metadata(
            module.network,
            module.sample_rate,
            validation_esr=self.record.best_val_loss,
            training_settings={"epochs": self.record.epochs, "seed": self.record.seed},
            **({"name": self.record.candidate} | self.metadata),  # type: ignore[arg-type]
        )
        for name in self.formats:
            file, write = _WRITERS[name]
            path = self.folder / file.format(candidate=self.record.candidate)
            write(module.network, path, module.sample_rate, metadata)
            self.record.exports[name] = path.name
