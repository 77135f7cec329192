"""What a page holds beside text: bytes and native forms of networks, packed into JSON; see web/unpack.mjs."""

import base64
import gzip
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.form import NativeForm
from voxnas.models.controls import Control, encode


def packed_bytes(data: bytes, level: int = 9) -> str:
    """Bytes, compressed, as text."""
    return base64.b64encode(gzip.compress(data, level, mtime=0)).decode()


def packed_form(form: NativeForm) -> dict[str, Any]:
    """A network's native form: its kind and its arguments, of which arrays are `{"type", "bytes"}`."""
    return {"kind": form.kind, "arguments": [_argument(argument) for argument in form.arguments]}


def packed_panel(
    controls: Sequence[Control], mix: NDArray[np.float32], scale: NDArray[np.float32] | None
) -> dict[str, Any]:
    """A network's knobs and switches, and what they do to its rows: see `Stream.follow`."""
    return {
        "controls": [control.as_values() for control in controls],
        "at_rest": encode(controls, {}),
        "mix": _argument(np.ascontiguousarray(mix, np.float32)),
        "scale": None if scale is None else _argument(np.ascontiguousarray(scale, np.float32)),
    }


def _argument(argument: Any) -> Any:
    if not isinstance(argument, np.ndarray):
        return argument
    kind = {"int64": "i64", "float32": "f32"}[argument.dtype.name]
    return {"type": kind, "bytes": packed_bytes(argument.astype(argument.dtype.newbyteorder("<")).tobytes())}
