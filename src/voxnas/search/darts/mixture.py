"""A WaveNet array whose layers are mixtures, computed by native code or by PyTorch."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from voxnas.kernels.build import Unavailable
from voxnas.kernels.mixture import MIXED, MixedLayer, NativeMixture
from voxnas.models.activations import activation
from voxnas.utils.errors import InputError


@dataclass
class Layer:
    """One layer's form and weights, for `channels` in and out; `outputs` are twice as many where it is gated.

    Attributes:
        kernel: `(outputs, channels, taps)`, the current sample last.
        bias, mixin: `(outputs,)`.
        activations: `(MIXED,)`, the weight of each.
        gate: `(1,)`, how much the gate counts.
        residual: `(channels, channels, 1)`, and its bias `(channels,)`.
    """

    form: MixedLayer
    kernel: Tensor
    bias: Tensor
    mixin: Tensor
    activations: Tensor
    gate: Tensor
    residual: Tensor
    residual_bias: Tensor

    def parameters(self) -> list[Tensor]:
        """Weights in the order of `NativeMixture`."""
        gate = [self.gate] if self.form.gated else []
        own = [self.kernel, self.bias, self.mixin.view(-1, 1, 1), self.activations, *gate]
        return [*own, self.residual, self.residual_bias]


@dataclass
class Ends:
    """Weights around the layers: rechannel `(channels, 1, 1)`, head `(1, channels, 1)` and its bias."""

    rechannel: Tensor
    head: Tensor
    head_bias: Tensor


def run(x: Tensor, layers: Sequence[Layer], ends: Ends, scale: float, backend: str = "auto") -> Tensor:
    """`(batch, 1, samples + past)` to `(batch, 1, samples)`.

    The past is the sum of the layers' longest taps. Raises InputError where `backend` is "native" and that
    cannot be.
    """
    past = sum(layer.form.taps[-1] for layer in layers)
    if not layers:
        return scale * ends.head_bias.view(1, 1, 1).expand(x.shape)
    if backend != "torch" and x.device.type == "cpu" and x.dtype == torch.float32:
        native = _native(ends.rechannel.shape[0], tuple(layer.form for layer in layers))
        if isinstance(native, NativeMixture):
            own = [parameter for layer in layers for parameter in layer.parameters()]
            return native(x, scale, past + 1, [ends.rechannel, *own, ends.head, ends.head_bias])
        if backend == "native":
            raise InputError(f"backend=native cannot be: {native}") from native
    return _by_torch(x, layers, ends, scale, past)


@lru_cache(maxsize=256)  # a search comes back to the same forms again and again
def _native(channels: int, forms: tuple[MixedLayer, ...]) -> NativeMixture | Unavailable:
    try:
        return NativeMixture(channels, forms)
    except Unavailable as reason:
        return reason


def _by_torch(x: Tensor, layers: Sequence[Layer], ends: Ends, scale: float, past: int) -> Tensor:
    samples, channels = x.shape[-1] - past, len(ends.rechannel)
    condition, x = x, ends.rechannel.view(1, -1, 1) * x
    head = x.new_zeros(1)
    for layer in layers:
        length = x.shape[-1] - layer.form.taps[-1]
        rows = [x[..., x.shape[-1] - length - tap :][..., :length] for tap in reversed(layer.form.taps)]
        z = layer.kernel.transpose(1, 2).flatten(1) @ torch.cat(rows, 1) + layer.bias.view(-1, 1)
        z = z + layer.mixin.view(-1, 1) * condition[..., -length:]
        a = torch.zeros_like(z[:, :channels])
        for name in layer.form.activations:
            a = a + layer.activations[MIXED.index(name)] * activation(name, channels)(z[:, :channels])
        if layer.form.gated:
            a = a * (1 - layer.gate + layer.gate * torch.sigmoid(z[:, channels:]))
        head = head + a[..., -samples:]
        x = x[..., -length:] + layer.residual[..., 0] @ a + layer.residual_bias.view(-1, 1)
    return scale * (ends.head[..., 0] @ head + ends.head_bias.view(1, 1, 1))
