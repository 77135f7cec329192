"""Cost of a candidate, and the one interface of whatever tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from voxnas.utils.errors import VoxnasError


class CostUnknown(VoxnasError):
    """There is no telling what a network costs; of another there may be."""


@dataclass(frozen=True)
class Cost:
    """Cost of one network, and all that it may depend on beside the network.

    Args:
        figure: the name of what was told, such as "cpu_rtf".
        value: of that figure.
        conditions: what it was told under, as plain values.
        derived: other figures that follow from it, by name.
        said: how a limit's reason words each figure, with the value in it.
    """

    figure: str
    value: float
    conditions: Mapping[str, Any] = field(default_factory=dict)
    derived: Mapping[str, float] = field(default_factory=dict)
    said: Mapping[str, str] = field(default_factory=dict)

    @property
    def figures(self) -> dict[str, float]:
        """All figures by name."""
        return {self.figure: self.value, **self.derived}

    def as_values(self) -> dict[str, Any]:
        """The figure and its conditions, as a record keeps them."""
        return {self.figure: self.value, **self.conditions}


class Meter(Protocol):
    """Tells what networks of a problem cost.

    Attributes:
        figure: the name of what it tells.
        figures: those that limits may name: `figure`, and what follows from it.
        measures: whether it can measure a finished run's model again.
        budget_name: what a limit of it is called in a sentence.
    """

    figure: str
    figures: Sequence[str]
    measures: bool
    budget_name: str

    def cost(self, network: Any, shape: Mapping[str, Any], known: Mapping[str, Any] | None = None) -> Cost:
        """The network's cost.

        Args:
            shape: figures of the network that are known, see `Problem.shape`.
            known: an earlier cost of the same network as `Cost.as_values` gives it; it stands if it was told
                under the same conditions: what passed a limit once passes it again.

        Raises:
            CostUnknown: the cost cannot be told.
        """
        ...

    def again(self, run: Path) -> float:
        """The figure of a finished run's model, measured now and at more length. Raises as `cost`."""
        ...

    def budget(self, limits: Mapping[str, object], shape: Mapping[str, Any]) -> float:
        """The most that a candidate may cost, from whichever of the limits is given.

        `shape` has what is known of the data, see `DataModule.facts`.

        Raises InputError for none, for several, and for what is no positive number.
        """
        ...

    def describe(self, value: float, shape: Mapping[str, Any]) -> str:
        """A cost in words."""
        ...
