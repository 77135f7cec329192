"""The keys of a plain `config` in a `.nam` file, checked one by one: what is refused is named."""

import re
from collections.abc import Collection
from typing import Any

import numpy as np
import torch

from voxnas.utils.errors import InputError

MAX_SIZE = 2**18
PLAIN_VERSION = "0.5.4"  # of files that need none of the newer keys
_ONE = {"input_size", "in_channels", "out_channels", "groups"}  # a mono signal, undivided


def check_keys(config: Any, known: Collection[str]) -> dict[str, Any]:
    """The `config` as an object whose keys are all known, or switched off.

    Raises:
        InputError: it is none, or asks for something that cannot be played.
    """
    if not isinstance(config, dict):
        raise InputError("config is not an object")
    for key in sorted(set(config) - {*known}):
        value = config[key]
        if key in _ONE and value != 1:
            raise InputError(f"config.{key} = {str(value)[:40]} cannot be played; it is 1 here")
        if key not in _ONE and value is not None and value is not False:
            raise InputError(f"config.{key} asks for something that cannot be played")
    return config


def whole(config: dict[str, Any], key: str, most: int = MAX_SIZE) -> int:
    """A whole number from 1 to `most`; InputError naming the key on anything else."""
    return check_whole(config.get(key), key, most)


def check_whole(value: Any, key: str, most: int = MAX_SIZE) -> int:
    """Whole number from 1 to `most`, which a value has to be; InputError naming the key otherwise."""
    if type(value) is not int or not 1 <= value <= most:
        raise InputError(f"config.{key} is not a whole number from 1 to {most}: {str(value)[:40]}")
    return value


def switch(config: dict[str, Any], key: str) -> bool:
    """True or false; InputError naming the key on anything else."""
    value = config.get(key)
    if not isinstance(value, bool):
        raise InputError(f"config.{key} is not true or false: {str(value)[:40]}")
    return value


def check_count(weights: Collection[Any], needed: int) -> None:
    """Raises InputError unless there are as many weights as the config needs."""
    if len(weights) != needed:
        raise InputError(f"{len(weights)} weights, but its config needs {needed}; the file is damaged")


def numbers_of(weights: Any) -> torch.Tensor:
    """Weights of a file as float32; InputError if they are none."""
    if not isinstance(weights, list) or not all(type(weight) in (int, float) for weight in weights):
        raise InputError("weights is not a list of numbers")
    try:
        with np.errstate(over="raise"):
            return torch.from_numpy(np.array(weights, np.float64).astype(np.float32))
    except (OverflowError, FloatingPointError):
        raise InputError("weights hold numbers beyond float32") from None


def check_version(version: Any) -> None:
    """Raises InputError unless a file's version is one that the plug-in's engine takes."""
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", version) if isinstance(version, str) else None
    if match is None or not (0, 5, 0) <= tuple(map(int, match.groups())) < (0, 8, 0):
        raise InputError(f"version {version!r} is not one of 0.5.0 to 0.7.x")
