"""Reader of one layer array in the `config` of a `.nam` file, in either layout.

Which it is follows from the keys that are there, as in the plug-in's engine. What cannot be played is refused
by name.
"""

from typing import Any

from voxnas.export.nam_activation import Slopes, from_value
from voxnas.export.nam_config import FILMS
from voxnas.models.film import SLOTS, Film
from voxnas.models.layer_array import GATING, LayerArray
from voxnas.utils.errors import InputError

MAX_LAYERS, MAX_SIZE = 256, 2**18

_KEYS = {"input_size", "condition_size", "channels", "dilations", "kernel_size", "kernel_sizes", "activation"}
_KEYS |= {"gated", "gating_mode", "secondary_activation", "head", "head_size", "head_bias", "bottleneck"}
_KEYS |= {"head1x1", "layer1x1", "groups_input", "groups_input_mixin", "slimmable", *FILMS}
_SLIMMING = "slice_channels_uniform"  # for narrower networks of a part of the weights


def refuse_what_we_cannot_play(layer: dict[str, Any], at: str, input_size: int, condition: int) -> None:
    """Raises InputError on keys that we do not know, and where the array does not fit what comes before."""
    for key in sorted(set(layer) - _KEYS):
        expect(is_off(layer[key]), f"{at}.{key}")
    expect(_is_at_full_width(layer.get("slimmable"), layer.get("channels")), f"{at}.slimmable")
    expect(layer.get("input_size") == input_size, f"{at}.input_size", f"is not {input_size}")
    expect(layer.get("condition_size", condition) == condition, f"{at}.condition_size", f"is not {condition}")
    expect(
        not {"kernel_size", "kernel_sizes"} <= set(layer), f"{at}.kernel_sizes", "stands beside kernel_size"
    )


def films_of(layer: dict[str, Any], at: str) -> dict[str, Film]:
    """Its active FiLMs, by their slot."""
    films: dict[str, Film] = {}
    for slot, key in zip(SLOTS, FILMS, strict=True):
        value = layer.get(key)
        if is_off(value):
            continue
        film = _part(value, {"active", "shift", "groups"}, f"{at}.{key}", active=True)
        shift = film.get("shift", True)
        expect(isinstance(shift, bool), f"{at}.{key}.shift", "is not true or false")
        films[slot] = Film(shift, size(film.get("groups", 1), f"{at}.{key}.groups"))
    return films


OwnSlopes = dict[tuple[int, str], Slopes]  # by the layer, and whether its "activation" or its "secondary"


def shape_of(layer: dict[str, Any], at: str) -> tuple[LayerArray, OwnSlopes]:
    """The array but for its FiLMs, and the slopes of its PReLUs."""
    dilations = layer.get("dilations")
    if not isinstance(dilations, list) or not 1 <= len(dilations) <= MAX_LAYERS:
        raise InputError(f"{at}.dilations is a list of 1 to {MAX_LAYERS} whole numbers")
    channels = size(layer.get("channels"), f"{at}.channels")
    bottleneck = size(layer.get("bottleneck", channels), f"{at}.bottleneck")
    kernel = "kernel_sizes" if "kernel_sizes" in layer else "kernel_size"
    kernels = _list(layer.get(kernel), len(dilations), f"{at}.{kernel}")
    per_layer, slopes = _activations(layer, len(dilations), bottleneck, at)
    arguments = {
        "channels": channels,
        "dilations": [size(dilation, f"{at}.dilations") for dilation in dilations],
        "kernel_size": [size(kernel_size, f"{at}.{kernel}") for kernel_size in kernels],
        "bottleneck": bottleneck,
        "groups_input": size(layer.get("groups_input", 1), f"{at}.groups_input"),
        **per_layer,
        **_one_by_ones(layer, at),
        **_head(layer, at),
    }
    try:
        return LayerArray.of(**arguments), slopes
    except InputError as error:
        raise InputError(f"{at}: {error}") from error


def _activations(
    layer: dict[str, Any], count: int, channels: int, at: str
) -> tuple[dict[str, Any], OwnSlopes]:
    """The arguments for the gating and the two activations, and the slopes of those that have any."""
    gating = _gating(layer, count, at)
    values = {
        "activation": layer.get("activation"),
        # of a layer without a gate it does not count
        "secondary_activation": layer.get("secondary_activation", "Sigmoid"),
    }
    arguments: dict[str, Any] = {"gating": gating}
    slopes: OwnSlopes = {}
    for key, value in values.items():
        arguments[key] = ["Sigmoid"] * count
        for index, one in enumerate(_list(value, count, f"{at}.{key}")):
            if key == "activation" or gating[index] != "none":
                arguments[key][index], own = from_value(one, channels, f"{at}.{key}")
                if own is not None:
                    slopes[index, key.removesuffix("_activation")] = own
    return arguments, slopes


def _gating(layer: dict[str, Any], count: int, at: str) -> list[str]:
    if layer.get("gating_mode") is not None:
        modes = _list(layer["gating_mode"], count, f"{at}.gating_mode")
        for mode in modes:
            known = f"{str(mode)[:40]!r} is not one of {', '.join(GATING)}"
            expect(mode in GATING, f"{at}.gating_mode", known)
        return modes
    gated = layer.get("gated", False)
    expect(isinstance(gated, bool), f"{at}.gated", "is not true or false")
    # The plug-in's engine does not look at it then.
    secondary = _list(layer.get("secondary_activation"), count, f"{at}.secondary_activation")
    other = any(value not in (None, "Sigmoid") for value in secondary)
    expect(not other, f"{at}.secondary_activation", "needs a gating_mode")
    return ["gated" if gated else "none"] * count


def _one_by_ones(layer: dict[str, Any], at: str) -> dict[str, Any]:
    """The arguments for layer1x1 and head1x1; of one that is off nothing else counts."""
    arguments: dict[str, Any] = {}
    residual = _part(layer.get("layer1x1", {"active": True}), {"active", "groups"}, f"{at}.layer1x1")
    arguments["layer1x1"] = residual["active"]
    if residual["active"]:
        arguments["layer1x1_groups"] = size(residual.get("groups", 1), f"{at}.layer1x1.groups")
    value = layer.get("head1x1") or {"active": False}
    head1x1 = _part(value, {"active", "out_channels", "groups"}, f"{at}.head1x1")
    if head1x1["active"]:
        arguments["head1x1_channels"] = size(head1x1.get("out_channels"), f"{at}.head1x1.out_channels")
        arguments["head1x1_groups"] = size(head1x1.get("groups", 1), f"{at}.head1x1.groups")
    return arguments


def _part(value: Any, keys: set[str], at: str, active: bool | None = None) -> dict[str, Any]:
    """An object that says whether it is active, which it need not where there is a default."""
    if not isinstance(value, dict) or not isinstance(value.get("active", active), bool):
        raise InputError(f"{at} is not an object with an active of true or false")
    for key in sorted(set(value) - keys):
        expect(is_off(value[key]), f"{at}.{key}")
    return value


def _head(layer: dict[str, Any], at: str) -> dict[str, Any]:
    head, at_head = layer.get("head"), f"{at}.head"
    if head is None:
        head = {"out_channels": layer.get("head_size"), "kernel_size": 1, "bias": layer.get("head_bias")}
        at_head = f"{at} (head_size, head_bias)"
    expect(isinstance(head, dict) and isinstance(head.get("bias"), bool), at_head, "lacks its size or bias")
    for key in sorted(set(head) - {"out_channels", "kernel_size", "bias", "head_dilation"}):
        expect(is_off(head[key]) or (key == "groups" and head[key] == 1), f"{at_head}.{key}")
    return {
        "head_size": size(head.get("out_channels"), f"{at_head}.out_channels"),
        "head_kernel_size": size(head.get("kernel_size"), f"{at_head}.kernel_size"),
        "head_bias": head["bias"],
        "head_dilation": size(head.get("head_dilation", 1), f"{at_head}.head_dilation"),
    }


def _is_at_full_width(slimmable: Any, channels: Any) -> bool:
    """True if the array plays all of its channels unless a player asks for fewer."""
    if is_off(slimmable):
        return True
    if not isinstance(slimmable, dict) or slimmable.get("method") != _SLIMMING:
        return False
    of = slimmable.get("kwargs")
    widths = of.get("allowed_channels") if isinstance(of, dict) else None
    return widths is None or (isinstance(widths, list) and channels in widths)


def is_off(value: Any) -> bool:
    """Whether a part is switched off. An object that does not say so is active in the plug-in's engine."""
    return value is None or value is False or (isinstance(value, dict) and value.get("active") is False)


def _list(value: Any, count: int, at: str) -> list[Any]:
    values = value if isinstance(value, list) else [value] * count
    expect(len(values) == count, at, f"has {len(values)} entries for {count} layers")
    return values


def size(value: Any, at: str) -> int:
    """Whole number from 1, which a value has to be; InputError naming `at` otherwise."""
    whole = type(value) is int and 1 <= value <= MAX_SIZE
    expect(whole, at, f"is not a whole number from 1 to {MAX_SIZE}: {str(value)[:40]}")
    return int(value)


def expect(holds: bool, at: str, otherwise: str = "asks for something that this WaveNet cannot play") -> None:
    """InputError on what does not hold, by its place in the file."""
    if not holds:
        raise InputError(f"{at} {otherwise}")
