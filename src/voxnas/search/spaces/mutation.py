"""Mutation of a candidate: a chooser that repeats the choices of a parent but for a few."""

import math
from collections.abc import Collection, Mapping, Sequence

from voxnas.search.spaces.base import Chooser, T, Value
from voxnas.search.spaces.choosers import RandomChooser

STEP = 0.35  # standard deviation of a number's change, of its logarithm or its range
OFTEN = 3  # times as often as another choice a number changes: a step is less of a risk than another kind


class Recorder:
    """Passes on the choices of another chooser, and records them in `choices`."""

    def __init__(self, chooser: Chooser) -> None:
        self._chooser = chooser
        self.choices: dict[str, Value] = {}

    def choice(self, name: str, options: Sequence[T]) -> T:
        return self._keep(name, self._chooser.choice(name, options))

    def integer(self, name: str, low: int, high: int, log: bool = False) -> int:
        return self._keep(name, self._chooser.integer(name, low, high, log))

    def real(self, name: str, low: float, high: float, log: bool = False) -> float:
        return self._keep(name, self._chooser.real(name, low, high, log))

    def _keep(self, name: str, value: T) -> T:
        self.choices[name] = value
        return value


class MutatingChooser(RandomChooser):
    """Chooses what the parent chose but for a few names: there a number a step away, or another option.

    What the parent has no choice for, or one that is not allowed here, is left to chance.

    Args:
        parent: its choices by name.
        seed: see `RandomChooser`.
        changes: how many of the parent's names change; all if it has fewer.
        fixed: names that do not change.
    """

    def __init__(
        self,
        parent: Mapping[str, Value],
        seed: int | Sequence[int],
        changes: int,
        fixed: Collection[str] = (),
    ) -> None:
        super().__init__(seed)
        self._parent = parent
        names = sorted(parent.keys() - set(fixed))
        often = [1 if isinstance(parent[name], str | bool) else OFTEN for name in names]
        # The first of an exponential race are a draw without replacement in proportion to the rates
        finish = self._random.exponential(size=len(names)) / often
        self._changed = {names[i] for i in finish.argsort()[:changes]}

    def choice(self, name: str, options: Sequence[T]) -> T:
        kept = [option for option in options if self._is_parents(name, option)]
        if not kept:
            return super().choice(name, options)
        others = [option for option in options if option not in kept]
        return super().choice(name, others) if name in self._changed and others else kept[0]

    def integer(self, name: str, low: int, high: int, log: bool = False) -> int:
        kept = self._parent.get(name)
        if not isinstance(kept, int) or isinstance(kept, bool) or not low <= kept <= high:
            return super().integer(name, low, high, log)
        if name not in self._changed or low == high:
            return kept
        near = self._near(kept, low, high, log)
        away = 1 if near >= kept else -1
        stepped = round(near) if round(near) != kept else kept + away
        return stepped if low <= stepped <= high else kept - away

    def real(self, name: str, low: float, high: float, log: bool = False) -> float:
        kept = self._parent.get(name)
        if not isinstance(kept, int | float) or isinstance(kept, bool) or not low <= kept <= high:
            return super().real(name, low, high, log)
        return self._near(kept, low, high, log) if name in self._changed else float(kept)

    def _near(self, kept: float, low: float, high: float, log: bool) -> float:
        change = float(self._random.normal(0.0, STEP))
        near = kept * math.exp(change) if log else kept + change * (high - low)
        return min(max(near, low), high)

    def _is_parents(self, name: str, option: Value) -> bool:
        return name in self._parent and self._parent[name] == option
