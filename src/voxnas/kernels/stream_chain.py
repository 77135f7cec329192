"""Streaming of convolutions in a row in native code."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.activations import PLAYED, Spec, as_integers
from voxnas.kernels.build import Unavailable
from voxnas.kernels.form import NativeForm
from voxnas.kernels.stream import MOST_PAST


@dataclass(frozen=True)
class Link:
    """Convolution with the activation that follows it.

    Attributes:
        weight: `(out, in, kernel_size)`, tap `kernel_size - 1` for the current sample.
        bias: `(out,)`, or None.
        dilation: in samples.
        activation: or None.
        slopes: of a PReLU, `(out,)`.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32] | None
    dilation: int
    activation: Spec | None = None
    slopes: NDArray[np.float32] | None = None

    @property
    def past_samples(self) -> int:
        """Samples that the convolution looks back."""
        return (self.weight.shape[2] - 1) * self.dilation

    def shape(self) -> list[int]:
        """Integers that chain_stream.cpp reads; Unavailable on an activation that has no native form."""
        none = [-1, *as_integers("Tanh", PLAYED)[1:]]
        activation = none if self.activation is None else as_integers(self.activation, PLAYED)
        outputs, inputs, kernel_size = self.weight.shape
        return [inputs, outputs, kernel_size, self.dilation, int(self.bias is not None), *activation]


def chain_form(links: Sequence[Link]) -> NativeForm:
    """Native form of convolutions in a row, the last with one output.

    Raises:
        Unavailable: the network has no native form.
    """
    past = sum(link.past_samples for link in links)
    if past > MOST_PAST:
        raise Unavailable(f"a receptive field of {past + 1} samples is over the native {MOST_PAST}")
    shape = [len(links), *(number for link in links for number in link.shape())]
    given = [part for link in links for part in (link.weight, link.bias, link.slopes) if part is not None]
    weights = np.concatenate([part.ravel() for part in given]).astype(np.float32)
    return NativeForm("chain", (np.array(shape, np.int64), weights))
