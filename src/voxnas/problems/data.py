"""Contract of the data that a problem trains on."""

from abc import ABC, abstractmethod
from typing import Any

import lightning.pytorch as pl

from voxnas.utils.errors import InputError


class DataModule(pl.LightningDataModule, ABC):
    """Data of a run, read on first use."""

    def adapt(self, network: Any) -> None:
        """Take from a network what suits it, such as how much past it wants; before the loaders are asked."""
        return

    def facts(self) -> dict[str, Any]:
        """Figures of the data that are known without reading it, such as a sample rate."""
        return {}

    def figures(self) -> dict[str, float]:
        """Figures of the data for a finished run's record; those that cannot be told are left out."""
        return {}

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """The record's `data`: `fingerprint`, `sections` and what else a reader wants to know.

        Raises InputError if the data cannot be used.
        """

    def bilevel(self, choice_share: float, choice_batch_size: int | None) -> pl.LightningDataModule:
        """Data of a differentiable search: pairs of a batch for the weights and one for the choices.

        Args:
            choice_share: of what is trained on, for the choices.
            choice_batch_size: of their batches; None for that of the weights'.

        Raises InputError if the data cannot be used so.
        """
        raise InputError(f"{type(self).__name__} cannot be split for a differentiable search")
