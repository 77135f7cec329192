"""Activations of native code: their numbers there, and their constants."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from voxnas.kernels.build import Unavailable

# A name, or {"type": name, parameter: value}
Spec = str | Mapping[str, Any]

# In the order of the enum Kind in activations.h, and behind it of the numbers in stream_activations.h.
TRAINED = ("Tanh", "Sigmoid", "ReLU", "LeakyReLU", "Softsign", "Hardtanh", "SiLU", "PReLU")
PLAYED = (*TRAINED, "Fasttanh", "Hardswish", "LeakyHardtanh")

DEFAULTS: dict[str, dict[str, float]] = {
    "LeakyReLU": {"negative_slope": 0.01},
    "LeakyHardtanh": {"min_val": -1.0, "max_val": 1.0, "min_slope": 0.01, "max_slope": 0.01},
}
_MOST_PARAMETERS = 4


def name_of(spec: Spec) -> str:
    """Name of an activation."""
    return spec if isinstance(spec, str) else str(spec["type"])


def parameters_of(spec: Spec) -> dict[str, float]:
    """Constants of an activation, in the plug-in engine's order and names; PReLU's slopes are weights."""
    given = {} if isinstance(spec, str) else {key: spec[key] for key in spec if key != "type"}
    return DEFAULTS.get(name_of(spec), {}) | given


def as_integers(spec: Spec, known: Sequence[str]) -> list[int]:
    """Number of an activation, then its constants as the bits of floats; Unavailable if it is not known."""
    if name_of(spec) not in known:
        raise Unavailable(f"the activation {name_of(spec)} has no native form")
    floats = np.zeros(_MOST_PARAMETERS, np.float32)
    parameters = list(parameters_of(spec).values())
    floats[: len(parameters)] = parameters
    return [known.index(name_of(spec)), *floats.view(np.int32).tolist()]
