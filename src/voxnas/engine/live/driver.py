"""Interface of audio drivers, which call the player, and the interpreter's settings meanwhile."""

import gc
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Protocol

SWITCH_SECONDS = 1e-4  # Python's 5 ms would be several blocks


class AudioDriver(Protocol):
    """Audio driver: calls the player within a `with` block, in a thread of its own."""

    def __enter__(self) -> "AudioDriver": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def active(self) -> bool:
        """True until it has come to its end or failed."""
        ...

    def takes(self, sample_rate: int) -> bool:
        """True if it can play at this rate, in Hz."""
        ...

    def paused(self) -> AbstractContextManager[None]:
        """Nothing plays within, once the player has faded out; afterwards it goes on at the player's rate."""
        ...

    def check(self) -> None:
        """Raises here what went wrong in the thread that plays."""
        ...


@contextmanager
def low_latency_interpreter() -> Iterator[None]:
    """Let the thread that plays have the interpreter soon, on one CPU; undone afterwards.

    What is loaded by now is left out of garbage collections, which are then short.
    """
    import torch

    interval, threads = sys.getswitchinterval(), torch.get_num_threads()
    sys.setswitchinterval(SWITCH_SECONDS)
    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        torch.set_num_threads(threads)
        sys.setswitchinterval(interval)
