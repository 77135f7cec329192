"""Player of a session: gains, meters, and an engine that can be exchanged while it plays."""

from collections import deque
from collections.abc import Mapping
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxnas.engine.base import StreamingEngine
from voxnas.engine.live.meters import Load, Meter
from voxnas.engine.live.ring_buffer import RingBuffer

FADE_MS = 10.0
SLACK_SECONDS = 1.0  # of the past beyond what engines need: they may take as long to catch up
CATCH_UP_ROUNDS = 8


class Bypass(StreamingEngine):
    """Engine that returns its input."""

    name = "bypass"

    def reset(self) -> None:
        """There is no state."""

    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        return block


class Player:
    """Chain of gain, engine and gain, metered, whose engine can be exchanged without a click.

    `process` belongs to the thread that plays: it makes no engine, frees none, prints nothing and takes no
    lock. `switch_to`, `turn` and the gains belong to the control thread.

    Args:
        engine: the first to play; it is reset.
        sample_rate: in Hz.
        memory: samples that a new engine must have heard to sound as if it had always played: the longest
            receptive field.
        input_gain_db, output_gain_db: before and behind the engine; bypass passes through both.
    """

    def __init__(
        self,
        engine: StreamingEngine,
        sample_rate: int,
        memory: int = 0,
        input_gain_db: float = 0.0,
        output_gain_db: float = 0.0,
    ) -> None:
        # Both are appended to by one thread and emptied by the other, which a deque allows without a lock.
        self._waiting: deque[tuple[StreamingEngine, int]] = deque(maxlen=1)
        self._retired: deque[StreamingEngine] = deque()
        self._turned: deque[Mapping[str, Any]] = deque(maxlen=1)
        self._input_gain, self._output_gain = Gain(input_gain_db), Gain(output_gain_db)
        self._scratch = np.zeros((3, 0), np.float32)
        self._block_size = 1
        self.input_level, self.output_level = Meter(sample_rate), Meter(sample_rate)
        self.load = Load(sample_rate)
        self._begin(engine, sample_rate, memory)
        self._curtain = Curtain(len(self._fade))

    def _begin(self, engine: StreamingEngine, sample_rate: int, memory: int) -> None:
        engine.reset()
        self._engine, self.sample_rate, self._memory = engine, sample_rate, memory
        self._past = RingBuffer(memory + round(SLACK_SECONDS * sample_rate))
        self._coming: StreamingEngine | None = None  # fades in
        fade = max(1, round(FADE_MS / 1000 * sample_rate))
        self._fade = (0.5 - 0.5 * np.cos(np.pi * np.arange(1, fade + 1) / fade)).astype(np.float32)
        self._faded = 0  # samples

    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """The next `(samples,)` to as many. What is returned is overwritten by the next call."""
        start = perf_counter()
        size = self._block_size = len(block)
        if not size:
            return block
        if size > self._scratch.shape[1]:  # with the first block, and whenever one is longer than all before
            self._scratch = np.zeros((3, size), np.float32)
        dry, mixed, output = self._scratch[:, :size]
        self._input_gain.apply(block, dry)
        self.input_level.add(dry)
        played = self._play(dry, mixed)
        self._past.write(dry)
        self._output_gain.apply(played, output)
        self._curtain.apply(output)
        self.output_level.add(output)
        self.load.add(perf_counter() - start, size)
        return output

    def switch_to(self, engine: StreamingEngine) -> None:
        """Let a new engine, which nothing else uses, take over between two blocks, within a short fade.

        It first hears, here and not in the thread that plays, what was played before: its state is then that
        of an engine which has always played (a recurrent network's comes close), and nothing in its past
        starts or ends abruptly.
        """
        self._retired.clear()  # freed here, not in the thread that plays
        engine.reset()
        heard = max(0, self._past.position - self._memory)
        for _ in range(CATCH_UP_ROUNDS):
            now = self._past.position
            if now - heard <= self._block_size:
                break
            engine.process(self._past.read(heard, now))
            heard = now
        self._waiting.append((engine, heard))

    def turn(self, setting: Mapping[str, Any]) -> None:
        """Set the controls of the engine that plays, from the next block on; they glide there."""
        self._turned.append(dict(setting))

    def rest(self) -> None:
        """Fade into silence, until `set_rate`."""
        self._curtain.rising = False

    @property
    def resting(self) -> bool:
        """True once `rest` has come to silence."""
        return self._curtain.down

    def set_rate(self, sample_rate: int, engine: StreamingEngine, memory: int) -> None:
        """Go on at another rate with an engine for it, from silence; only while no thread plays."""
        self._waiting.clear()
        self._turned.clear()
        self._begin(engine, sample_rate, memory)
        for meter in (self.input_level, self.output_level, self.load):
            meter.set_rate(sample_rate)
        self._curtain = Curtain(len(self._fade), down=True)

    @property
    def settled(self) -> bool:
        """True if no engine waits to take over or fades in."""
        return not self._waiting and self._coming is None

    @property
    def input_gain_db(self) -> float:
        """Gain before the engine. It may be set while playing."""
        return self._input_gain.decibels

    @input_gain_db.setter
    def input_gain_db(self, decibels: float) -> None:
        self._input_gain.decibels = decibels

    @property
    def output_gain_db(self) -> float:
        """Gain behind the engine. It may be set while playing."""
        return self._output_gain.decibels

    @output_gain_db.setter
    def output_gain_db(self, decibels: float) -> None:
        self._output_gain.decibels = decibels

    def _play(self, dry: NDArray[np.float32], mixed: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._coming is None and self._waiting:
            self._coming, heard = self._waiting.popleft()
            self._faded = 0
            missed = self._past.read(heard, self._past.position)  # a block or two
            if len(missed):
                self._coming.process(missed)
        if self._turned and not self._waiting:
            newest, setting = self._coming or self._engine, self._turned.popleft()
            if {control.name for control in newest.controls} >= set(setting):  # not of one that has gone
                newest.set_controls(setting)
        old = self._engine.process(dry)
        if self._coming is None:
            return old
        return self._cross_fade(old, self._coming.process(dry), mixed)

    def _cross_fade(
        self, old: NDArray[np.float32], new: NDArray[np.float32], mixed: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Cross-fade with weights that add up to 1, since both play the same and so are alike."""
        weights = self._fade[self._faded : self._faded + len(old)]
        faded = len(weights)
        np.subtract(new, old, out=mixed)
        mixed[:faded] *= weights
        mixed += old
        self._faded += faded
        if self._faded == len(self._fade) and self._coming is not None:
            self._retired.append(self._engine)
            self._engine, self._coming = self._coming, None
        return mixed


class Curtain:
    """Fade into silence, and out of it, of so many samples each."""

    def __init__(self, samples: int, down: bool = False) -> None:
        self._samples, self._up = samples, 0 if down else samples
        self.rising = True  # or falling

    @property
    def down(self) -> bool:
        """True while there is silence, and shall be."""
        return not self._up and not self.rising

    def apply(self, block: NDArray[np.float32]) -> None:
        """Fade the next `(samples,)`, in place."""
        if self.rising and self._up == self._samples:
            return
        way = np.arange(1, len(block) + 1) * (1 if self.rising else -1)
        up = np.clip(self._up + way, 0, self._samples)
        block *= (0.5 - 0.5 * np.cos(np.pi * up / self._samples)).astype(np.float32)
        self._up = int(up[-1])


class Gain:
    """Gain in dB. A change is spread over one block, so that it does not click."""

    def __init__(self, decibels: float = 0.0) -> None:
        self.decibels = decibels
        self._factor = _factor(decibels)

    def apply(self, block: NDArray[np.float32], output: NDArray[np.float32]) -> None:
        """`(samples,)` times the factor into another array of the same shape."""
        wanted = _factor(self.decibels)
        if wanted == self._factor:
            np.multiply(block, np.float32(wanted), out=output)
            return
        ramp = np.linspace(self._factor, wanted, len(block) + 1, dtype=np.float32)[1:]
        np.multiply(block, ramp, out=output)
        self._factor = wanted


def _factor(decibels: float) -> float:
    return float(10 ** (decibels / 20))
