"""What a search is for, where that is more than its frontier."""

from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig

from voxnas.search.sweepers.runner import Outcome


class Goal:
    """The frontier of the objectives: no further limits, and nothing to be said at the end.

    Attributes:
        least_cost: cost of the candidates that go first, where enough cost so much.
    """

    least_cost: float | None = None

    def overrides(self, config: DictConfig) -> list[str]:
        """What every run is told besides. Raises InputError for a goal that cannot be."""
        return []

    def settings(self) -> Mapping[str, Any]:
        """What of it decides who is proposed."""
        return {}

    def conclude(self, config: DictConfig, outcomes: Sequence[Outcome]) -> None:
        """Write down what came of it; the outcomes of a candidate come from the first rung to the last."""
