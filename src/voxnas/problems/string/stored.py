"""Strings that were found, read back from a run's folder or its `model.json`."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.export.record_json import FILE_NAME
from voxnas.models.build import build
from voxnas.models.strings.net import StringNet
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class StoredString:
    """A string with what it is struck with.

    Attributes:
        network: with its weights, and the pitch that it was trained at.
        exciter: the recording's own pluck, `(lines, samples)`.
        path: of the file.
    """

    network: StringNet
    exciter: NDArray[np.float32]
    path: Path


def load_string(path: str | Path) -> StoredString:
    """The string of a run's folder or a `model.json`. Raises InputError on anything else, in one line."""
    file = Path(path).expanduser()
    file = file / FILE_NAME if file.is_dir() else file
    if not file.is_file():
        raise InputError(f"{file}: no such string; give the folder of a finished run, or its {FILE_NAME}")
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
        network = build(content["architecture"])
        if not isinstance(network, StringNet):
            raise InputError(f"is {type(network).__name__}, no string")
        weights = {
            name: torch.tensor(values, dtype=torch.float32) for name, values in content["weights"].items()
        }
        network.load_state_dict(weights)
        exciter = np.array(content["metadata"].get("exciter", []), np.float32)
        if exciter.ndim != 2 or len(exciter) != network.lines or not np.isfinite(exciter).all():
            raise InputError("holds no exciter; export it again")
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, AttributeError) as error:
        raise InputError(
            f"{file}: cannot be read as a string ({' '.join(str(error).split())[:200]})"
        ) from error
    except InputError as error:
        raise InputError(f"{file}: {str(error).removeprefix(f'{file}: ')}") from error
    return StoredString(network, exciter, file)
