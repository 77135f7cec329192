"""The demo rig at any setting of its knobs: only what comes out of it, played on guitars of chance."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from voxnas.audio.demo.guitar import play_guitar
from voxnas.audio.demo.rig import play_amp
from voxnas.problems.spectral.sounds.source import Source
from voxnas.utils.errors import InputError

KNOBS = ("drive", "tone", "level")
TAKE_S = 30.0  # of each guitar, at least
CHUNK = 256  # samples that the rig solves one after the other, all chunks of a stretch side by side


@dataclass(frozen=True)
class DemoRig(Source):
    """The rig that the project makes itself: `drive`, `tone` and `level`, 0 to 1.

    Each setting is played on a guitar of its own, another take with other notes and dynamics: no image that
    tests is of playing that was heard in training, and there are no few guitars to learn by heart.

    Args:
        sample_rate: in Hz.
        seconds: of a stretch that an image is cut from.
        per_setting: images that one stretch of playing is cut into.
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
        settle = round(self.settle_s * self.sample_rate)
        sounds = np.empty((len(numbers), samples))
        groups = numbers // self.per_setting
        for group in np.unique(groups):
            places = np.flatnonzero(groups == group)
            length = settle + self.per_setting * samples
            dry = self._stretch(int(group), length, seed)
            setting = {name: float(knobs[name][places[0]]) for name in KNOBS}
            wet = play_amp(dry, self.sample_rate, **setting, chunk=CHUNK)[settle:]
            for place in places:
                start = int(numbers[place] % self.per_setting) * samples
                sounds[place] = wet[start : start + samples]
        return sounds

    def _stretch(self, group: int, length: int, seed: int) -> np.ndarray:
        """Playing of a setting's guitar, from a place that chance chooses."""
        rng = np.random.default_rng([seed, group, 1])
        seconds = max(TAKE_S, 1 + length / self.sample_rate)
        guitar = play_guitar(seconds, self.sample_rate, int(rng.integers(2**31))).astype(np.float32)
        start = int(rng.integers(len(guitar) - length))
        return guitar[start : start + length]
