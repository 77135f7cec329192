"""The activations that the plug-in's engine knows, by the names it uses."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

Activation = Callable[[Tensor], Tensor]


def fast_tanh(x: Tensor) -> Tensor:
    """The plug-in engine's rational approximation of tanh, "Fasttanh" in its files."""
    a = x.abs()
    s = x * x
    above = x * (2.45550750702956 + 2.45550750702956 * a + (0.893229853513558 + 0.821226666969744 * a) * s)
    below = 2.44506634652299 + (2.44506634652299 + s) * (x + 0.814642734961073 * x * a).abs()
    return above / below


def leaky_hardtanh(x: Tensor, low: float = -1.0, high: float = 1.0, slope: float = 0.01) -> Tensor:
    """Hardtanh whose ends go on with a small slope."""
    inside = x.clamp(low, high)
    return inside + slope * (x - inside)


ACTIVATIONS: dict[str, Activation] = {
    "Tanh": torch.tanh,
    "Hardtanh": functional.hardtanh,
    "Fasttanh": fast_tanh,
    "ReLU": torch.relu,
    "LeakyReLU": functional.leaky_relu,  # slope .01
    "Sigmoid": torch.sigmoid,
    "SiLU": functional.silu,
    "Hardswish": functional.hardswish,
    "LeakyHardtanh": leaky_hardtanh,
    "Softsign": functional.softsign,
}
