"""The plug-in trainer's classic WaveNets, as its factory takes them."""

from typing import Any

_TEN = [2**i for i in range(10)]
_SHORT, _LONG = _TEN[:7], [*_TEN[7:], *_TEN]
_SHAPES = {  # channels, head size, dilations of the two arrays
    "standard": (16, 8, _TEN, _TEN),
    "lite": (12, 6, _SHORT, _LONG),
    "feather": (8, 4, _SHORT, _LONG),
    "nano": (4, 2, _SHORT, _LONG),
}


def wavenet(name: str) -> dict[str, Any]:
    """One of standard, lite, feather, nano."""
    channels, head, first, second = _SHAPES[name]
    arrays = [_array(1, channels, head, first, False), _array(channels, head, 1, second, True)]
    return {"name": "WaveNet", "config": {"layers_configs": arrays, "head_scale": 0.02}}


def _array(inputs: int, channels: int, outputs: int, dilations: list[int], bias: bool) -> dict[str, Any]:
    head = {"out_channels": outputs, "kernel_size": 1, "bias": bias}
    shape = {"input_size": inputs, "condition_size": 1, "channels": channels, "kernel_size": 3}
    return {**shape, "dilations": dilations, "activation": "Tanh", "head": head}
