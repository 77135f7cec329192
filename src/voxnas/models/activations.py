"""The activations that the plug-in's engine knows, by the names and with the parameters it uses."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from voxnas.kernels.activations import DEFAULTS, Spec, name_of, parameters_of
from voxnas.utils.errors import InputError


def fast_tanh(x: Tensor) -> Tensor:
    """The plug-in engine's rational approximation of tanh, "Fasttanh" in its files."""
    a = x.abs()
    s = x * x
    above = x * (2.45550750702956 + 2.45550750702956 * a + (0.893229853513558 + 0.821226666969744 * a) * s)
    below = 2.44506634652299 + (2.44506634652299 + s) * (x + 0.814642734961073 * x * a).abs()
    return above / below


def leaky_hardtanh(x: Tensor, min_val: float, max_val: float, min_slope: float, max_slope: float) -> Tensor:
    """The identity between two values, and straight on with another slope outside them."""
    inside = x.clamp(min_val, max_val)
    return inside + torch.where(x < min_val, min_slope, max_slope) * (x - inside)


_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "Tanh": torch.tanh,
    "Hardtanh": functional.hardtanh,
    "Fasttanh": fast_tanh,
    "ReLU": torch.relu,
    "LeakyReLU": functional.leaky_relu,
    "Sigmoid": torch.sigmoid,
    "SiLU": functional.silu,
    "Hardswish": functional.hardswish,
    "LeakyHardtanh": leaky_hardtanh,
    "Softsign": functional.softsign,
}
ACTIVATIONS = (*_FUNCTIONS, "PReLU")


def check_activation(spec: Any) -> Spec:
    """The shortest way to say the same; InputError on names and parameters that are not known."""
    name = spec.get("type") if isinstance(spec, Mapping) else spec
    if name not in ACTIVATIONS:
        raise InputError(f"unknown activation {str(name)[:40]!r}; one of {', '.join(ACTIVATIONS)}")
    parameters, defaults = parameters_of(spec), DEFAULTS.get(name, {})
    for key, value in parameters.items():
        if key not in defaults:
            raise InputError(f"activation {name} has no parameter {str(key)[:40]!r}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
            raise InputError(f"activation {name}: {key} is no sensible number: {str(value)[:40]}")
    if name == "LeakyHardtanh" and parameters["min_val"] > parameters["max_val"]:
        raise InputError("activation LeakyHardtanh: min_val is above max_val")
    return str(name) if parameters == defaults else {"type": name, **parameters}


class PReLU(nn.Module):
    """The identity above zero, and below it a slope for each channel that is learnt."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.slopes = nn.Parameter(torch.full((channels,), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        return functional.prelu(x, self.slopes)


class _Fixed(nn.Module):
    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, x: Tensor) -> Tensor:
        return self._function(x)


def activation(spec: Spec, channels: int) -> nn.Module:
    """Module that computes the activation on `(batch, channels, …)`."""
    if name_of(spec) == "PReLU":
        return PReLU(channels)
    function = _FUNCTIONS[name_of(spec)]
    parameters = parameters_of(spec)
    return _Fixed(partial(function, **parameters) if parameters else function)
