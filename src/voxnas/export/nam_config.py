"""The `config` of a WaveNet in a `.nam` file, in its old and its new layout.

Old (files of version 0.5.4): one kernel size, activation and gating per array, a 1×1 head.
New (0.7.0): all of these per layer, and a head with a kernel.
"""

from collections.abc import Sequence
from typing import Any

from voxnas.kernels.activations import name_of, parameters_of
from voxnas.models.activations import ACTIVATIONS
from voxnas.models.layer_array import LayerArray
from voxnas.utils.errors import InputError

OLD_VERSION, NEW_VERSION = "0.5.4", "0.7.0"
MAX_ARRAYS, MAX_LAYERS, MAX_SIZE = 16, 256, 2**18

_FILMS = [f"{at}_film" for at in ("conv_pre", "conv_post", "input_mixin_pre", "input_mixin_post")]
_FILMS += [f"{at}_film" for at in ("activation_pre", "activation_post", "layer1x1_post", "head1x1_post")]
_KEYS = {"input_size", "condition_size", "channels", "dilations", "kernel_size", "kernel_sizes", "activation"}
_KEYS |= {"gated", "gating_mode", "secondary_activation", "head", "head_size", "head_bias", "bottleneck"}
_KEYS |= {"head1x1", "layer1x1", "groups_input", "groups_input_mixin", *_FILMS}
# what the engine assumes for the activations that have parameters, and the only values we play
_PARAMETERS = {"negative_slope": 0.01, "min_val": -1, "max_val": 1, "min_slope": 0.01, "max_slope": 0.01}


def to_config(shapes: Sequence[LayerArray], head_scale: float) -> tuple[str, dict[str, Any]]:
    """The file's version and `config`: in the old layout where that can say it, which more players read."""
    old = all(_is_uniform(shape) for shape in shapes)
    layers = []
    input_size = 1
    for shape in shapes:
        sizes = {"input_size": input_size, "condition_size": 1, "channels": shape.channels}
        layers.append({**sizes, "dilations": list(shape.dilations), **(_old(shape) if old else _new(shape))})
        input_size = shape.channels
    return (OLD_VERSION if old else NEW_VERSION), {"layers": layers, "head": None, "head_scale": head_scale}


def from_config(config: Any) -> list[LayerArray]:
    """The layer arrays; InputError naming the key that is missing, malformed or beyond our WaveNet."""
    _expect(isinstance(config, dict), "config", "is not an object")
    for key in sorted(set(config) - {"layers", "head", "head_scale"}):
        _expect(_is_off(config[key]) or (key == "in_channels" and config[key] == 1), f"config.{key}")
    _expect(config.get("head") is None, "config.head")
    layers = config.get("layers")
    if not isinstance(layers, list) or not 1 <= len(layers) <= MAX_ARRAYS:
        raise InputError(f"config.layers is a list of 1 to {MAX_ARRAYS} layer arrays")
    shapes: list[LayerArray] = []
    for i, layer in enumerate(layers):
        shapes.append(_array(layer, f"config.layers[{i}]", shapes[-1].channels if shapes else 1))
    return shapes


def _is_uniform(shape: LayerArray) -> bool:
    per_layer = (shape.kernel_sizes, shape.activations, shape.gated)
    return shape.head_kernel_size == 1 and all(len(set(values)) == 1 for values in per_layer)


def _old(shape: LayerArray) -> dict[str, Any]:
    return {
        "head_size": shape.head_size,
        "kernel_size": shape.kernel_sizes[0],
        "activation": shape.activations[0],
        "gated": shape.gated[0],
        "head_bias": shape.head_bias,
    }


def _new(shape: LayerArray) -> dict[str, Any]:
    head = {"out_channels": shape.head_size, "kernel_size": shape.head_kernel_size, "bias": shape.head_bias}
    return {
        "head": head,
        "kernel_sizes": list(shape.kernel_sizes),
        "activation": [{"type": name_of(a), **parameters_of(a)} for a in shape.activations],
        "bottleneck": shape.channels,
        "head1x1": {"active": False, "out_channels": 1, "groups": 1},
        "layer1x1": {"active": True, "groups": 1},
        "groups_input": 1,
        "groups_input_mixin": 1,
        **{film: {"active": False, "shift": True, "groups": 1} for film in _FILMS},
        "gating_mode": ["gated" if gated else "none" for gated in shape.gated],
        "secondary_activation": [{"type": "Sigmoid"} if gated else None for gated in shape.gated],
    }


def _array(layer: Any, at: str, input_size: int) -> LayerArray:
    _expect(isinstance(layer, dict), at, "is not an object")
    _refuse_what_we_cannot_play(layer, at, input_size)
    dilations = layer.get("dilations")
    if not isinstance(dilations, list) or not 1 <= len(dilations) <= MAX_LAYERS:
        raise InputError(f"{at}.dilations is a list of 1 to {MAX_LAYERS} whole numbers")
    count = len(dilations)
    head, head_at = layer.get("head"), f"{at}.head"
    if head is None:
        head = {"out_channels": layer.get("head_size"), "kernel_size": 1, "bias": layer.get("head_bias")}
        head_at = f"{at} (head_size, head_bias)"
    _expect(isinstance(head, dict) and isinstance(head.get("bias"), bool), head_at, "lacks its size or bias")
    kernel = "kernel_sizes" if "kernel_sizes" in layer else "kernel_size"
    return LayerArray.of(
        channels=_size(layer.get("channels"), f"{at}.channels"),
        dilations=[_size(d, f"{at}.dilations") for d in dilations],
        kernel_size=[_size(k, f"{at}.{kernel}") for k in _list(layer.get(kernel), count, f"{at}.{kernel}")],
        activation=[_activation(a, at) for a in _list(layer.get("activation"), count, f"{at}.activation")],
        gating=_gating(layer, count, at),
        head_size=_size(head.get("out_channels"), f"{head_at}.out_channels"),
        head_kernel_size=_size(head.get("kernel_size"), f"{head_at}.kernel_size"),
        head_bias=head["bias"],
    )


def _refuse_what_we_cannot_play(layer: dict[str, Any], at: str, input_size: int) -> None:
    for key in sorted(set(layer) - _KEYS):
        _expect(_is_off(layer[key]), f"{at}.{key}")
    for key in (*_FILMS, "head1x1"):
        _expect(_is_off(layer.get(key)), f"{at}.{key}")
    residual = layer.get("layer1x1", {"active": True})
    plain = isinstance(residual, dict) and residual.get("active") is True and residual.get("groups", 1) == 1
    _expect(plain, f"{at}.layer1x1")
    for key in ("groups_input", "groups_input_mixin", "condition_size"):
        _expect(layer.get(key, 1) == 1, f"{at}.{key}")
    _expect(layer.get("bottleneck", layer.get("channels")) == layer.get("channels"), f"{at}.bottleneck")
    _expect(layer.get("input_size") == input_size, f"{at}.input_size", f"is not {input_size}")
    _expect(
        not {"kernel_size", "kernel_sizes"} <= set(layer), f"{at}.kernel_sizes", "stands beside kernel_size"
    )


def _gating(layer: dict[str, Any], count: int, at: str) -> list[str]:
    if "gating_mode" not in layer:
        gated = layer.get("gated", False)
        _expect(isinstance(gated, bool), f"{at}.gated", "is not true or false")
        return ["gated" if gated else "none"] * count
    modes = _list(layer["gating_mode"], count, f"{at}.gating_mode")
    gates = layer.get("secondary_activation", "Sigmoid")
    for mode, gate in zip(modes, _list(gates, count, f"{at}.secondary_activation"), strict=True):
        _expect(mode in ("none", "gated"), f"{at}.gating_mode", f"{mode!r} cannot be played")
        _expect(mode == "none" or _activation(gate, at) == "Sigmoid", f"{at}.secondary_activation")
    return [str(mode) for mode in modes]


def _activation(value: Any, at: str) -> str:
    parameters = dict(value) if isinstance(value, dict) else {"type": value}
    name = parameters.pop("type", None)
    known = isinstance(name, str) and name in ACTIVATIONS
    _expect(known, f"{at}.activation", f"{name!r} cannot be played; known are {', '.join(ACTIVATIONS)}")
    for key, number in parameters.items():
        plays = isinstance(number, int | float) and abs(number - _PARAMETERS.get(key, float("nan"))) < 1e-6
        _expect(plays, f"{at}.activation.{key}", f"= {number!r} cannot be played")
    return str(name)


def _is_off(value: Any) -> bool:
    return value in (None, False) or (isinstance(value, dict) and value.get("active") is False)


def _list(value: Any, count: int, at: str) -> list[Any]:
    values = value if isinstance(value, list) else [value] * count
    _expect(len(values) == count, at, f"has {len(values)} entries for {count} layers")
    return values


def _size(value: Any, at: str) -> int:
    whole = type(value) is int and 1 <= value <= MAX_SIZE
    _expect(whole, at, f"is not a whole number from 1 to {MAX_SIZE}: {str(value)[:40]}")
    return int(value)


def _expect(
    holds: bool, at: str, otherwise: str = "asks for something that this WaveNet cannot play"
) -> None:
    if not holds:
        raise InputError(f"{at} {otherwise}")
