"""Exported files within a page, to be saved from it byte by byte as they lie on the disk."""

import re
from typing import Any

import numpy as np

from voxnas.report.page.packed import packed_bytes

MARK = "\x01"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def packed_file(content: bytes) -> dict[str, Any]:
    """A file, packed: its text with `MARK` for every number that four bytes hold, and these numbers.

    Models are mostly weights, which are float32 and take five times as much when written out.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return {"text": packed_bytes(content)}
    if MARK in text:
        return {"text": packed_bytes(content)}
    numbers: list[float] = []

    def marked(found: re.Match[str]) -> str:
        value = float(found[0])
        if repr(value) != found[0] or not _is_float32(value):
            return found[0]
        numbers.append(value)
        return MARK

    plain = _NUMBER.sub(marked, text)
    if not numbers:
        return {"text": packed_bytes(content)}
    weights = np.array(numbers, "<f4").tobytes()
    return {"text": packed_bytes(plain.encode()), "numbers": packed_bytes(weights)}


def _is_float32(value: float) -> bool:
    return abs(value) < 3e38 and float(np.float32(value)) == value
