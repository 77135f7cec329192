"""JSON file of a VIMH set: read, held to its form, and written in the format's own words."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.utils.errors import InputError, InputErrors

FILE = "vimh_dataset_info.json"
FORMAT = "VIMH"
VERSION = "2.1"
MOST_KNOBS, MOST_BYTES = 255, 10_000_000

LABEL_ENCODING = {
    "format": "[height] [width] [channels] [spec_min] [spec_max] [N] "
    "[param1_id] [param1_val] [param2_id] [param2_val] ...",
    "metadata_bytes": 14,
    "scale_factors": {
        "spec_min": "float32 - minimum dB value before normalization",
        "spec_max": "float32 - maximum dB value before normalization",
    },
    "N_range": [0, 255],
    "param_id_range": [0, 255],
    "param_val_range": [0, 255],
}
WHOLE = ("height", "width", "channels", "varying_parameters", "train_samples", "test_samples", "sample_rate")


@dataclass(frozen=True)
class Metadata:
    """What a set's JSON file says.

    Args:
        values: all of it, in its order.
        text: the file as it was read, for a copy of the same bytes; empty for one that is new.
    """

    values: Mapping[str, Any]
    text: str = ""

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """Knobs in the order of their numbers."""
        mappings = self.values["parameter_mappings"]
        return tuple(_knob(name, mappings[name]) for name in self.values["parameter_names"])

    @property
    def size(self) -> tuple[int, int, int]:
        """Height, width and channels of the images."""
        return self.values["height"], self.values["width"], self.values["channels"]

    @property
    def channel_labels(self) -> list[str]:
        """What each channel is."""
        return list(self.values.get("channel_labels") or [f"channel {i}" for i in range(self.size[2])])

    def written(self) -> str:
        """The file's text."""
        return self.text or json.dumps(self.values, indent=4)


def read_metadata(path: Path) -> Metadata:
    """The JSON file of a set. InputErrors with a line for each thing that is wrong within it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(f"{path}: {path.stat().st_size} bytes are too many for a set's JSON file")
        return parse_metadata(path.read_bytes().decode("utf-8"), path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: no JSON ({error}); generate the set again") from error


def parse_metadata(text: str, path: Path) -> Metadata:
    """Metadata of a JSON text that came from `path`. InputErrors as `read_metadata`."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: no JSON ({error}); generate the set again") from error
    if wrong := _wrong(values):
        raise InputErrors([f"{path}: {line}" for line in wrong])
    return Metadata(values, text)


def _knob(name: str, mapping: Mapping[str, Any]) -> Knob:
    low, high = float(mapping["min"]), float(mapping["max"])
    return Knob(name, low, high, float(mapping.get("step") or 0) or (high - low) / 16)


def _wrong(values: Any) -> list[str]:
    if not isinstance(values, dict):
        return ["an object was expected"]
    lines = [] if values.get("format") == FORMAT else [f"format is {values.get('format')!r}, not {FORMAT!r}"]
    for key in WHOLE:
        value = values.get(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            lines.append(f"{key} is {value!r}, not a whole number")
    if not _is_positive(values.get("duration")):
        lines.append(f"duration is {values.get('duration')!r}, not a number of seconds")
    lines += [f"{key} is 0" for key in (*WHOLE[:4], "sample_rate") if values.get(key) in (0,)]
    return lines or _wrong_knobs(values)


def _wrong_knobs(values: Mapping[str, Any]) -> list[str]:
    names, mappings = values.get("parameter_names"), values.get("parameter_mappings")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return ["parameter_names is no list of names"]
    if not isinstance(mappings, dict):
        return ["parameter_mappings is no object of ranges"]
    lines = []
    if len(names) != values["varying_parameters"]:
        lines.append(
            f"varying_parameters is {values['varying_parameters']}, parameter_names has {len(names)}"
        )
    if len(set(names)) < len(names) or len(names) > MOST_KNOBS:
        lines.append(f"parameter_names has a name twice, or more than {MOST_KNOBS}")
    return lines + [line for name in names if (line := _wrong_range(name, mappings.get(name)))]


def _wrong_range(name: str, mapping: Any) -> str:
    low: Any
    high: Any
    if not isinstance(mapping, dict):
        return f"parameter_mappings has no {name}"
    given: dict[str, Any] = {"step": 0, **mapping}
    low, high, step = given.get("min"), given.get("max"), given["step"]
    if not all(_is_number(value) for value in (low, high, step)):
        return f"{name}: min, max and step have to be numbers"
    if not low < high:
        return f"{name}: its max, {high:g}, is not above its min, {low:g}"
    if step < 0 or (step and (high - low) / step > 1e5):
        return f"{name}: a step of {step:g} suits no range of {high - low:g}"
    return ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_positive(value: Any) -> bool:
    return _is_number(value) and value > 0


def new_metadata(
    name: str,
    size: tuple[int, int, int],
    channel_labels: Sequence[str],
    names: Sequence[str],
    mappings: Mapping[str, Mapping[str, float]],
    fixed: Mapping[str, tuple[float, str]],
    samples: tuple[int, int],
    sample_rate: int,
    duration: float,
    spectrogram: Mapping[str, Any],
    kind: str = "simple",
    more: Mapping[str, Any] | None = None,
) -> Metadata:
    """Metadata of a new set, with the format's keys in the format's order.

    Args:
        size: height, width and channels.
        names: of the knobs that differ.
        mappings: name → min, step, max, of all knobs, the fixed ones too.
        fixed: name → value and what it is.
        samples: of `train` and `test`.
        kind: what makes the sounds.
        more: further keys, which go last.
    """
    height, width, channels = size
    train, test = samples
    said = {key: {**value, "description": f"{kind} parameter: {key}"} for key, value in mappings.items()}
    return Metadata(
        {
            "format": FORMAT,
            "version": VERSION,
            "dataset_name": name,
            "output_format": "binary",
            "height": height,
            "width": width,
            "channels": channels,
            "channel_labels": list(channel_labels),
            "varying_parameters": len(names),
            "parameter_names": list(names),
            "train_samples": train,
            "test_samples": test,
            "total_samples": train + test,
            "n_samples": train + test,
            "sample_rate": sample_rate,
            "duration": duration,
            "synth_type": kind,
            "image_size": f"{height}x{width}x{channels}",
            "parameter_mappings": said,
            "fixed_parameters": {k: {"value": v, "description": words} for k, (v, words) in fixed.items()},
            "pre_emphasis_coefficient": 0.0,
            "spectrogram_config": dict(spectrogram),
            "mel_config": {"freq_min": 40.0, "freq_max_ratio": 0.9},
            "label_encoding": LABEL_ENCODING,
            **(more or {}),
        }
    )
