"""The goal of a search, where that is more than its frontier."""

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig

from voxnas.search.sweepers.finals import Finals
from voxnas.search.sweepers.runner import Outcome


class Goal:
    """The frontier of the objectives: no further limits, and nothing to be said at the end.

    Attributes:
        least_cost: cost of the candidates that go first, where enough cost so much.
        seeds, sure: of the finals, see `Finals`.
        most_runs: that the finals may take.
    """

    least_cost: float | None = None
    seeds: Sequence[int] = ()
    sure: float = 0.9
    most_runs: int = 0

    def overrides(self, config: DictConfig) -> list[str]:
        """The settings that every run gets besides. Raises InputError for a goal that cannot be."""
        return []

    def settings(self) -> Mapping[str, Any]:
        """The settings of it that decide which candidates are proposed."""
        return {}

    def finalists(self, outcomes: Sequence[Outcome], rung: str) -> list[str]:
        """The candidates of this rung, the last, between which finals decide; none where there are none."""
        return []

    def conclude(self, config: DictConfig, outcomes: Sequence[Outcome], finals: Finals) -> None:
        """Write down what came of it; the outcomes of a candidate come from the first rung to the last."""
