"""Records of a VIMH file: packed bytes, back to back until the end, mapped into memory and not read."""

import mmap
from pathlib import Path

import numpy as np

from voxnas.utils.errors import InputError

HEADER = np.dtype(
    [
        ("height", "<u2"),
        ("width", "<u2"),
        ("channels", "<u2"),
        ("low", "<f4"),
        ("high", "<f4"),
        ("count", "u1"),
    ]
)
SIZES = ("height", "width", "channels")
PICKLE = b"\x80"  # what every pickle of protocol 2 and later begins with; as a height it would be odd


def record_type(height: int, width: int, channels: int, knobs: int) -> np.dtype:
    """Type of one record of `15 + 2·knobs + channels·height·width` bytes.

    `low` and `high` are the dB (or pixel sums) that byte 0 and byte 255 of its image stand for; `labels` has
    a pair of a knob's number and its byte for each knob; `image` is planar, its row 0 the lowest frequency.
    """
    body = [("labels", "u1", (knobs, 2)), ("image", "u1", (channels, height, width))]
    return np.dtype([*HEADER.descr, *body])


def first_header(path: Path) -> np.ndarray:
    """The header of a file's first record. InputError where there is none, or it is a pickle's."""
    try:
        with path.open("rb") as file:
            start = file.read(HEADER.itemsize)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(start) < HEADER.itemsize:
        raise InputError(f"{path}: {len(start)} bytes hold no record; generate the set again")
    if looks_pickled(start):
        raise InputError(
            f"{path}: a pickle where bytes were expected; pickles run code and are never opened: "
            "generate the set with its bytes"
        )
    header: np.ndarray = np.frombuffer(start, HEADER)[0]
    return header


def looks_pickled(start: bytes) -> bool:
    """Whether a file begins as a pickle does: protocol 2 to 5, and then a frame, an empty dict or a tuple."""
    return (
        start[:1] == PICKLE and start[1] in (2, 3, 4, 5) and start[2:3] in (b"\x95", b"}", b"(", b"c", b"]")
    )


def map_records(path: Path, kind: np.dtype) -> np.ndarray:
    """Records of a file `(n,)`, read as they are asked for. InputError where the last one is cut short."""
    size = path.stat().st_size
    whole, rest = divmod(size, kind.itemsize)
    if rest:
        raise InputError(
            f"{path}: the last record has {rest} of {kind.itemsize} bytes, {whole} are whole; "
            "copy the file again, or generate the set again"
        )
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, kind)


def new_records(number: int, kind: np.dtype) -> np.ndarray:
    """Empty records with their headers, `(number,)`; scales, label bytes and images are still to be set."""
    channels, height, width = kind["image"].shape
    knobs = kind["labels"].shape[0]
    records = np.zeros(number, kind)
    records["height"], records["width"], records["channels"] = height, width, channels
    records["count"] = knobs
    records["labels"][:, :, 0] = np.arange(knobs)
    return records
