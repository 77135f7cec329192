"""Plan of a set: everything that decides its bytes, known before a sound is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from voxnas.problems.spectral.pictures.channels import Level
from voxnas.problems.spectral.pictures.picture import Picture
from voxnas.problems.spectral.sounds.source import Source
from voxnas.problems.spectral.vimh.folder import FolderName
from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.problems.spectral.vimh.metadata import MOST_KNOBS, Metadata, new_metadata
from voxnas.problems.spectral.vimh.records import new_records, record_type
from voxnas.utils.errors import InputError

TRAIN = 0.8
SUFFIXES = {"envelopes": "_envelopes"}


@dataclass(frozen=True)
class Plan:
    """A set that is to be made.

    Args:
        source: of the sounds.
        picture: of each.
        knobs: those that differ.
        fixed: name → value and what it is.
        mappings: name → min, step and max of all, in the config's order.
        number: of images.
        seed: of everything that is random.
    """

    source: Source
    picture: Picture
    knobs: tuple[Knob, ...]
    fixed: Mapping[str, tuple[float, str]]
    mappings: Mapping[str, Mapping[str, float]]
    number: int
    seed: int

    @property
    def train(self) -> int:
        """Images that are trained on, the first ones."""
        share = int(TRAIN * self.number)
        return share // self.source.per_setting * self.source.per_setting or share

    @property
    def name(self) -> str:
        """The folder's name."""
        height, width, channels = self.picture.size
        return str(
            FolderName(
                *(height, width, channels, self.source.sample_rate, self.source.seconds),
                samples=self.number,
                varying=len(self.knobs),
                kind=self.source.kind,
                suffix=SUFFIXES.get(self.picture.layout, ""),
            )
        )

    def values(self) -> np.ndarray:
        """Settings of all images, `(number, knobs)`."""
        return self.source.draw(self.number, self.train, self.knobs, self.seed)

    def chunks(self) -> Iterator[np.ndarray]:
        """Numbers of the images of each chunk."""
        for start in range(0, self.number, self.source.chunk):
            yield np.arange(start, min(self.number, start + self.source.chunk))

    def records(self, numbers: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Records of these images at these settings; the same wherever they are made."""
        knobs = {knob.name: values[:, i] for i, knob in enumerate(self.knobs)}
        knobs |= {name: np.full(len(numbers), value) for name, (value, _) in self.fixed.items()}
        sounds = self.source.play(knobs, self.picture.samples, numbers, self.train, self.seed)
        records = new_records(len(numbers), record_type(*self.picture.size, len(self.knobs)))
        records["low"], records["high"], records["image"] = self.picture.of(sounds)
        for i, knob in enumerate(self.knobs):
            records["labels"][:, i, 1] = knob.encode(values[:, i])
        return records

    def metadata(self) -> Metadata:
        """The JSON: the format's own words where they say all."""
        first = self.picture.channels[0]
        spectrogram = {
            "sample_rate": self.source.sample_rate,
            "type": "stft" if first.scale == "linear" else first.scale,
            "n_fft": first.n_fft,
            "n_window": first.n_window,
            "hop_length": first.hop,
            "window_type": first.window_type,
            "bins_per_harmonic": 1.0,
            "n_bins": self.picture.height,
            "method": "efficient_leaf",
        }
        plain = len(self.picture.channels) == 1 and isinstance(first, Level) and first.scale == "linear"
        more = {"voxnas": {"source": self.source.as_values(), "picture": self.picture.as_values()}}
        return new_metadata(
            self.name,
            self.picture.size,
            self.picture.labels,
            [knob.name for knob in self.knobs],
            self.mappings,
            self.fixed,
            (self.train, self.number - self.train),
            self.source.sample_rate,
            float(self.source.seconds),
            spectrogram,
            self.source.kind,
            None if plain and self.source.of_the_format else more,
        )


def make_plan(
    source: Source, picture: Picture, knobs: Mapping[str, Mapping[str, Any]], number: int, seed: int
) -> Plan:
    """The plan of a set. InputError where knobs, sounds and picture do not go together.

    Args:
        knobs: name → `min`, `max` and `step` (absent: a sixteenth of the range), or `value` and `description`
            of one that is fixed.
    """
    given = source.knobs(knobs)
    source.check(set(given))
    if picture.sample_rate != source.sample_rate:
        raise InputError(
            f"the picture is of {picture.sample_rate} Hz, the sounds are of {source.sample_rate} Hz"
        )
    picture.check(int(source.seconds * source.sample_rate))
    fixed = {k: (float(v["value"]), str(v.get("description", k))) for k, v in given.items() if "value" in v}
    mappings = {name: _mapping(name, values) for name, values in given.items()}
    varying = [
        Knob(name, mapping["min"], mapping["max"], mapping["step"])
        for name, mapping in mappings.items()
        if name not in fixed
    ]
    if not 0 < len(varying) <= MOST_KNOBS:
        raise InputError(f"knobs: {len(varying)} of them vary; give 1 to {MOST_KNOBS} a range")
    number = source.number(number)
    if number < 2 or int(TRAIN * number) == 0:
        raise InputError(f"samples={number}: give 2 or more")
    return Plan(source, picture, tuple(varying), fixed, mappings, number, seed)


def _mapping(name: str, values: Mapping[str, Any]) -> dict[str, float]:
    try:
        low, high = (float(values[k]) for k in (("value", "value") if "value" in values else ("min", "max")))
        step = float(values.get("step") or 0) or (high - low) / 16
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"knobs.{name}: give min and max, or a value ({error})") from error
    if "value" not in values and not (low < high and step > 0):
        raise InputError(f"knobs.{name}: from {low:g} to {high:g} in steps of {step:g} is no range")
    return {"min": low, "step": step, "max": high}
