"""Callback that writes the finished network in the formats that plug-ins load."""

import logging
from collections.abc import Mapping, Sequence

import lightning.pytorch as pl

from voxnas.callbacks.streaming import streaming
from voxnas.export.files import CannotHold
from voxnas.export.formats import find_format
from voxnas.export.metadata import nam_metadata
from voxnas.training.callback import JobCallback

log = logging.getLogger(__name__)


class Export(JobCallback):
    """Writes `<candidate>.nam`, `model.json` and the like into the run's folder.

    A format without knobs gets the network with its controls at rest.

    Args:
        formats: names of `voxnas.export.formats`; one that cannot hold the network is left out, with a line
            that says why.
        only_realtime: leave out what the benchmark found too slow for this CPU.
        metadata: gear fields and the like for the plug-in's file; see `nam_metadata`; what is None is
            left out.
    """

    def __init__(
        self,
        formats: Sequence[str] = ("nam", "json"),
        only_realtime: bool = True,
        metadata: Mapping[str, str | float | None] | None = None,
    ) -> None:
        self.formats = {name: find_format(name) for name in formats}
        self.only_realtime = only_realtime
        self.metadata = {key: value for key, value in (metadata or {}).items() if value is not None}

    def on_test_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.only_realtime and self.record.value("cpu_realtime_capable") is False:
            return
        module = streaming(pl_module)
        metadata = nam_metadata(
            module.network,
            module.sample_rate,
            validation_esr=self.record.score,
            training_settings={"epochs": self.record.epochs, "seed": self.record.seed},
            **({"name": self.record.candidate} | self.metadata),  # type: ignore[arg-type]
        )
        at_rest = module.network.at_rest()
        for name, chosen in self.formats.items():
            network = module.network if chosen.controls else at_rest
            path = self.folder / (chosen.in_run or self.record.candidate + chosen.suffix)
            try:
                chosen.write(network, path, module.sample_rate, metadata)
            except CannotHold as reason:
                log.warning("%s", reason)
            else:
                self.record.exports[name] = path.name
