"""The demo rig at any setting of its knobs: only what comes out of it, played on guitars of chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from voxnas.audio.demo.guitar import play_guitar
from voxnas.audio.demo.rig import play_amp
from voxnas.problems.spectral.sounds.source import Source
from voxnas.utils.errors import InputError

KNOBS = ("drive", "tone", "level")
TAKE_S = 30.0  # of each guitar
CHUNK = 384  # samples that the rig solves one after the other, all chunks of a short stretch side by side
OVERLAP = 4
TAKES = 16  # of guitars that are trained on, and as many others that are not


@dataclass(frozen=True)
class DemoRig(Source):
    """The rig that the project makes itself: `drive`, `tone` and `level`, 0 to 1.

    Images that are trained on and those that test hear different guitars: other takes, notes and dynamics.

    Args:
        sample_rate: in Hz.
        seconds: of a stretch that an image is cut from.
        per_setting: images that are cut from one stretch of playing, each a quarter of it after the last.
        settle_s: what the rig plays before, so that it has settled.
    """

    sample_rate: int = 16_000
    seconds: float = 4.0
    per_setting: int = 4
    settle_s: float = 0.1

    kind = "rig"
    chunk = 64

    def check(self, names: set[str]) -> None:
        if names != set(KNOBS):
            raise InputError(f"knobs: the demo rig has {', '.join(KNOBS)}, got {', '.join(sorted(names))}")

    def play(
        self, knobs: Mapping[str, np.ndarray], samples: int, numbers: np.ndarray, train: int, seed: int
    ) -> np.ndarray:
        step, settle = samples // OVERLAP, round(self.settle_s * self.sample_rate)
        sounds = np.empty((len(numbers), samples))
        groups = numbers // self.per_setting
        for group in np.unique(groups):
            places = np.flatnonzero(groups == group)
            is_test = bool(numbers[places[0]] >= train)
            length = settle + samples + (self.per_setting - 1) * step
            dry = self._stretch(int(group), is_test, length, seed)
            setting = {name: float(knobs[name][places[0]]) for name in KNOBS}
            wet = play_amp(dry, self.sample_rate, **setting, chunk=CHUNK)[settle:]
            for place in places:
                start = int(numbers[place] % self.per_setting) * step
                sounds[place] = wet[start : start + samples]
        return sounds

    def _stretch(self, group: int, is_test: bool, length: int, seed: int) -> np.ndarray:
        """Playing of one of the guitars, from a place that chance chooses."""
        rng = np.random.default_rng([seed, group, 1])
        guitar = guitar_take(int(rng.integers(TAKES)) + is_test * TAKES, seed, self.sample_rate)
        start = int(rng.integers(len(guitar) - length))
        return guitar[start : start + length]


@lru_cache(maxsize=2 * TAKES)
def guitar_take(number: int, seed: int, sample_rate: int) -> np.ndarray:
    """Half a minute of one guitar, `(samples,)` float32."""
    own = int(np.random.default_rng([seed, number]).integers(2**31))
    return play_guitar(TAKE_S, sample_rate, own).astype(np.float32)
