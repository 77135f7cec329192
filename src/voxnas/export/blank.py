"""Networks to be filled from a file: sized up first, so that a hostile file costs no memory and no time."""

from collections.abc import Mapping
from typing import Any

import torch

from voxnas.models.base import State, StreamingNetwork
from voxnas.models.build import build
from voxnas.models.recurrent import Recurrent
from voxnas.utils.errors import InputError

MAX_RECEPTIVE_FIELD = 2**18  # samples, 5 s at 48 kHz
# Multiply-adds to settle on silence; the plug-in's standard WaveNet takes 6e7, an LSTM of 4 × 128 units 2e10
MAX_WORK = 3 * 10**10
SETTLING = 48_000  # samples that a recurrent network may take for it
MAX_NUMBER, MAX_ENTRIES, MAX_LAYERS = 2**24, 4096, 256  # in the description of an architecture
MAX_PEAK = 1e9  # of full scale
FLAGS = {"skip", "bias", "head_bias", "layer1x1", "shift"}


def blank_network(architecture: Mapping[str, Any]) -> StreamingNetwork:
    """The network on PyTorch's meta device: shapes without memory, and no random numbers drawn.

    Fill it with `fill`. Raises InputError on an architecture that cannot be, or is absurdly large.
    """
    _check_description(architecture)
    try:
        with torch.device("meta"):
            network = build(architecture)
        samples = network.receptive_field
        work = network.macs_per_sample * max(samples, SETTLING if isinstance(network, Recurrent) else 0)
    except (ValueError, TypeError, AttributeError, RuntimeError, OverflowError) as error:
        raise InputError(f"the architecture cannot be built ({error})") from error
    if type(samples) is not int or samples > MAX_RECEPTIVE_FIELD:
        raise InputError(f"a receptive field of {str(samples)[:40]} samples is more than can be played")
    if work > MAX_WORK:
        raise InputError(
            f"too large to play: {network.num_parameters} weights, {work:.1e} multiply-adds to settle"
        )
    return network


def fill(network: StreamingNetwork, weights: Mapping[str, torch.Tensor]) -> StreamingNetwork:
    """Give a blank network weights, by name; InputError if any are missing, surplus, misshaped or NaN."""
    shapes = {name: tensor.shape for name, tensor in network.state_dict().items()}
    for name in [*shapes, *weights]:  # before their values are touched: a stride of 0 makes much of little
        given = getattr(weights.get(name), "shape", None)
        if given is None or given != shapes.get(name):
            sizes = f"{shape_text(given)}, not {shape_text(shapes.get(name))}"
            raise InputError(f"the weights do not fit the architecture: {str(name)[:80]!r} is {sizes}")
    floats = {name: _floats(name, tensor) for name, tensor in weights.items()}
    network.load_state_dict(floats, assign=True)
    return network.eval()


def check_plays(network: StreamingNetwork) -> None:
    """Raises InputError if finite weights make NaN, or next to infinity, of silence and 64 loud samples."""
    x = torch.cat([torch.zeros(1, 1, 64), torch.linspace(-1, 1, 64)[None, None]], dim=-1)
    with torch.inference_mode():
        y, _ = network.stream(x, _start(network))
    if not bool((y.abs() <= MAX_PEAK).all()):  # as it is for NaN
        raise InputError("its output is NaN or endless; the weights are damaged, or its training diverged")


def _start(network: StreamingNetwork) -> State:
    """Recurrent networks take their time to settle, and their state stays within bounds on the way."""
    if isinstance(network, Recurrent):
        return [part.unsqueeze(1) for part in torch.unbind(network.start)]
    return network.initial_state()


def _floats(name: str, tensor: torch.Tensor) -> torch.Tensor:
    plain = tensor.layout is torch.strided and tensor.device.type == "cpu" and tensor.is_floating_point()
    if not plain:
        raise InputError(f"weight {name!r} is no plain array of numbers")
    if not bool(torch.isfinite(tensor.float()).all()):
        raise InputError(f"weight {name!r} holds NaN or infinity")
    return tensor.float()


def shape_text(shape: torch.Size | None) -> str:
    """A weight's shape in a message."""
    return "none" if shape is None else " × ".join(map(str, shape)) or "a single number"


def _check_description(architecture: Mapping[str, Any]) -> None:
    """Raises InputError unless the values are plain, few and of sane sizes, before anything is built."""
    if not isinstance(architecture, Mapping):
        raise InputError(f"the architecture is not an object: {str(architecture)[:40]}")
    values: list[Any] = [architecture]
    for value in values:  # grows while it is walked
        if isinstance(value, Mapping):
            values += value.values()
            for flag in FLAGS & set(value):
                if type(value[flag]) is not bool:
                    raise InputError(f"the architecture cannot be built ({flag} is neither true nor false)")
        elif isinstance(value, list | tuple):
            values += value
        elif not isinstance(value, str | int | float | None):
            raise InputError(f"the architecture cannot be built (a {type(value).__name__} is no part of one)")
        elif isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            raise InputError(f"the architecture cannot be built (a number of {str(value)[:40]} in it)")
        if len(values) > MAX_ENTRIES:
            raise InputError(f"the architecture cannot be built (more than {MAX_ENTRIES} values describe it)")
    layers = architecture.get("num_layers")
    if isinstance(layers, int) and layers > MAX_LAYERS:
        raise InputError(f"the architecture cannot be built ({layers} layers, {MAX_LAYERS} at most)")
