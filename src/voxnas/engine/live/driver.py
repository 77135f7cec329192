"""What a session needs of whatever drives the player, and of the interpreter meanwhile."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol

SWITCH_SECONDS = 1e-4  # Python's 5 ms would be several blocks


class AudioDriver(Protocol):
    """Plays within a `with` block, in a thread of its own."""

    def __enter__(self) -> "AudioDriver": ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    @property
    def active(self) -> bool:
        """It has not come to its end, nor failed."""
        ...

    def check(self) -> None:
        """Raise here what went wrong in the thread that plays."""
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
