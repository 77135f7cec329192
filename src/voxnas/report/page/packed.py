"""What a page holds beside text: bytes and native forms of networks, packed into JSON; see web/unpack.mjs."""

import base64
import gzip
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from voxnas.kernels.form import NativeForm
from voxnas.models.controls import Control, encode


def packed_bytes(data: bytes, level: int = 9) -> str:
    """Bytes, compressed, as text."""
    return base64.b64encode(gzip.compress(data, level, mtime=0)).decode()


def packed_form(form: NativeForm) -> dict[str, Any]:
    """A network's native form: its kind and its arguments, of which arrays are `{"type", "bytes"}`."""
    return {"kind": form.kind, "arguments": [_argument(argument) for argument in form.arguments]}


def packed_panel(controls: Sequence[Control], arrays: Mapping[str, Any]) -> dict[str, Any]:
    """A network's knobs and switches, and by name the arrays that its `Stream` follows them with."""
    return {
        "controls": [control.as_values() for control in controls],
        "at_rest": encode(controls, {}),
        **{
            name: None if array is None else _argument(np.ascontiguousarray(array, np.float32))
            for name, array in arrays.items()
        },
    }


def _argument(argument: Any) -> Any:
    if not isinstance(argument, np.ndarray):
        return argument
    kind = {"int64": "i64", "float32": "f32"}[argument.dtype.name]
    return {"type": kind, "bytes": packed_bytes(argument.astype(argument.dtype.newbyteorder("<")).tobytes())}
