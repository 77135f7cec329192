"""Training of state trajectory networks in native code; see trajectory_train.cpp for how it is computed."""

import ctypes
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch._utils import _flatten_dense_tensors, _unflatten_dense_tensors
from torch.autograd.function import once_differentiable

from voxnas.kernels.activations import TRAINED
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.failures import check

MOST_LAYERS = 8
ACTIVATIONS = ("Tanh", "Sigmoid", "ReLU", "Softsign", "Hardtanh", "SiLU")


class _Shape(ctypes.Structure):
    """Mirror of the struct Shape in trajectory_train.cpp."""

    _fields_ = (
        ("layers", ctypes.c_int64),
        ("activation", ctypes.c_int64),
        ("widths", ctypes.c_int64 * (MOST_LAYERS + 1)),
    )


class _Call(ctypes.Structure):
    """Mirror of the struct Call there."""

    _fields_ = (
        *((name, ctypes.c_int64) for name in ("batch", "samples_in", "samples_out", "threads")),
        *((name, ctypes.c_void_p) for name in ("weights", "x", "dstates", "states", "kept", "dweights")),
    )


class NativeTrajectory:
    """Native form of a state trajectory network's recurrence: its shape, without weights.

    Args:
        widths: the input and the states together, the units of each hidden layer, the states.
        activation: of the hidden layers, of ACTIVATIONS.

    Raises:
        Unavailable: no library can be built here, or there are too many layers for one.
    """

    def __init__(self, widths: Sequence[int], activation: str) -> None:
        if len(widths) > MOST_LAYERS + 1:
            raise Unavailable(f"{len(widths) - 1} layers are over the native {MOST_LAYERS}")
        padded = (ctypes.c_int64 * (MOST_LAYERS + 1))(*widths)
        self.states = widths[-1]
        self._shape = _Shape(len(widths) - 1, TRAINED.index(activation), padded)
        self._library = "trajectory_train.cpp"
        load(self._library)

    def __call__(self, x: Tensor, warm_up: int, layers: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """`(batch, 1, warm_up + samples)` to the states `(batch, states, samples)`; float32 on the CPU.

        Args:
            x: the signal; no gradient goes to it.
            warm_up: samples from a state of zeros to one, into which no gradient goes.
            layers: weight and bias of each, the rates within the last.
        """
        parameters = [part for layer in layers for part in layer]
        states: Tensor = _Trajectory.apply(x, self, x.shape[-1] - warm_up, *parameters)
        return states

    def call(self, name: str, sizes: dict[str, int], **tensors: Tensor | None) -> int:
        """Run one of the library's functions; see the struct Call for the names."""
        pointers = {key: tensor.data_ptr() for key, tensor in tensors.items() if tensor is not None}
        function = getattr(load(self._library), f"voxnas_trajectory_{name}")
        function.restype = ctypes.c_int64 if name == "kept" else ctypes.c_int
        return int(function(ctypes.byref(self._shape), ctypes.byref(_Call(**sizes, **pointers))))

    def run(self, name: str, sizes: dict[str, int], **tensors: Tensor | None) -> None:
        """The same; raises where it fails."""
        check(load(self._library), self.call(name, sizes, **tensors))


class _Trajectory(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, net: NativeTrajectory, samples: int, *parameters: Tensor) -> Tensor:
        x, weights = x.contiguous(), _flatten_dense_tensors(parameters)
        sizes = {"batch": len(x), "samples_in": x.shape[-1], "samples_out": samples}
        sizes["threads"] = torch.get_num_threads()
        states = x.new_empty(len(x), net.states, samples)
        kept = x.new_empty(net.call("kept", sizes)) if any(ctx.needs_input_grad) else None
        net.run("forward", sizes, weights=weights, x=x, states=states, kept=kept)
        if kept is not None:
            ctx.save_for_backward(x, weights, kept)
        ctx.net, ctx.sizes, ctx.parameters = net, sizes, parameters
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dstates: Tensor) -> tuple[Tensor | None, ...]:
        x, weights, kept = ctx.saved_tensors
        dweights, dstates = torch.zeros_like(weights), dstates.contiguous()
        ctx.net.run(
            "backward", ctx.sizes, weights=weights, x=x, dstates=dstates, kept=kept, dweights=dweights
        )
        return None, None, None, *_unflatten_dense_tensors(dweights, ctx.parameters)
