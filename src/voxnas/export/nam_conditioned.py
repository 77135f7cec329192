"""A WaveNet with FiLM, a condition_dsp or a head behind its arrays in a `.nam` file.

Its weights are those of the arrays, each layer's FiLMs behind its 1×1 convolutions, then of the head, then
the scale; the condition_dsp is a whole file of its own in `config`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from voxnas.export import nam_conv_net, nam_linear
from voxnas.export.blank import blank_network, fill
from voxnas.export.nam_activation import Slopes, from_value, has_defaults, to_object
from voxnas.export.nam_array_read import expect, is_off, size
from voxnas.export.nam_config import FILMS, NEW_VERSION, to_config
from voxnas.export.nam_config_read import Arrays, from_config
from voxnas.export.nam_keys import PLAIN_VERSION, check_version, numbers_of
from voxnas.models.activations import PReLU
from voxnas.models.base import StreamingNetwork
from voxnas.models.conditioned_wavenet import ConditionedWaveNet, Stack
from voxnas.models.conv_net import Chain
from voxnas.models.film import FilmArray
from voxnas.models.film_layers import PostHead
from voxnas.utils.errors import InputError

MAX_DEPTH = 8  # of conditions that have conditions
MAX_HEAD = 64  # convolutions of a head
_CHAINS: dict[str, Any] = {"ConvNet": nam_conv_net, "Linear": nam_linear}


def is_conditioned(config: Any) -> bool:
    """Whether a WaveNet's `config` asks for something that `WaveNet` does not have."""
    if not isinstance(config, dict):
        return False
    layers = config.get("layers")
    own = any(not is_off(config.get(key)) for key in ("condition_dsp", "head"))
    return own or (isinstance(layers, list) and any(map(_has_film, layers)))


def _has_film(layer: Any) -> bool:
    return isinstance(layer, dict) and any(not is_off(layer.get(film)) for film in FILMS)


@dataclass(frozen=True)
class _Parsed:
    """What a file says: the arguments of `Stack`, PReLUs' slopes by their names there, and the weights."""

    arguments: dict[str, Any]
    slopes: dict[str, Slopes]
    weights: Tensor
    condition: "_Parsed | Chain | None"


def decode(config: Any, weights: Tensor, name: str) -> StreamingNetwork:
    """The network; InputError naming what in `config` cannot be played, or on a wrong number of weights."""
    parsed = _parse(config, weights, 0)
    network = blank_network({"type": "ConditionedWaveNet", "name": name, **parsed.arguments})
    assert isinstance(network, ConditionedWaveNet)
    values = _values(network.stack, parsed)
    fill(network, {f"stack.{key}": value for key, value in values.items()})
    _set_scales(network.stack, parsed)
    return network


def _parse(config: Any, weights: Tensor, depth: int) -> _Parsed:
    expect(depth < MAX_DEPTH, "config.condition_dsp", f"is more than {MAX_DEPTH} deep")
    expect(isinstance(config, dict), "config", "is not an object")
    condition = arguments = None
    width = 1
    if not is_off(config.get("condition_dsp")):
        condition, arguments, width = _condition(config["condition_dsp"], depth)
    found = from_config(config, width)
    head, slopes = None, found.slopes
    if not is_off(config.get("head")):
        head, own = _head(config["head"], found.shapes[-1].head_size)
        slopes = slopes | own
    arrays = _arrays(found)
    of = {"layer_arrays": arrays, "head_scale": 1.0, "head": head, "condition": arguments}
    return _Parsed(of, slopes, weights, condition)


def _arrays(found: Arrays) -> list[dict[str, Any]]:
    parts = zip(found.shapes, found.films, found.mixin_groups, strict=True)
    return [FilmArray(shape, films, groups).arguments() for shape, films, groups in parts]


def _condition(content: Any, depth: int) -> tuple[_Parsed | Chain, dict[str, Any], int]:
    """The condition, the arguments that make it, and its channels."""
    try:
        expect(isinstance(content, dict), "it", "is not an object")
        kind, config, weights = (content.get(key) for key in ("architecture", "config", "weights"))
        known = ("WaveNet", *_CHAINS)
        expect(kind in known, f"architecture {str(kind)[:40]!r}", f"is none of {', '.join(known)}")
        check_version(content.get("version"))
        if kind in _CHAINS:
            chain = cast(Chain, _CHAINS[kind].decode(config, numbers_of(weights), "condition"))
            return chain, chain.architecture(), 1
        parsed = _parse(config, numbers_of(weights), depth + 1)
    except InputError as error:
        raise InputError(f"config.condition_dsp: {error}") from error
    arguments = parsed.arguments
    last = arguments["layer_arrays"][-1]["head_size"]
    width = last if arguments["head"] is None else arguments["head"]["outputs"]
    return parsed, {"type": "WaveNet", **arguments}, width


def _head(head: Any, inputs: int) -> tuple[dict[str, Any], dict[str, Slopes]]:
    """The arguments of `PostHead`, and the slopes of its PReLUs."""
    expect(isinstance(head, dict), "config.head", "is not an object")
    for key in sorted(set(head) - {"channels", "out_channels", "kernel_sizes", "activation"}):
        expect(is_off(head[key]) or (key == "in_channels" and head[key] == inputs), f"config.head.{key}")
    kernels = head.get("kernel_sizes")
    if not isinstance(kernels, list) or not 1 <= len(kernels) <= MAX_HEAD:
        raise InputError(f"config.head.kernel_sizes is a list of 1 to {MAX_HEAD} whole numbers")
    channels = size(head.get("channels"), "config.head.channels")
    widths = [inputs, *[channels] * (len(kernels) - 1)]
    read = [from_value(head.get("activation"), width, "config.head.activation") for width in widths]
    slopes = {_slopes_in_head(index): own for index, (_, own) in enumerate(read) if own is not None}
    return {
        "channels": channels,
        "outputs": size(head.get("out_channels"), "config.head.out_channels"),
        "kernel_sizes": [size(kernel, "config.head.kernel_sizes") for kernel in kernels],
        "activation": read[0][0],
    }, slopes


def _slopes_in_head(index: int) -> str:
    return f"head.activations.{index}.slopes"


def _own_parameters(stack: Stack) -> dict[str, Tensor]:
    """Those but for the condition's, in the order of files, where slopes are not among the weights."""
    return {key: p for key, p in stack.named_parameters() if not key.startswith("condition.")}


def _values(stack: Stack, parsed: _Parsed) -> dict[str, Tensor]:
    """A value for each of the stack's parameters."""
    own = _own_parameters(stack)
    rest = {key: p for key, p in own.items() if key not in parsed.slopes}
    sizes = [p.numel() for p in rest.values()]
    if len(parsed.weights) != sum(sizes) + 1:
        count, needed = len(parsed.weights), sum(sizes) + 1
        raise InputError(f"{count} weights, but its config needs {needed}; the file is damaged")
    parts = zip(rest.items(), parsed.weights[:-1].split(sizes), strict=True)
    values = {key: part.view(p.shape).clone() for (key, p), part in parts}
    for key, slopes in parsed.slopes.items():
        values[key] = torch.tensor(slopes, dtype=torch.float32).expand(own[key].shape).clone()
    inner: Mapping[str, Tensor] = {}
    if isinstance(parsed.condition, Chain):
        inner = parsed.condition.state_dict()
    elif parsed.condition is not None:
        try:
            inner = _values(cast(Stack, stack.condition), parsed.condition)
        except InputError as error:
            raise InputError(f"config.condition_dsp: {error}") from error
    return values | {f"condition.{key}": value for key, value in inner.items()}


def _set_scales(stack: Stack, parsed: _Parsed) -> None:
    stack.head_scale = float(parsed.weights[-1])  # it overrides the one in config
    if isinstance(parsed.condition, _Parsed):
        _set_scales(cast(Stack, stack.condition), parsed.condition)


def encode(network: ConditionedWaveNet) -> tuple[str, dict[str, Any], Tensor]:
    """The file's version, its `config` and its weights.

    Raises:
        InputError: PReLUs of the head that differ from each other, NaN among them.
    """
    return _encode(network.stack)


def _encode(stack: Stack) -> tuple[str, dict[str, Any], Tensor]:
    parameters = {key: p.detach().float().cpu() for key, p in _own_parameters(stack).items()}
    named = [key for key, module in stack.named_modules() if isinstance(module, PReLU)]
    slopes = {f"{key}.slopes": parameters.pop(f"{key}.slopes") for key in named if "condition." not in key}
    if not all(bool(torch.isfinite(own).all()) for own in slopes.values()):
        raise InputError("the slopes of its PReLUs hold NaN or infinity")
    lists = {key: own.tolist() for key, own in slopes.items()}
    more = [_beyond(array, stack.condition_size) for array in stack.shapes]
    shapes = [array.shape for array in stack.shapes]
    _, config = to_config(shapes, stack.head_scale, lists, more)
    if stack.head is not None:
        config["head"] = _head_config(stack.head, lists)
    if stack.condition is not None:
        config["condition_dsp"] = _condition_content(stack.condition)
    flat = [p.flatten() for p in parameters.values()]
    return NEW_VERSION, config, torch.cat([*flat, torch.tensor([stack.head_scale])])


def _beyond(array: FilmArray, condition: int) -> dict[str, Any]:
    """Keys of an array that a WaveNet has no choice of."""
    given = array.films.items()
    films = {f"{slot}_film": {"active": True, "shift": f.shift, "groups": f.groups} for slot, f in given}
    return {"condition_size": condition, "groups_input_mixin": array.mixin_groups, **films}


def _head_config(head: PostHead, slopes: Mapping[str, list[float]]) -> dict[str, Any]:
    own = [slopes[key] for key in map(_slopes_in_head, range(len(head.kernel_sizes))) if key in slopes]
    activation = to_object(head.spec, own[0] if own else None)
    if own and len({slope for of in own for slope in of}) == 1:  # one says it for any number of channels
        activation = {"type": "PReLU", "negative_slope": own[0][0]}
    elif any(of != own[0] for of in own):
        raise InputError("a .nam file has one activation for all of a head, whose PReLUs differ here")
    sizes = {"channels": head.channels, "out_channels": head.outputs, "kernel_sizes": head.kernel_sizes}
    plain = not own and has_defaults(activation)  # a name, which the plug-in's trainer reads as well
    return {**sizes, "activation": activation["type"] if plain else activation}


def _condition_content(condition: Stack | Chain) -> dict[str, Any]:
    """A file of its own, without a rate: that is the whole file's."""
    kind, version = type(condition).__name__, PLAIN_VERSION
    if isinstance(condition, Stack):
        kind = "WaveNet"
        version, config, weights = _encode(condition)
    else:
        version, config, weights = _CHAINS[kind].encode(condition)
    if not bool(torch.isfinite(weights).all()):
        raise InputError("the weights of its condition hold NaN or infinity")
    return {"version": version, "architecture": kind, "config": config, "weights": weights.tolist()}


def with_rate(config: dict[str, Any], rate: int) -> dict[str, Any]:
    """The `config`, its condition at the rate in Hz of the file that it is in, as the engine wants it."""
    condition = config.get("condition_dsp")
    if condition is None:
        return config
    inner = {**condition, "config": with_rate(condition["config"], rate), "sample_rate": rate}
    return {**config, "condition_dsp": inner}


def condition_rates(config: Any) -> list[Any]:
    """What conditions within a `config` say of their rate."""
    condition = config.get("condition_dsp") if isinstance(config, dict) else None
    if not isinstance(condition, dict):
        return []
    return [condition.get("sample_rate"), *condition_rates(condition.get("config"))]
