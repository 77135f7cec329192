"""Networks that are programs of steps, which native code plays and trains."""

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from voxnas.kernels.build import Unavailable
from voxnas.kernels.graph import Step
from voxnas.kernels.program import NativeProgram
from voxnas.models.base import BACKENDS, State, StreamingNetwork, warn_of_torch
from voxnas.models.conv import CausalConv
from voxnas.utils.errors import InputError


class ProgramNetwork(StreamingNetwork):
    """Network that is trained by its program where native code can.

    One says its `program()`, with its own tensors for weights, and `_offline`, the same in PyTorch: that
    trains on a GPU, in other precisions, where there is no compiler, and where native code trains not all of
    the program's steps.

    Attributes:
        backend: what computes `forward`: "native" (float32 on a CPU), "torch", or "auto" for native where it
            can be. `stream` is always PyTorch's.
    """

    backend: str = "auto"
    _form: NativeProgram | Unavailable | None = None  # found out when it is first needed

    def use(self, backend: str) -> None:
        """Train with this backend; InputError if it is unknown."""
        if backend not in BACKENDS:
            raise InputError(
                f"{type(self).__name__}: unknown backend {str(backend)[:40]!r}; one of {', '.join(BACKENDS)}"
            )
        self.backend = backend

    @abstractmethod
    def program(self) -> list[Step]:
        """The network as steps."""

    @abstractmethod
    def _offline(self, x: Tensor, heard: Tensor | None) -> Tensor:
        """`forward` in PyTorch; controls as the network hears them."""

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        heard, native = self._heard(controls, x), self._native(x)
        if native is not None:
            return native(x, x.shape[-1] - self.receptive_field + 1, self.program(), heard)
        return self._offline(x, heard)

    def _native(self, x: Tensor) -> NativeProgram | None:
        """Native form that computes `forward` instead of PyTorch, if backend and `x` allow it."""
        if self.backend == "torch" or x.device.type != "cpu" or x.dtype != torch.float32:
            return None
        if self._form is None:
            try:
                self._form = NativeProgram(self.program())
            except Unavailable as reason:
                self._form = reason
        if isinstance(self._form, NativeProgram):
            return self._form
        if self.backend == "native":
            raise InputError(f"{type(self).__name__}: backend=native cannot be: {self._form}") from self._form
        warn_of_torch(str(self._form))
        return None


class ConvolutionalNetwork(ProgramNetwork):
    """Network of convolutions, whose state is the past of each, and what goes between them."""

    @abstractmethod
    def _run(
        self, x: Tensor, state: Sequence[Tensor | None], heard: Tensor | None = None
    ) -> tuple[Tensor, State]:
        """Output and state. With a past, as many samples as went in; without, a receptive field less."""

    @property
    @abstractmethod
    def _convolutions(self) -> list[CausalConv]:
        """Convolutions with a past, in the order of the state."""

    def _offline(self, x: Tensor, heard: Tensor | None) -> Tensor:
        return self._run(x, [None] * len(self._convolutions), heard)[0]

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        silence = next(self.parameters()).new_zeros(batch, 1, self.receptive_field)
        empty = [convolution.empty_past(batch) for convolution in self._convolutions]
        return self._run(silence, empty, self._heard(controls, silence))[1]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        return self._run(x, state, self._heard(controls, x))


def convolution_step(convolution: CausalConv, signal: int) -> Step:
    """A convolution as a step of a program, of a signal."""
    outputs, _, kernel_size = convolution.weight.shape
    given = {"weight": convolution.weight, "bias": convolution.bias}
    return Step("conv", (signal,), outputs, 1, kernel_size, convolution.dilation, **given)  # type: ignore[arg-type]
