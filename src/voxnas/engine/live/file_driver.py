"""Audio driver of a sound file in the place of a sound card: each block is played when it is due."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from voxnas.audio.resample import resample_blocks
from voxnas.audio.streams import SoundSource, Written, write_blocks
from voxnas.engine.live.player import Player

Block = NDArray[np.float32]


class FileDriver:
    """Audio driver that plays an open file at its own pace, to its end or until the `with` block ends.

    A block is due when a sound card would have recorded it, and too late (an xrun) if it is not played when
    the next one is: the deadline of a sound card with a buffer of one block on either side. After an xrun
    the clock starts again, as a sound card leaves a gap. Some hundredths of a second of the file are lost
    in a pause, too.

    Args:
        player: plays at its own rate, to which the file is converted on the way.
        source: from `open_source`; stays open throughout.
        block_size: samples; the last block may be shorter.
        output: a sound file for what was played, at the player's first rate; None for none.
        subtype: of the output, see `write_blocks`.
        pace: False plays as fast as it goes; then nothing is ever too late.
    """

    def __init__(
        self,
        player: Player,
        source: SoundSource,
        block_size: int,
        *,
        output: str | Path | None = None,
        subtype: str | None = None,
        pace: bool = True,
    ) -> None:
        self.written: Written | None = None
        self._player, self._source, self._block_size = player, source, block_size
        self._output, self._subtype, self._pace = output, subtype, pace
        self._stop, self._held, self._pause = threading.Event(), threading.Event(), threading.Event()
        self._resume = threading.Event()
        self._over = False  # no more stretches come
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)

    def __enter__(self) -> "FileDriver":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._resume.set()
        self._thread.join()

    @property
    def active(self) -> bool:
        """True until the file is at its end or something has failed."""
        return self._thread.is_alive()

    def takes(self, sample_rate: int) -> bool:
        """A file is converted to any rate."""
        return sample_rate > 0

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The thread waits within, behind a fade, and goes on at the player's rate afterwards."""
        self._resume.clear()
        self._pause.set()
        self._player.rest()
        while self.active and not self._held.wait(0.005):
            pass
        yield
        self._pause.clear()
        self._held.clear()
        self._resume.set()

    def check(self) -> None:
        """Raises here what went wrong in the thread that plays."""
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            played = self._played()
            if self._output is None:
                for _ in played:
                    pass
                return
            rate = self._player.sample_rate
            frames = self._source.frames * rate // self._source.sample_rate
            self.written = write_blocks(played, self._output, rate, self._subtype, frames)
        except BaseException as error:  # for the control thread to raise
            self._error = error

    def _played(self) -> Iterator[Block]:
        """Played blocks at the rate of the beginning, each to be used before the next is asked for."""
        first = self._player.sample_rate
        read = chain(self._source.blocks(self._block_size))  # which goes on where a stretch has ended
        yield from self._stretch(read)
        while not self._over:
            self._resume.wait()
            yield from resample_blocks(self._stretch(read), self._player.sample_rate, first)

    def _stretch(self, read: Iterator[Block]) -> Iterator[Block]:
        """Played blocks when they are due, at one rate, up to the end or a pause."""
        rate, load = self._player.sample_rate, self._player.load
        due = time.perf_counter()
        for block in in_blocks(resample_blocks(read, self._source.sample_rate, rate), self._block_size):
            if self._stop.is_set():
                break
            if self._pause.is_set() and self._player.resting:
                self._held.set()
                return
            if self._pace and (early := due - time.perf_counter()) > 0:
                time.sleep(early)
            played = self._player.process(block)
            due += len(block) / rate
            if self._pace and (now := time.perf_counter()) > due:
                load.xruns += 1
                due = now
            yield played
        self._over = True


def in_blocks(blocks: Iterable[Block], size: int) -> Iterator[Block]:
    """Samples of the blocks in blocks of one size; the last may be shorter."""
    rest = np.zeros(0, np.float32)
    for block in blocks:
        rest = np.concatenate([rest, block]) if len(rest) else block
        whole = len(rest) - len(rest) % size
        for start in range(0, whole, size):
            yield rest[start : start + size]
        rest = rest[whole:]
    if len(rest):
        yield rest
