"""The engine for a network, by the name of its kind."""

import functools
import logging
from pathlib import Path

import torch

from voxnas.engine.base import StreamingEngine
from voxnas.engine.native_engine import NativeEngine
from voxnas.engine.torch_engine import TorchEngine
from voxnas.kernels.build import Unavailable, load
from voxnas.models.base import StreamingNetwork
from voxnas.utils.errors import InputError

KINDS = ("auto", "native", "torch")

log = logging.getLogger(__name__)


def make_engine(network: StreamingNetwork, kind: str = "auto") -> StreamingEngine:
    """An engine for the network: "native", "torch", or "auto" for native where that can be, else PyTorch.

    Raises:
        InputError: no such kind; "native" where that cannot be.
    """
    if kind not in KINDS:
        raise InputError(f"unknown engine {kind!r}; known are {', '.join(KINDS)}")
    if kind == "torch":
        return TorchEngine(network)
    try:
        return NativeEngine(network)
    except Unavailable as reason:
        if kind == "native":
            raise InputError(f"engine=native cannot be: {reason}") from reason
        _warn_once(str(reason))
        return TorchEngine(network)


def code_that_plays() -> str:
    """The native library by its sources, its compiler and the flags, or PyTorch by its version."""
    try:
        return Path(load("wavenet_stream.cpp")._name).stem
    except Unavailable:
        return f"torch {torch.__version__}"


@functools.cache
def _warn_once(reason: str) -> None:
    log.warning("models play on PyTorch, whose cost per block is not a plug-in's: %s", reason)
