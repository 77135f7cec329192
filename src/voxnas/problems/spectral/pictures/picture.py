"""Picture of a sound as bytes: its channels, scaled, and what the scaling took away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from voxnas.problems.spectral.pictures.channels import (
    Channel,
    GroupDelay,
    InstantaneousFrequency,
    Level,
    Modulation,
)
from voxnas.utils.errors import InputError

CHANNELS: dict[str, type[Channel]] = {
    c.label: c for c in (Level, InstantaneousFrequency, GroupDelay, Modulation)
}
GRAY, COPIES = "Gray", ("R", "G", "B")
ENVELOPES = ("Gray", "Gray_temporal_envelope", "Gray_spectral_envelope")
LAYOUTS = ("channels", "copies", "envelopes")
TAPS = (5, 7)  # of the means over time and over frequency that envelopes are smoothed by


@dataclass(frozen=True)
class Picture:
    """Makes images of sounds.

    Args:
        height, width: rows, the lowest frequency first, and columns in time.
        sample_rate: of the sounds in Hz.
        channels: see `Channel`; the first one is a level.
        layout: "channels" as they are; of one channel also "copies", three times the same, or "envelopes",
            with its sums over frequency and means over time, as the VIMH format's generator makes them.
    """

    height: int
    width: int
    sample_rate: int
    channels: tuple[Channel, ...]
    layout: str = "channels"

    def __post_init__(self) -> None:
        if self.layout not in LAYOUTS:
            raise InputError(f"picture.layout={self.layout}: one of {', '.join(LAYOUTS)}")
        if not self.channels or not isinstance(self.channels[0], Level):
            raise InputError("picture.channels: the first channel has to be a level")
        if self.layout != "channels" and len(self.channels) > 1:
            raise InputError(f"picture.layout={self.layout} wants one channel, a level")

    @property
    def labels(self) -> tuple[str, ...]:
        """What each plane is."""
        if self.layout != "channels":
            return COPIES if self.layout == "copies" else ENVELOPES
        if len(self.channels) == 1:
            return (GRAY,)
        return tuple(f"{i}_{channel.label}" for i, channel in enumerate(self.channels))

    @property
    def size(self) -> tuple[int, int, int]:
        """Height, width, planes."""
        return self.height, self.width, len(self.labels)

    @property
    def levels(self) -> tuple[int, ...]:
        """Planes that are levels in dB."""
        if self.layout == "channels":
            return tuple(i for i, channel in enumerate(self.channels) if channel.limits is None)
        return tuple(range(len(self.labels))) if self.layout == "copies" else ()

    @property
    def samples(self) -> int:
        """Samples that it shows."""
        return max(channel.samples(self.width) for channel in self.channels)

    @property
    def seconds(self) -> float:
        """Seconds that it shows."""
        return self.samples / self.sample_rate

    def check(self, samples: int) -> None:
        """InputError where sounds of so many samples do not fill it."""
        for channel in self.channels:
            channel.check(self.height, self.width, samples + 1)
        if samples < self.samples:
            raise InputError(
                f"a picture takes {self.samples} samples, the sounds have {samples}; give longer ones"
            )

    def of(self, sounds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lowest and highest level in dB `(n,)`, and images `(n, planes, height, width)` of bytes.

        Levels share one scale, each image's own; the other channels have theirs, which is always the same.
        """
        given = torch.from_numpy(np.ascontiguousarray(sounds, dtype=np.float32))
        views = [c.view(given, self.height, self.width, self.sample_rate) for c in self.channels]
        levels = torch.stack(
            [v for v, c in zip(views, self.channels, strict=True) if c.limits is None], dim=1
        )
        low, high = levels.amin(dim=(1, 2, 3)), levels.amax(dim=(1, 2, 3))
        planes = [_bytes(v, *_limits(c, low, high)) for v, c in zip(views, self.channels, strict=True)]
        image = np.stack(planes, axis=1)
        if self.layout == "copies":
            image = np.repeat(image, len(COPIES), axis=1)
        if self.layout == "envelopes":
            return _with_envelopes(image[:, 0])
        return low.numpy(), high.numpy(), image

    def as_values(self) -> dict[str, Any]:
        """Plain values, from which `picture_of` makes it again."""
        own = ("n_fft", "n_window", "hop", "window_type", "scale", "low_hz", "high_hz")
        channels = [{"type": c.label, **{name: getattr(c, name) for name in own}} for c in self.channels]
        plain = {name: getattr(self, name) for name in ("height", "width", "sample_rate", "layout")}
        return {**plain, "channels": channels}


def picture_of(values: Mapping[str, Any]) -> Picture:
    """The picture of plain values, as a config or `Picture.as_values` has them. InputError on a wrong one."""
    try:
        given = {name: values[name] for name in ("height", "width", "sample_rate")}
        channels = tuple(_channel(channel) for channel in values["channels"])
        return Picture(**given, channels=channels, layout=values.get("layout", "channels"))
    except (KeyError, TypeError) as error:
        raise InputError(f"picture: {error}; see configs/sound for pictures that work") from error


def _channel(values: Mapping[str, Any]) -> Channel:
    given = dict(values)
    kind = given.pop("type")
    if kind not in CHANNELS:
        raise InputError(f"picture.channels: type {kind!r} is none of {', '.join(CHANNELS)}")
    return CHANNELS[kind](**given)


def picture_of_set(values: Mapping[str, Any]) -> Picture:
    """The picture that a set's images are, from its JSON. InputError where that does not tell."""
    own = values.get("voxnas", {}).get("picture")
    if own is not None:
        return picture_of(own)
    try:
        said = values["spectrogram_config"]
        level = Level(said["n_fft"], said["n_window"], said["hop_length"], said["window_type"])
        layouts = {(GRAY,): "channels", COPIES: "copies", ENVELOPES: "envelopes"}
        layout = layouts[tuple(values["channel_labels"])]
        made = Picture(values["height"], values["width"], values["sample_rate"], (level,), layout)
    except (KeyError, TypeError) as error:
        raise InputError(f"the set's JSON does not tell how its images are made ({error})") from error
    return made


def with_rate(picture: Picture, sample_rate: int) -> Picture:
    """The same at another rate."""
    return replace(picture, sample_rate=sample_rate)


def _limits(channel: Channel, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    if channel.limits is None:
        return low, high
    bottom, top = channel.limits
    return torch.full_like(low, bottom), torch.full_like(high, top)


def _bytes(view: Tensor, low: Tensor, high: Tensor) -> np.ndarray:
    """Shares of a range as bytes, rounded; 0 where there is no range."""
    span = (high - low)[:, None, None]
    share = torch.where(span > 0, (view - low[:, None, None]) / torch.where(span > 0, span, 1.0), 0.0)
    image: np.ndarray = torch.round(share * 255).clamp(0, 255).to(torch.uint8).numpy()
    return image


def _with_envelopes(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gray planes with their sums over frequency and means over time, rescaled together and truncated."""
    shape, values = gray.shape, gray.astype(np.float32)
    temporal = _smoothed(values.sum(axis=1), TAPS[0])[:, None, :]
    spectral = _smoothed(values.mean(axis=2), TAPS[1])[:, :, None]
    planes = np.stack([values, np.broadcast_to(temporal, shape), np.broadcast_to(spectral, shape)], axis=1)
    low, high = planes.min(axis=(1, 2, 3)), planes.max(axis=(1, 2, 3))
    span = np.where(high > low, high - low, 1)[:, None, None, None]
    share = (planes - low[:, None, None, None]) / span
    return low, high, (share * 255).astype(np.uint8)


def _smoothed(rows: np.ndarray, taps: int) -> np.ndarray:
    mean = np.ones(taps, np.float32) / taps
    return np.stack([np.convolve(row, mean, mode="same") for row in rows]).astype(np.float32)


def named_channels(kinds: Sequence[str], **arguments: Any) -> tuple[Channel, ...]:
    """Channels of these types with the same transform."""
    return tuple(CHANNELS[kind](**arguments) for kind in kinds)
