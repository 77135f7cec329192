"""Modules whose network plays a signal block by block, as callbacks see them."""

from typing import Any, Protocol, cast

import lightning.pytorch as pl

from voxnas.models.base import StreamingNetwork


class StreamingModule(Protocol):
    """Module with a streaming network, and the sample rate in Hz that it was trained at."""

    network: StreamingNetwork
    sample_rate: int


def streaming(module: pl.LightningModule | Any) -> StreamingModule:
    """The module as such; TypeError for one whose network does not stream."""
    if not isinstance(getattr(module, "network", None), StreamingNetwork):
        raise TypeError(f"this callback wants a module with a streaming network, not {type(module).__name__}")
    return cast(StreamingModule, module)
