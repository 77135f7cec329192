"""A user's own pair of recordings, cut into sections."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from voxnas.audio.noise import measure_noise
from voxnas.audio.pair import Pair, load_pair
from voxnas.problems.amp.data.sections import Sections, Share, split, used_seconds
from voxnas.problems.amp.data.silence import require_sound


@dataclass(frozen=True, eq=False)
class Recording:
    """Aligned pair and its sections, which train a model; `extra` holds figures for the run record."""

    pair: Pair
    sections: Sections
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def noise_floor(self) -> float | None:
        """The ESR below which no model gets on the validation section; None where it cannot be told.

        From what repeats, if `extra` has a `replicate_esr`: two passes differ by the noise of both.
        """
        if "replicate_esr" in self.extra:
            return float(self.extra["replicate_esr"]) / 2
        noise = measure_noise(self.pair.input, self.pair.target, self.pair.sample_rate)
        return noise.floor(self.pair.target[slice(*self.sections.val)])


def load_amp_pair(
    input: str | Path,
    target: str | Path,
    channel: int | None = None,
    target_channel: int | None = None,
    sample_rate: int | None = None,
    delay: int | Literal["auto"] = "auto",
    train: Share = 0.7,
    val: Share = 0.15,
    test: Share = 0.15,
    drift: str = "auto",
) -> Recording:
    """Load a pair, see `voxnas.audio.pair.load_pair`, and cut it, see `sections.split`."""
    pair = load_pair(
        input,
        target,
        channel=channel,
        target_channel=target_channel,
        sample_rate=sample_rate,
        delay=delay,
        used=used_seconds(train, val, test),
        drift=drift,
    )
    sections = split(len(pair.input), pair.sample_rate, train, val, test)
    require_sound(pair, sections)
    return Recording(pair, sections)
