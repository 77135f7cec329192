"""JSON files: read with bounds on what they may hold, written whole or not at all."""

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

from voxnas.export.foreign import LENGTH, describe, is_cut_short
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

# What bounds time and memory: a value of four bytes takes up to 40 once read, an empty list 64.
MAX_BYTES = 64 * 2**20
MAX_VALUES, MAX_LISTS = 4 * 2**20, 2**20


class CannotHold(InputError):
    """The format has no words for this network."""


def refuse_controls(network: Any, what: str, sweep: bool = False) -> None:
    """CannotHold, with the way out, if a network follows controls and a file has no place for them."""
    if not network.controls:
        return
    names = ", ".join(control.name for control in network.controls)
    values = " ".join(f"controls.{c.name}={_value(c.at_rest)}" for c in network.controls)
    rest = [f"controls.{c.name}={_value(c.at_rest)}" for c in network.controls[1:]]
    swept = " ".join([f"controls.{network.controls[0].name}=sweep:11", *rest])
    or_sweep = f", or put one on the player's slider: format=nam_container {swept}" if sweep else ""
    raise CannotHold(f"{what} has no knobs ({names}): give them values, such as {values}{or_sweep}")


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, every number in it finite.

    Raises:
        InputError: it is missing, too large, damaged or not an object.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(
                f"{path}: {size / 2**20:.0f} MiB are too much for a model (at most {MAX_BYTES >> 20})"
            )
        data = path.read_bytes()
        if (foreign := describe(data[:LENGTH])) is not None:
            raise InputError(f"{path}: is {foreign}")
        text = data.decode("utf-8-sig")
        if text.count(",") >= MAX_VALUES or text.count("[") + text.count("{") > MAX_LISTS:
            raise InputError(f"{path}: holds more values than any model that can be played")
        content = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except json.JSONDecodeError as error:
        if is_cut_short(error.doc, error.pos, error.msg):
            raise InputError(f"{path}: ends in the middle; download or copy it again") from error
        raise InputError(f"{path}: not readable as JSON ({error}); is the file whole?") from error
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: not readable as JSON ({error}); is the file whole?") from error
    if not isinstance(content, dict):
        raise InputError(
            f"{path}: holds a JSON {type(content).__name__}, not an object; is it a model at all?"
        )
    return content


def write_json(content: dict[str, Any], path: Path, indent: int | None = None) -> Path:
    """Write JSON beside the path and move it there, so that no reader sees a part. Returns the path."""
    try:
        text = json.dumps(content, allow_nan=False, indent=indent)
    except ValueError as error:
        raise InputError(f"{path}: not written, because it would hold NaN or infinity") from error
    try:
        write_text(path, text + "\n")
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error})") from error
    return path


def check_sample_rate(value: Any) -> int | None:
    """A rate in Hz as a file gives it, also in quotes; None if it does not; InputError on what is no rate.

    Writers that do not know it put -1, 0 or an empty text there.
    """
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?( ?Hz)?", value.strip(), re.ASCII):
        value = float(value.strip().removesuffix("Hz"))
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, int | float) and not isinstance(value, bool) and value <= 0:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1000 <= value <= 1_000_000:
        raise InputError(f"sample_rate is not a rate in Hz: {str(value)[:40]}")
    return round(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:20]} is beyond what a computer can hold")
    return number
