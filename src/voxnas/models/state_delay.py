"""A recurrent network at another rate than its own: a sample starts from the state of so much time before.

The state of one sample before, at the rate that the network was trained at, lies between states at another
rate; Lagrange's polynomial reads it there. After Carson, Wright and Bilbao (2024), "Sample rate independent
recurrent neural networks for audio effects processing" (arXiv 2406.06293); the polynomial's degree is the
highest that keeps the network stable around its rest (the same authors, arXiv 2409.15884).
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxnas.models.base import State, StreamingNetwork
from voxnas.models.recurrent import Recurrent
from voxnas.utils.errors import InputError

DEGREES = (3, 2, 1, 0)


class StateDelay(StreamingNetwork):
    """A trained recurrent network, played at `ratio` times its rate.

    Its state is that of the network's past samples, `depth` of them, the newest first.

    Raises:
        InputError: the network is not stable at that rate with any polynomial.
    """

    memory_is_finite = False

    def __init__(self, network: Recurrent, ratio: float) -> None:
        super().__init__()
        self.inner, self.ratio, self.name = network, ratio, network.name
        self.receptive_field = 1 + round(network.warm_up * ratio)
        self.controls, self.num_controls = network.controls, network.num_controls
        jacobian = _jacobian(network)
        for degree in DEGREES:
            self.first, self.taps = lagrange(ratio, degree)
            self.largest_pole = largest_pole(jacobian, self.first, self.taps)
            if self.largest_pole < 1:
                break
        else:
            raise InputError(f"{network.name}: is not stable at {ratio:.4g} times its rate")

    @property
    def depth(self) -> int:
        """Samples of the past that count."""
        return self.first + len(self.taps) - 1

    def forward(self, x: Tensor, controls: Tensor | None = None) -> Tensor:
        state = [part.unsqueeze(0).repeat(self.depth, 1, 1, 1) for part in self.inner._at_start(x.shape[0])]
        return self.stream(x, state, controls)[0][..., self.receptive_field - 1 :]

    def initial_state(self, batch: int = 1, controls: Tensor | None = None) -> State:
        at_rest = self.inner.initial_state(batch, controls)  # rest is the same at every rate
        return [part.unsqueeze(0).repeat(self.depth, 1, 1, 1) for part in at_rest]

    def stream(self, x: Tensor, state: State, controls: Tensor | None = None) -> tuple[Tensor, State]:
        heard = self.inner._heard(controls, x)
        past, out = [list(part) for part in state], []
        taps = slice(self.first - 1, None)
        for t in range(x.shape[-1]):
            now = heard if heard is None or heard.ndim == 2 else heard[..., t]
            from_ = [
                sum(w * h for w, h in zip(self.taps, part[taps], strict=True)).contiguous() for part in past
            ]
            y, after = self.inner._run(x[..., t : t + 1], from_, now)
            out.append(y)
            past = [[new, *part[:-1]] for new, part in zip(after, past, strict=True)]
        played = torch.cat(out, dim=-1) if out else x[..., :0]
        return played, [torch.stack(part) for part in past]

    @property
    def macs_per_sample(self) -> int:
        states = self.inner.states * self.inner.num_layers * self.inner.hidden_size
        return self.inner.macs_per_sample + len(self.taps) * states

    def architecture(self) -> dict[str, Any]:
        raise InputError(f"{self.name}: plays at another rate than its own, which no file holds")

    def summary(self) -> dict[str, Any]:
        return self.inner.summary()

    def fold(self, setting: Mapping[str, Any]) -> "StateDelay":
        folded = copy.deepcopy(self)
        folded.inner = self.inner.fold(setting)
        folded.controls, folded.num_controls = folded.inner.controls, folded.inner.num_controls
        return folded


def lagrange(delay: float, degree: int) -> tuple[int, tuple[float, ...]]:
    """First sample of the past and the weights from there on, that read a signal `delay` samples ago.

    The points lie around the delay as far as they are of the past; a whole delay needs one alone.
    """
    if delay == round(delay) and delay >= 1:
        return int(delay), (1.0,)
    first = max(1, int(np.floor(delay)) - (degree - 1) // 2)
    if degree == 0:
        first = max(1, round(delay))
    points = first + np.arange(degree + 1)
    weights = [
        float(np.prod([(delay - other) / (point - other) for other in points if other != point]))
        for point in points
    ]
    return first, tuple(weights)


def largest_pole(jacobian: NDArray[np.float64], first: int, taps: Sequence[float]) -> float:
    """Largest of the poles' radii of the network around its rest: below 1 it is stable there.

    Where a sample multiplies a mode of the state by λ, z^(first+n) = λ Σ taps[k] z^(n-k), with n = taps - 1.
    """
    radii = [0.0]
    for mode in np.linalg.eigvals(jacobian):
        equation = np.zeros(first + len(taps), complex)
        equation[0] = 1
        equation[first:] -= mode * np.array(taps)
        radii += list(np.abs(np.roots(equation)))
    return float(max(radii))


def _jacobian(network: Recurrent) -> NDArray[np.float64]:
    """What a small change of the state at rest becomes after a sample, `(numbers, numbers)`."""
    inner = copy.deepcopy(network).double().cpu()
    with torch.no_grad():
        rest = inner.initial_state()
    shapes, sizes = [part.shape for part in rest], [part.numel() for part in rest]
    silence = torch.zeros(1, 1, 1, dtype=torch.float64)

    def step(flat: Tensor) -> Tensor:
        parts = [part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True)]
        _, after = inner._run(silence, parts, inner._heard(None, silence))
        return torch.cat([part.flatten() for part in after])

    flat = torch.cat([part.flatten() for part in rest])
    found: NDArray[np.float64] = torch.autograd.functional.jacobian(step, flat).numpy()
    return found
