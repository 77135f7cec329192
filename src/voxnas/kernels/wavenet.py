"""Training of WaveNets in native code: one call forward, one backward, for the whole network.

The network is PyTorch's as before: it holds the weights, the loss and its gradient come from it, and its
optimizer takes the gradients. See wavenet_train.cpp for how they are computed.
"""

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors
from torch.autograd.function import once_differentiable

from voxnas.kernels.activations import TRAINED, Spec, as_integers, name_of, parameters_of
from voxnas.kernels.buffers import Buffers
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.failures import TOO_SHORT, check
from voxnas.kernels.flat import FlatParameters
from voxnas.kernels.train_call import Call

# A tile's samples: few enough that a layer's input, activations and gradients share the cache, and so many
# that the cost of beginning a tile is forgotten. Found by measurement.
TILE, TILE_VALUES = 768, 30720


GATING = ("none", "gated", "blended")  # in the order of the enum Gating in wavenet.h


class ArrayShape(Protocol):
    """Shape of a layer array; see voxnas.models.layer_array.LayerArray."""

    @property
    def channels(self) -> int: ...
    @property
    def dilations(self) -> Sequence[int]: ...
    @property
    def kernel_sizes(self) -> Sequence[int]: ...
    @property
    def activations(self) -> Sequence[Spec]: ...
    @property
    def gating(self) -> Sequence[str]: ...
    @property
    def secondary_activations(self) -> Sequence[Spec]: ...
    @property
    def bottleneck(self) -> int: ...
    @property
    def groups_input(self) -> int: ...
    @property
    def layer1x1(self) -> bool: ...
    @property
    def layer1x1_groups(self) -> int: ...
    @property
    def head1x1_channels(self) -> int | None: ...
    @property
    def head1x1_groups(self) -> int: ...
    @property
    def head_size(self) -> int: ...
    @property
    def head_kernel_size(self) -> int: ...
    @property
    def head_bias(self) -> bool: ...
    @property
    def head_dilation(self) -> int: ...


_buffers = Buffers()


class NativeWaveNet:
    """Native form of a WaveNet: its shape, without weights.

    Args:
        arrays: the layer arrays.

    Raises:
        Unavailable: no library can be built here, or a part of the network has no native form.
    """

    def __init__(self, arrays: Sequence[ArrayShape]) -> None:
        for array in arrays:
            _check_trainable(array)
        self.shape = np.array(shape_list(arrays), np.int64)
        # The last layer's residual leads nowhere: as in PyTorch, it gets no gradient.
        head = 1 + int(arrays[-1].head_bias)
        self.unused = (-head - 2, -head - 1)  # of the parameters
        self.tile = min(TILE, TILE_VALUES // max(a.channels for a in arrays))
        self._memory: dict[tuple[int, ...], list[int]] = {}  # by the sizes asked for
        load("wavenet_train.cpp")

    def __call__(
        self,
        x: Tensor,
        scale: float,
        receptive_field: int,
        parameters: Sequence[Tensor],
        flat: FlatParameters | None = None,
        added: Tensor | None = None,
        each: Tensor | None = None,
    ) -> Tensor:
        """`(batch, 1, samples + receptive_field - 1)` to `(batch, 1, samples)`, both float32 on the CPU.

        `scale` is the output's factor; `parameters` in the order of plug-in files, the module's own. If they
        are `flat`, its leaves get the gradients. `added` is to the biases of all layers' inner channels,
        `(batch, rows)`: each item has its own. `each` are all weights of each item, `(batch, weights)`; they
        stand for the parameters.
        """
        samples = x.shape[-1] - receptive_field + 1
        if x.ndim != 3 or x.shape[1] != 1 or samples < 1:
            raise ValueError(f"expected (batch, 1, {receptive_field} samples or more), got {tuple(x.shape)}")
        if each is not None:
            parts: tuple[Any, ...] = (None, (), each)
        elif flat is not None:
            parts = (flat.memory, flat.unused, *flat.leaves)
        else:
            parts = (None, self.unused, *parameters)
        y: Tensor = _WaveNet.apply(x, added, self, samples, scale, *parts)
        return y

    def call(self, name: str, sizes: Mapping[str, int], scale: float, **tensors: Tensor | None) -> None:
        """Run one of the library's functions; see the struct Call for the names."""
        pointers = {key: tensor.data_ptr() for key, tensor in tensors.items() if tensor is not None}
        self._run(name, Call(**sizes, tile=self.tile, scale=scale, **pointers))

    def memory(self, sizes: Mapping[str, int]) -> list[int]:
        """Sizes in floats: kept between the passes, scratch memory of forward, and of backward."""
        key = tuple(sizes.values())
        if key not in self._memory:
            found = (ctypes.c_int64 * 3)()
            self._run("voxnas_wavenet_sizes", Call(**sizes, tile=self.tile), found)
            self._memory[key] = list(found)
        return self._memory[key]

    def _run(self, name: str, call: Call, *more: Any) -> None:
        library = load("wavenet_train.cpp")
        shape = ctypes.c_void_p(self.shape.ctypes.data)
        status = getattr(library, name)(shape, ctypes.byref(call), *more)
        if status == TOO_SHORT:
            raise ValueError(f"{call.samples_in} input samples are too few for {call.samples_out} of output")
        check(library, status)


def shape_list(arrays: Sequence[ArrayShape], activations: Sequence[str] = TRAINED) -> list[int]:
    """List of integers that wavenet.h reads; Unavailable if an activation is not among those given."""
    shape = [len(arrays)]
    inputs = 1
    for a in arrays:
        shape += [inputs, a.channels, a.bottleneck, a.groups_input, int(a.layer1x1), a.layer1x1_groups]
        shape += [a.head1x1_channels or 0, a.head1x1_groups, a.head_size, a.head_kernel_size]
        shape += [int(a.head_bias), len(a.dilations)]
        layers = zip(
            a.kernel_sizes, a.dilations, a.gating, a.activations, a.secondary_activations, strict=True
        )
        for kernel_size, dilation, gating, activation, secondary in layers:
            shape += [kernel_size, dilation, GATING.index(gating)]
            shape += as_integers(activation, activations)
            shape += as_integers(secondary if gating != "none" else activations[0], activations)
        shape.append(a.head_dilation)
        inputs = a.channels
    return shape


def _check_trainable(array: ArrayShape) -> None:
    """Unavailable if training has no native form of it, although playing may have."""
    plain = array.bottleneck == array.channels and array.groups_input == array.layer1x1_groups == 1
    if not plain or not array.layer1x1 or array.head1x1_channels is not None:
        raise Unavailable("bottlenecks, groups and a head1x1 train on PyTorch only")
    for gating, secondary in zip(array.gating, array.secondary_activations, strict=True):
        if gating == "blended" or (gating == "gated" and name_of(secondary) != "Sigmoid"):
            raise Unavailable("gates other than a Sigmoid's train on PyTorch only")
    for spec in array.activations:
        if name_of(spec) == "LeakyReLU" and parameters_of(spec)["negative_slope"] <= 0:
            raise Unavailable("LeakyReLU without a slope above zero trains on PyTorch only")


class _WaveNet(torch.autograd.Function):
    """Autograd of the native passes: `leaves` are the weights in parts, `weights` in one piece, or None."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        added: Tensor | None,
        net: NativeWaveNet,
        samples: int,
        scale: float,
        weights: Tensor | None,
        unused: Sequence[int],
        *leaves: Tensor,
    ) -> Tensor:
        x = x.contiguous()
        added = None if added is None else added.contiguous()
        # one matrix in the place of the parameters: a row of weights for each item
        per_item = weights is None and leaves[0].ndim == 2 and len(leaves) == 1
        if weights is None:
            weights = leaves[0].contiguous() if per_item else _flatten_dense_tensors(leaves)
        if weights.dtype != torch.float32:
            raise ValueError(f"expected float32 weights for a float32 input, got {weights.dtype}")
        sizes = {"batch": x.shape[0], "samples_in": x.shape[-1], "samples_out": samples}
        sizes |= {"threads": torch.get_num_threads(), "per_item": int(per_item)}
        y = x.new_empty(x.shape[0], 1, samples)
        kept_size, scratch_size, backward_size = net.memory(sizes)
        kept = _buffers.take(kept_size) if any(ctx.needs_input_grad) else None
        scratch = _buffers.take(scratch_size)
        tensors = {"weights": weights, "x": x, "y": y, "kept": kept, "scratch": scratch, "added": added}
        net.call("voxnas_wavenet_forward", sizes, scale, **tensors)
        if kept is not None:
            ctx.save_for_backward(x, weights, kept)
        ctx.net, ctx.sizes, ctx.scale, ctx.backward_size = net, sizes, scale, backward_size
        ctx.leaves, ctx.unused, ctx.added = leaves, unused, added  # for their shapes
        ctx.per_item = per_item
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weights, kept = ctx.saved_tensors
        dx = torch.zeros_like(x) if ctx.needs_input_grad[0] else None
        dweights = torch.zeros_like(weights)
        scratch = _buffers.take(ctx.backward_size)
        tensors = {"weights": weights, "x": x, "dy": dy.contiguous(), "kept": kept}
        dadded = torch.zeros_like(ctx.added) if ctx.needs_input_grad[1] else None
        results = {"dweights": dweights, "dx": dx, "scratch": scratch, "dadded": dadded}
        ctx.net.call("voxnas_wavenet_backward", ctx.sizes, ctx.scale, **tensors, **results)
        if ctx.per_item:
            return dx, dadded, None, None, None, None, None, dweights
        gradients: list[Tensor | None] = list(_unflatten_dense_tensors(dweights, ctx.leaves))
        for index in ctx.unused:
            gradients[index] = None
        return dx, dadded, None, None, None, None, None, *gradients
