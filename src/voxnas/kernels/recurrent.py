"""Training of LSTM and GRU networks in native code: one call forward, one backward, for the whole network.

As in wavenet.py the network stays PyTorch's; see recurrent_train.cpp for how the passes are computed.
"""

import ctypes
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors
from torch.autograd.function import once_differentiable

from voxnas.kernels.buffers import Buffers
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.failures import check
from voxnas.kernels.stream_recurrent import KINDS

LINE = 16  # floats in a line of the cache
MOST_UNITS = 256  # per layer; PyTorch's products are as fast for more


class _Shape(ctypes.Structure):
    """Mirror of the struct Shape in recurrent_net.h."""

    _fields_ = tuple((name, ctypes.c_int64) for name in ("gru", "layers", "inputs", "units"))


class _Call(ctypes.Structure):
    """Mirror of the struct Call in recurrent_pass.h."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("batch", "samples_in", "samples_out", "threads", "window")),
        *((name, ctypes.c_void_p) for name in ("weights", "start", "x", "dy")),
        ("skip_gain", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in ("y", "kept", "dweights", "dx")),
    )


_buffers = Buffers()


class NativeRecurrent:
    """Native form of a recurrent network: its shape, without weights.

    Args:
        kind: of `KINDS`.
        layers: each fed by the one before.
        units: per layer.
        inputs: channels of the signal; a skip adds the first one to the output.

    Raises:
        Unavailable: no library can be built here, or the network is too large for one.
    """

    def __init__(self, kind: str, layers: int, units: int, inputs: int = 1) -> None:
        if units > MOST_UNITS:
            raise Unavailable(f"{units} units are over the native {MOST_UNITS}")
        self.inputs = inputs
        self._shape = _Shape(KINDS.index(kind), layers, inputs, units)
        load("recurrent_train.cpp")

    def __call__(
        self,
        x: Tensor,
        warm_up: int,
        parameters: Sequence[Tensor],
        start: Tensor,
        skip_gain: float = 0.0,
        window: int | None = None,
    ) -> Tensor:
        """`(batch, inputs, warm_up + samples)` to `(batch, 1, samples)`, both float32 on the CPU.

        Args:
            x: the signal.
            warm_up: samples that lead to a state, and into which no gradient goes.
            parameters: each layer's `weight_ih, weight_hh, bias_ih, bias_hh`, the output's weights and bias.
            start: the state that silence begins with, `(states, layers, units)`.
            skip_gain: of the input, which is added to the output.
            window: samples after which gradients end that go back through time; None for all the way.
        """
        samples = x.shape[-1] - warm_up
        if x.ndim != 3 or x.shape[1] != self.inputs or samples < 1:
            raise ValueError(
                f"expected (batch, {self.inputs}, {warm_up + 1} samples or more), got {tuple(x.shape)}"
            )
        y: Tensor = _Recurrent.apply(x, self, samples, start, skip_gain, window or samples, *parameters)
        return y

    def call(self, name: str, sizes: dict[str, int], skip_gain: float, **tensors: Tensor | None) -> None:
        """Run one of the library's functions; see the struct Call for the names."""
        pointers = {key: tensor.data_ptr() for key, tensor in tensors.items() if tensor is not None}
        call = _Call(**sizes, skip_gain=skip_gain, **pointers)
        library = load("recurrent_train.cpp")
        check(library, getattr(library, name)(ctypes.byref(self._shape), ctypes.byref(call)))

    def kept(self, batch: int, samples: int) -> int:
        """Floats that are kept between the passes."""
        found = ctypes.c_int64()
        library = load("recurrent_train.cpp")
        library.voxnas_recurrent_kept(ctypes.byref(self._shape), ctypes.c_int64(samples), ctypes.byref(found))
        return batch * found.value


class _Recurrent(torch.autograd.Function):
    """Autograd of the native passes."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        net: NativeRecurrent,
        samples: int,
        start: Tensor,
        skip_gain: float,
        window: int,
        *parameters: Tensor,
    ) -> Tensor:
        x, weights = x.contiguous(), _flatten_dense_tensors(parameters)
        if weights.dtype != torch.float32:
            raise ValueError(f"expected float32 weights for a float32 input, got {weights.dtype}")
        sizes = {"batch": x.shape[0], "samples_in": x.shape[-1], "samples_out": samples}
        sizes |= {"threads": torch.get_num_threads(), "window": window}
        y = x.new_empty(x.shape[0], 1, samples)
        kept = _aligned(net.kept(x.shape[0], samples)) if any(ctx.needs_input_grad) else None
        tensors = {"weights": weights, "start": start.contiguous(), "x": x, "y": y, "kept": kept}
        net.call("voxnas_recurrent_forward", sizes, skip_gain, **tensors)
        if kept is not None:
            ctx.save_for_backward(x, weights, kept)
        ctx.net, ctx.sizes, ctx.skip_gain = net, sizes, skip_gain
        ctx.parameters = parameters  # for their shapes
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weights, kept = ctx.saved_tensors
        dx = torch.zeros_like(x) if ctx.needs_input_grad[0] else None
        dweights = torch.zeros_like(weights)
        tensors = {"weights": weights, "x": x, "dy": dy.contiguous(), "kept": kept, "dweights": dweights}
        ctx.net.call("voxnas_recurrent_backward", ctx.sizes, ctx.skip_gain, **tensors, dx=dx)
        return dx, None, None, None, None, None, *_unflatten_dense_tensors(dweights, ctx.parameters)


def _aligned(size: int) -> Tensor:
    """So many floats that begin where a line of the cache does."""
    memory = _buffers.take(size + LINE)
    return memory[-(memory.data_ptr() // 4) % LINE :]
