"""Notes of a synthesizer: a saw, a decay, a Moog ladder whose cutoff an envelope moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from voxnas.problems.spectral.sounds.ladder import LADDERS
from voxnas.problems.spectral.sounds.source import Source
from voxnas.utils.errors import InputError

A4_HZ, A4_NOTE = 440.0, 69
LOUDEST = 127
OWN = ("note_number", "note_velocity", "log10_decay_time")
OF_FILTER = ("filter_cutoff", "filter_resonance")
ENVELOPE = tuple(f"filter_env_{part}" for part in ("attack", "decay", "sustain", "release", "amount"))


@dataclass(frozen=True)
class Notes(Source):
    """Plays notes, knobs to samples.

    Its knobs: `note_number` (MIDI; 43.35 is 100 Hz), `note_velocity` (to 127), `log10_decay_time` (of the
    time constant in seconds), `filter_enabled`, `filter_cutoff` (Hz), `filter_resonance` (0 to 1), and of the
    cutoff's envelope `filter_env_attack`, `_decay`, `_release` (s), `_sustain` (0 to 1), `_amount` (octaves).

    Args:
        sample_rate: in Hz.
        seconds: of a note.
        ladder: "unit_delay", the form of the VIMH format's own generator, or "implicit": solved, oversampled.
    """

    sample_rate: int = 8000
    seconds: float = 1.0
    ladder: str = "unit_delay"

    kind = "simple"  # the format's word

    @property
    def of_the_format(self) -> bool:  # type: ignore[override]
        return self.ladder == "unit_delay"

    def as_values(self) -> dict[str, Any]:
        return {**super().as_values(), "ladder": self.ladder}

    def __post_init__(self) -> None:
        if self.ladder not in LADDERS:
            raise InputError(f"ladder={self.ladder}: one of {', '.join(LADDERS)}")

    def check(self, names: set[str]) -> None:
        """InputError where a knob that is needed is not among those given, or one is not known."""
        known = {*OWN, *OF_FILTER, *ENVELOPE, "filter_enabled"}
        if unknown := sorted(names - known):
            raise InputError(
                f"knobs.{unknown[0]}: a note has no such knob; it has {', '.join(sorted(known))}"
            )
        needed = {*OWN, *(OF_FILTER if "filter_enabled" in names else ())}
        if missing := sorted(needed - names):
            raise InputError(f"knobs.{missing[0]} is missing: give its range or its value")

    def play(
        self,
        knobs: Mapping[str, np.ndarray],
        samples: int,
        numbers: np.ndarray | None = None,
        train: int = 0,
        seed: int = 0,
    ) -> np.ndarray:
        """The first samples of notes, `(n, samples)` float64; each knob is `(n,)`."""
        column = {name: np.asarray(values, dtype=np.float64)[:, None] for name, values in knobs.items()}
        time_s = np.arange(samples) / self.sample_rate
        hz = A4_HZ * 2 ** ((column["note_number"] - A4_NOTE) / 12)
        saw = 2 * np.mod(hz * time_s - 0.5, 1.0) - 1
        decay = np.exp(-time_s / 10 ** column["log10_decay_time"])
        sound = saw * (column["note_velocity"] / LOUDEST) * decay
        if not knobs.get("filter_enabled", np.zeros(1)).any():
            return sound
        cutoff = column["filter_cutoff"]
        if knobs.get("filter_env_amount", np.zeros(1)).any():
            shapes = [self._envelope({k: v[i, 0] for k, v in column.items()}) for i in range(len(sound))]
            cutoff = cutoff * 2 ** (column["filter_env_amount"] * np.stack(shapes)[:, :samples])
        return LADDERS[self.ladder](sound, cutoff, column["filter_resonance"], self.sample_rate)

    def _envelope(self, knobs: Mapping[str, float]) -> np.ndarray:
        """Attack, decay, sustain and release of a whole note; shortened together where they do not fit."""
        attack_s, decay_s, release_s = (
            knobs[f"filter_env_{part}"] for part in ("attack", "decay", "release")
        )
        total = attack_s + decay_s + release_s
        shrunk = self.seconds / total if total > self.seconds else 1.0
        attack, decay, release = (int(s * shrunk * self.sample_rate) for s in (attack_s, decay_s, release_s))
        level = knobs["filter_env_sustain"]
        shape = np.full(int(self.seconds * self.sample_rate), level)
        shape[:attack] = np.linspace(0, 1, attack)
        shape[attack : attack + decay] = np.linspace(1, level, decay)
        shape[len(shape) - release :] = np.linspace(level, 0, release)
        return shape
