"""The plug-in trainer's WaveNets, as its factory takes them, and its recipe for each."""

from typing import Any

_TEN = [2**i for i in range(10)]
_SHORT, _LONG = _TEN[:7], [*_TEN[7:], *_TEN]
_SHAPES = {  # channels, head size, dilations of the two arrays
    "standard": (16, 8, _TEN, _TEN),
    "lite": (12, 6, _SHORT, _LONG),
    "feather": (8, 4, _SHORT, _LONG),
    "nano": (4, 2, _SHORT, _LONG),
}
_A2_CHANNELS = {"a2_lite": 3, "a2_full": 8}
_SEVEN = [1, 3, 7, 17, 41, 101, 239]
MODELS = (*_SHAPES, *_A2_CHANNELS)


def wavenet(name: str) -> dict[str, Any]:
    """One of `MODELS`."""
    if name in _A2_CHANNELS:
        return _net([_a2(_A2_CHANNELS[name])], 0.01)
    channels, head, first, second = _SHAPES[name]
    return _net([_array(1, channels, head, first, False), _array(channels, head, 1, second, True)], 0.02)


def recipe(name: str) -> dict[str, Any]:
    """Loss, optimizer and schedule of one of `MODELS`."""
    if name in _A2_CHANNELS:
        loss: dict[str, Any] = {"val_loss": "esr", "mrstft_weight": 5e-4}
        optimizer = {"lr": 0.004, "weight_decay": 3.17e-7}
        gamma = 0.994
    else:
        loss = {"val_loss": "esr", "pre_emph_mrstft_weight": 2e-4, "pre_emph_mrstft_coef": 0.85}
        optimizer, gamma = {"lr": 0.004}, 0.993
    schedule = {"class": "ExponentialLR", "kwargs": {"gamma": gamma}}
    return {"loss": loss, "optimizer": optimizer, "lr_scheduler": schedule}


def _net(arrays: list[dict[str, Any]], head_scale: float) -> dict[str, Any]:
    return {"name": "WaveNet", "config": {"layers_configs": arrays, "head_scale": head_scale}}


def _array(inputs: int, channels: int, outputs: int, dilations: list[int], bias: bool) -> dict[str, Any]:
    head = {"out_channels": outputs, "kernel_size": 1, "bias": bias}
    shape = {"input_size": inputs, "condition_size": 1, "channels": channels, "kernel_size": 3}
    return {**shape, "dilations": dilations, "activation": "Tanh", "head": head}


def _a2(channels: int) -> dict[str, Any]:
    head = {"out_channels": 1, "kernel_size": 16, "bias": True}
    shape = {"input_size": 1, "condition_size": 1, "channels": channels, "gated": False}
    kernels, dilations = [6] * 14 + [15] * 2 + [6] * 7, [*_SEVEN, *_SEVEN, 1, 13, *_SEVEN]
    return {**shape, "kernel_sizes": kernels, "dilations": dilations, "activation": "LeakyReLU", "head": head}
