"""Name of a VIMH set's folder, which says what is in it."""

import re
from dataclasses import dataclass
from typing import Any

PATTERN = re.compile(
    r"vimh-(?P<height>\d+)x(?P<width>\d+)x(?P<channels>\d+)_(?P<sample_rate>\d+)Hz_(?P<duration>\d+p\d+)s"
    r"_(?P<samples>\d+)dss_(?P<kind>[a-z][a-z0-9-]*)_(?P<varying>\d+)p(?P<suffix>(_[a-z0-9]+)*)"
)
EXAMPLE = "vimh-32x32x1_8000Hz_1p0s_256dss_simple_2p"


@dataclass(frozen=True)
class FolderName:
    """What the name of a set's folder says.

    Args:
        height, width, channels: of the images.
        sample_rate: in Hz, of the sounds.
        duration: of each sound in seconds, 1.0 being written 1p0.
        samples: images in all.
        kind: what made them; the format's own generator always writes "simple".
        varying: knobs that differ from image to image.
        suffix: such as "_temporal_shuffled".
    """

    height: int
    width: int
    channels: int
    sample_rate: int
    duration: float
    samples: int
    varying: int
    kind: str = "simple"
    suffix: str = ""

    @classmethod
    def parse(cls, name: str) -> "FolderName | None":
        """The parts of a name, or None where it is no set's."""
        match = PATTERN.fullmatch(name)
        if match is None:
            return None
        parts: dict[str, Any] = match.groupdict()
        numbers = ("height", "width", "channels", "sample_rate", "samples", "varying")
        whole: dict[str, Any] = {name: int(parts[name]) for name in numbers}
        duration = float(parts["duration"].replace("p", "."))
        return cls(**whole, duration=duration, kind=parts["kind"], suffix=parts["suffix"])

    def __str__(self) -> str:
        size = f"{self.height}x{self.width}x{self.channels}"
        seconds = str(float(self.duration)).replace(".", "p")
        return (
            f"vimh-{size}_{self.sample_rate}Hz_{seconds}s_{self.samples}dss_{self.kind}_"
            f"{self.varying}p{self.suffix}"
        )
