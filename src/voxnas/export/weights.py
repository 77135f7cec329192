"""Weights on their way into JSON and out of it: plain nested lists of numbers, every one finite."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.models.base import StreamingNetwork
from voxnas.utils.errors import InputError


def finite_weights(network: StreamingNetwork, path: Path) -> dict[str, torch.Tensor]:
    """The network's weights by name, on the CPU in float32; InputError if the file would hold NaN."""
    weights = {name: tensor.detach().cpu().float() for name, tensor in network.state_dict().items()}
    for name, tensor in weights.items():
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{path}: not written, because the model's {name} holds NaN or infinity")
    return weights


def read_numbers(values: Any, shape: Sequence[int], at: str) -> NDArray[np.float32]:
    """Nested lists as an array of exactly that shape; `at` is what to call them when they are refused.

    The lists' lengths are looked at before anything is allocated.

    Raises:
        InputError: other lengths, something that is no number, a number beyond float32.
    """
    rows: list[Any] = [values]
    for depth, size in enumerate(shape):
        for row in rows:
            if not isinstance(row, list):
                raise InputError(f"{at} is not {_described(shape)}")
            if len(row) != size:
                raise InputError(
                    f"{at} is not {_described(shape)}: {len(row)} entries for {size} at depth {depth}"
                )
        rows = [item for row in rows for item in row]
    if not all(type(number) in (int, float) for number in rows):
        raise InputError(f"{at} is not {_described(shape)}: something in it is no number")
    try:
        with np.errstate(over="raise"):
            return np.array(rows, np.float64).astype(np.float32).reshape(shape)
    except (OverflowError, FloatingPointError):
        raise InputError(f"{at} holds numbers beyond float32") from None


def _described(shape: Sequence[int]) -> str:
    return f"a list of {' × '.join(map(str, shape))} numbers" if shape else "a number"
