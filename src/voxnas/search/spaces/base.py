"""The one interface between a space and whatever chooses in it: chance, Optuna, a list."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

Value = str | int | float | bool | None
T = TypeVar("T", bound=Value)


class Chooser(Protocol):
    """Makes the choices that a space asks for. A name is asked for once per candidate, if at all."""

    def choice(self, name: str, options: Sequence[T]) -> T:
        """One of the options, which are the same whenever this name is asked for."""
        ...

    def integer(self, name: str, low: int, high: int, log: bool = False) -> int:
        """A whole number from low to high, both included; `log` for an even spread of its logarithm."""
        ...

    def real(self, name: str, low: float, high: float, log: bool = False) -> float:
        """A number from low to high; `log` as above."""
        ...


class Space(Protocol):
    """Turns choices into candidates. What is asked for may depend on what was chosen before.

    A space may have `starts`: choices by name, not necessarily all, that an evolution begins with.
    """

    def propose(self, choose: Chooser) -> list[str]:
        """The Hydra overrides that make one candidate of `configs/train.yaml`."""
        ...
