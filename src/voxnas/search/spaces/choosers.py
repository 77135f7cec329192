"""Choosers in a space: at random, or by an Optuna sampler."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from voxnas.search.spaces.base import T

if TYPE_CHECKING:
    import optuna


class RandomChooser:
    """Chooses evenly; the same choices for the same seed.

    Args:
        seed: a number, or several that make one, such as the search's and the candidate's.
    """

    def __init__(self, seed: int | Sequence[int]) -> None:
        self._random = np.random.default_rng(seed)

    def choice(self, name: str, options: Sequence[T]) -> T:
        return options[int(self._random.integers(len(options)))]

    def integer(self, name: str, low: int, high: int, log: bool = False) -> int:
        if not log:
            return int(self._random.integers(low, high, endpoint=True))
        drawn = math.exp(self._random.uniform(math.log(low - 0.5), math.log(high + 0.5)))
        return min(max(round(drawn), low), high)

    def real(self, name: str, low: float, high: float, log: bool = False) -> float:
        if not log:
            return float(self._random.uniform(low, high))
        drawn = math.exp(self._random.uniform(math.log(low), math.log(high)))
        return min(max(drawn, low), high)


class TrialChooser:
    """Lets Optuna choose; what was chosen are the trial's parameters, by the names they were asked for."""

    def __init__(self, trial: "optuna.trial.Trial") -> None:
        self._trial = trial

    def choice(self, name: str, options: Sequence[T]) -> T:
        return cast(T, self._trial.suggest_categorical(name, list(options)))

    def integer(self, name: str, low: int, high: int, log: bool = False) -> int:
        return int(self._trial.suggest_int(name, low, high, log=log))

    def real(self, name: str, low: float, high: float, log: bool = False) -> float:
        return float(self._trial.suggest_float(name, low, high, log=log))
