"""Source of sounds whose knobs are known: what draws settings, and plays them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from voxnas.problems.spectral.vimh.knobs import Knob


class Source(ABC):
    """Plays settings of knobs.

    Attributes:
        kind: one word, of folders' names and JSON.
        sample_rate: in Hz.
        seconds: of a sound, as the set's name has it; pictures may show but its beginning.
        per_setting: images that share a setting, one after the other.
        chunk: images that are made in one go.
        of_the_format: whether the format's own JSON says all about it.
    """

    kind: str
    sample_rate: int
    seconds: float
    per_setting: int = 1
    chunk: int = 256
    of_the_format: bool = False

    @abstractmethod
    def check(self, names: set[str]) -> None:
        """InputError where knobs are missing or not known."""

    def knobs(self, given: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, Any]]:
        """Ranges and fixed values of the knobs, those that the source knows by itself among them."""
        return given

    def number(self, wanted: int) -> int:
        """Images that there will be where so many are wanted."""
        return wanted

    def draw(self, number: int, train: int, knobs: Sequence[Knob], seed: int) -> np.ndarray:
        """Settings of so many images, `(number, knobs)`, uniformly over the ranges.

        In the order of `numpy.random.uniform`, one image's knobs after the other's.
        """
        settings = -(-number // self.per_setting)
        low, high = [knob.low for knob in knobs], [knob.high for knob in knobs]
        drawn = np.random.RandomState(seed).uniform(low, high, (settings, len(knobs)))
        return np.repeat(drawn, self.per_setting, axis=0)[:number]

    @abstractmethod
    def play(
        self, knobs: Mapping[str, np.ndarray], samples: int, numbers: np.ndarray, train: int, seed: int
    ) -> np.ndarray:
        """Sounds `(n, samples)`.

        Args:
            knobs: name → `(n,)`, the fixed ones too.
            samples: of each.
            numbers: of the images in their set, `(n,)`.
            train: how many of the set's images, the first ones, are trained on.
            seed: of the set.
        """

    def as_values(self) -> dict[str, Any]:
        """Plain values that tell it, for the set's JSON."""
        return {"type": self.kind, "sample_rate": self.sample_rate, "seconds": self.seconds}
