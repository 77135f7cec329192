"""Training in native code of networks that are programs: one call forward, one backward, for all steps.

The network is PyTorch's as before: it holds the weights, which its program has as tensors, the loss and its
gradient come from it, and its optimizer takes the gradients. See program_train.cpp for how they are computed.
"""

import ctypes
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from voxnas.kernels.activations import TRAINED, as_integers
from voxnas.kernels.buffers import Buffers
from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.failures import TOO_SHORT, check
from voxnas.kernels.graph import Step, in_arrays
from voxnas.kernels.graph_check import check_program
from voxnas.kernels.program_weights import places_of, size_of, weights_of
from voxnas.kernels.train_call import Call
from voxnas.kernels.train_plan import KINDS, TrainOp, activation_of, operations, place_gradients

TILE, TILE_VALUES = 768, 24576  # samples, and samples times channels, at most; found by measurement
MOST_KEPT = 2**28  # floats kept between the passes; of more they are worked out again
_SOURCE = "program_train.cpp"
_buffers = Buffers()


class NativeProgram:
    """Native form of a program for training: its shape, without weights.

    Args:
        steps: of the network; see `voxnas.kernels.graph`.

    Raises:
        InputError: the program is malformed.
        Unavailable: no library can be built here, or the program trains on PyTorch only.
    """

    most_kept = MOST_KEPT

    def __init__(self, steps: Sequence[Step]) -> None:
        if not all(isinstance(part, Tensor) for part in weights_of(steps)):
            raise Unavailable("a program whose weights are no tensors trains on PyTorch only")
        check_program(in_arrays(steps))
        self.shape = np.array(shape_list(steps), np.int64)
        self.tile = min(TILE, TILE_VALUES // max(step.channels for step in steps))
        self._memory: dict[tuple[int, ...], list[int]] = {}  # by the sizes asked for
        load(_SOURCE)

    def __call__(self, x: Tensor, samples: int, steps: Sequence[Step], heard: Tensor | None = None) -> Tensor:
        """The last `samples` of the output, `(batch, 1, samples)`; all is float32 on the CPU.

        Args:
            x: `(batch, 1, …)`, of as many samples more as the program looks back.
            samples: of the output.
            steps: the program with its weights, tensors that get gradients.
            heard: controls `(batch, k)`, where the program has a film.
        """
        weights = torch.cat([part.reshape(-1) for part in weights_of(steps)])
        films = [step.weight for step in steps if step.kind == "film"]
        turns = torch.cat([_turns(film, heard) for film in films], dim=1) if films else None
        y: Tensor = _Program.apply(x, weights, turns, self, samples)
        return y

    def memory(self, sizes: Mapping[str, int]) -> list[int]:
        """Floats that are kept, and of scratch memory: of forward, of backward, and where nothing is kept."""
        key = tuple(sizes.values())
        if key not in self._memory:
            found = (ctypes.c_int64 * 4)()
            self.run("sizes", Call(**sizes, tile=self.tile), found)
            self._memory[key] = list(found)
        return self._memory[key]

    def call(self, name: str, sizes: Mapping[str, int], **tensors: Tensor | None) -> None:
        """Run one of the library's functions; see the struct Call for the names."""
        pointers = {key: tensor.data_ptr() for key, tensor in tensors.items() if tensor is not None}
        self.run(name, Call(**sizes, tile=self.tile, **pointers))

    def run(self, name: str, call: Call, *more: Any) -> None:
        """The same with a call that is made; raises where it fails."""
        library = load(_SOURCE)
        shape = ctypes.c_void_p(self.shape.ctypes.data)
        status = getattr(library, f"voxnas_program_{name}")(shape, ctypes.byref(call), *more)
        if status == TOO_SHORT:
            raise ValueError(f"{call.samples_in} input samples are too few for {call.samples_out} of output")
        check(library, status)


def shape_list(steps: Sequence[Step]) -> list[int]:
    """The integers that train_program.h reads; Unavailable for steps that native code cannot train."""
    ops = operations(steps)
    count = 1 + max(op.out for op in ops)
    channels = [1] * count
    for op in ops:
        channels[op.out] = op.step.channels
    buffers = place_gradients(ops, channels)
    places = places_of(steps)
    shape = [sum(map(size_of, weights_of(steps))), 2 * sum(s.channels for s in steps if s.kind == "film")]
    shape += [len(channels), *channels, len(buffers), *buffers, len(ops)]
    for op in ops:
        shape += _op_list(op, channels, places)
    return shape


def _op_list(op: TrainOp, channels: Sequence[int], places: Mapping[tuple[int, str], int]) -> list[int]:
    step, x, second = op.step, op.inputs[0], op.inputs[1] if len(op.inputs) > 1 else -1
    given = [KINDS.index(op.kind), x, second, op.out, channels[x], step.channels]
    given += [step.kernel_size, step.dilation, places.get((id(step), "weight"), 0)]
    given.append(places.get((id(step), "bias"), -1))
    follows = op.activation
    given += [
        int(follows is not None),
        *as_integers("ReLU" if follows is None else activation_of(follows), TRAINED),
    ]
    given += [places.get((id(follows), "slopes"), 0), places.get((id(step), "turns"), 0)]
    given += [step.heads, int(op.kept), int(op.wanted)]
    both = [*op.gradients, -1][:2], [*op.firsts, False][:2]
    return [*given, *both[0], op.gradient, *map(int, both[1]), *_selection_list(step, places)]


def _selection_list(step: Step, places: Mapping[tuple[int, str], int]) -> list[int]:
    if step.bounds is None:
        return [0]
    given = [len(step.bounds) + 1, len(step.layers)]
    for index, layer in enumerate(step.layers):
        own = (places[id(step), f"{name} {index}"] for name in ("weight", "bias"))
        given += [layer.bias.shape[-1], *own]
    numbers = np.array([*step.bounds, 1 / step.blend if step.blend else 0], np.float32)
    return [*given, *numbers.view(np.int32).tolist()]


def _turns(film: Any, heard: Tensor | None) -> Tensor:
    """Each item's factors and then its addends, `(batch, 2 channels)`, of a film's `(2, channels, k)`."""
    assert heard is not None
    scale, shift = torch.einsum("prk,bk->pbr", film, heard)
    return torch.cat([1 + scale, shift], dim=1)


class _Program(torch.autograd.Function):
    """Autograd of the native passes."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weights: Tensor, turns: Tensor | None, net: NativeProgram, samples: int
    ) -> Tensor:
        if x.ndim != 3 or x.shape[1] != 1 or samples < 1:
            raise ValueError(f"expected (batch, 1, samples), and output of them, got {tuple(x.shape)}")
        if weights.dtype != torch.float32:
            raise ValueError(f"expected float32 weights for a float32 input, got {weights.dtype}")
        x = x.contiguous()
        sizes = {"batch": x.shape[0], "samples_in": x.shape[-1], "samples_out": samples}
        sizes["threads"] = torch.get_num_threads()
        y = x.new_empty(x.shape[0], 1, samples)
        kept_size, scratch_size, *ctx.backward_sizes = net.memory(sizes)
        keeps = any(ctx.needs_input_grad) and kept_size <= net.most_kept
        kept, scratch = _buffers.take(kept_size) if keeps else None, _buffers.take(scratch_size)
        net.call("forward", sizes, weights=weights, x=x, y=y, kept=kept, scratch=scratch, added=turns)
        ctx.save_for_backward(x, weights, turns, kept)
        ctx.net, ctx.sizes = net, sizes
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        x, weights, turns, kept = ctx.saved_tensors
        dx = torch.zeros_like(x) if ctx.needs_input_grad[0] else None
        dweights, dturns = torch.zeros_like(weights), None if turns is None else torch.zeros_like(turns)
        scratch = _buffers.take(ctx.backward_sizes[kept is None])
        given = {"weights": weights, "x": x, "dy": dy.contiguous(), "kept": kept, "added": turns}
        results = {"dweights": dweights, "dx": dx, "scratch": scratch, "dadded": dturns}
        ctx.net.call("backward", ctx.sizes, **given, **results)
        return dx, dweights, dturns, None, None
