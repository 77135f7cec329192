"""Every combination of a space's parameters, as Hydra has it."""

from collections.abc import Mapping
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

from voxnas.utils.app import user_errors
from voxnas.utils.errors import InputError


class GridSweeper(BasicSweeper):
    """Hydra's basic sweeper, which says what to do with a space that has no end.

    Args:
        params: values by config key, as an override would sweep over them.
        space: one that proposes its candidates; refused in one line.
        max_batch_size: jobs that the launcher gets at a time; None for all.
    """

    def __init__(
        self,
        params: Mapping[str, Any] | None = None,
        space: Mapping[str, Any] | None = None,
        max_batch_size: int | None = None,
    ) -> None:
        super().__init__(max_batch_size=max_batch_size, params=params)
        self.space = space

    def sweep(self, arguments: list[str]) -> Any:
        assert self.config is not None
        with user_errors(self.config):
            if self.space is not None:
                raise InputError("this space is too large to try all of it: add search=optuna or search=ladder")
        return super().sweep(arguments)
