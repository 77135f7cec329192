"""Callback that writes the finished string as JSON, which `render.py` plays, and as a C++ header."""

import lightning.pytorch as pl

from voxnas.export.record_json import FILE_NAME, write_record_json
from voxnas.problems.string.header import write_header
from voxnas.problems.string.module import StringModule
from voxnas.problems.string.played import exciters_of
from voxnas.training.callback import JobCallback


class StringExport(JobCallback):
    """Writes `model.json`, with a pluck taken from the recording, and `<candidate>.h`."""

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, StringModule)
        network, note = pl_module.network, pl_module.data.parts()[0][0]
        exciter = exciters_of(network, note)
        metadata = {"name": self.record.candidate, "pitch_hz": note.pitch_hz, "exciter": exciter.tolist()}
        write_record_json(network, self.folder / FILE_NAME, note.sample_rate, metadata)  # type: ignore[arg-type]
        header = write_header(network, exciter, self.folder / f"{self.record.candidate}.h")
        self.record.exports |= {"json": FILE_NAME, "header": header.name}
