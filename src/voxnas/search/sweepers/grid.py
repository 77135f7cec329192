"""Every combination of the swept values, as Hydra's basic sweeper has it, shared among processes."""

from collections.abc import Mapping
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from voxnas.search.sweepers.base import StudySweeper
from voxnas.search.sweepers.runner import Outcome
from voxnas.utils.errors import InputError
from voxnas.utils.hydra_private import sweep_points


class GridSweeper(StudySweeper):
    """Runs the whole grid.

    Args:
        max_batch_size: candidates handed to the launcher at a time; None for all.
        params: values to sweep over, in Hydra's grammar, by config key.
        space: one that proposes its candidates; it has no grid, and is refused in one line.
    """

    def __init__(
        self,
        max_batch_size: int | None = None,
        params: Mapping[str, Any] | None = None,
        space: object | None = None,
    ) -> None:
        self.max_batch_size, self.params, self.space = max_batch_size, dict(params or {}), space

    def search(self, arguments: list[str]) -> list[Outcome]:
        if self.space is not None:
            raise InputError("this space is too large to try all of it; add search=ladder or search=optuna")
        assert self.hydra_context is not None
        loader = self.hydra_context.config_loader
        given = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        parsed = OverridesParser.create(config_loader=loader).parse_overrides(given)
        return self.runner.run_all(sweep_points(parsed), self.max_batch_size)
