"""TensorBoard pictures of a search's choices: what they are, and how they came about."""

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.loggers import TensorBoardLogger
from numpy.typing import NDArray

from voxnas.drawing.style import as_image
from voxnas.report.genotypes.choice_maps import latest_map, over_time
from voxnas.search.darts.module import DartsModule


class ChoiceMaps(pl.Callback):
    """Logs two heat maps per table: rows × options of now, and rows · options over the epochs.

    Args:
        every_epochs: between the pictures; the last epoch has them too.
    """

    def __init__(self, every_epochs: int = 5) -> None:
        self.every_epochs = every_epochs
        self._past: dict[str, list[NDArray[np.float32]]] = {}  # per table and epoch (rows, options)

    def state_dict(self) -> dict[str, dict[str, torch.Tensor]]:
        return {"past": {name: torch.from_numpy(np.stack(seen)) for name, seen in self._past.items()}}

    def load_state_dict(self, state_dict: dict[str, dict[str, torch.Tensor]]) -> None:
        self._past = {name: list(seen.numpy()) for name, seen in state_dict["past"].items()}

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        assert isinstance(pl_module, DartsModule)
        network, epoch = pl_module.network, trainer.current_epoch
        for name, table in network.choices.items():
            now = table.probabilities(network.temperature).detach().cpu().numpy()  # type: ignore[operator]
            self._past.setdefault(name, []).append(now)
        if (epoch + 1) % self.every_epochs == 0 or epoch + 1 == trainer.max_epochs:
            self._log(trainer, pl_module)

    def _log(self, trainer: pl.Trainer, module: DartsModule) -> None:
        boards = [logger for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
        if not boards:
            return
        for name, table in zip(module.network.choices, module.tables, strict=True):
            past = np.stack(self._past[name])
            pictures = {
                f"choices/{name}": latest_map(name, table.rows, table.options, past[-1]),
                f"choices over time/{name}": over_time(name, table.rows, table.options, past),
            }
            for tag, figure in pictures.items():
                for board in boards:
                    board.experiment.add_image(
                        tag, as_image(figure), trainer.current_epoch, dataformats="HWC"
                    )
