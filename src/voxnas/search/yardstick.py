"""A network's cost at a quiet moment, which another network that plays beside it tells from a busy one."""

import functools
import math
import time

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.models.base import Network
from voxnas.models.wavenet import stack

# Enough for a rank correlation of .99 and more with a long measurement, in a few hundredths of a second
BLOCKS, MIN_SECONDS = 30, 0.015
# Times its least cost the yardstick may take; a busy thread of the same core makes it 1.4 and more
QUIET = 1.1
FIRST, TRIES, PAUSE_S = 5, 6, 0.05


class Yardstick:
    """Measures networks beside one of its own, whose least cost so far it remembers.

    Other load on the machine slows both alike, for tenths of a second at a time. Where the costliest of many
    networks is sought, a few figures that are half too high would be all that is found.

    Args:
        sample_rate: in Hz.
        block_size: in samples.
        engine: that plays both, see `make_engine`.
    """

    def __init__(self, sample_rate: int, block_size: int, engine: str = "auto") -> None:
        self._rate, self._block_size, self._kind = sample_rate, block_size, engine
        self._engine = make_engine(stack(8, 8, name="yardstick"), engine)
        self._least = math.inf
        for _ in range(FIRST):
            self._beside(stack(2, 2, name="warm-up"))
            time.sleep(PAUSE_S)

    def measure(self, network: Network) -> float:
        """The fraction of real time; if no quiet moment comes, divided by how much the yardstick is slowed.

        Raises InputError if the engine cannot play it.
        """
        for retry in range(TRIES - 1):
            rtf, slowed = self._beside(network)
            if slowed <= QUIET:
                return rtf
            time.sleep(PAUSE_S * 2**retry)
        rtf, slowed = self._beside(network)
        return rtf if slowed <= QUIET else rtf / slowed

    def _beside(self, network: Network) -> tuple[float, float]:
        """The network's fraction of real time, and the yardstick's over its least."""
        engines = [make_engine(network, self._kind), self._engine]
        timings = side_by_side(engines, [self._rate] * 2, [self._block_size], BLOCKS, min_seconds=MIN_SECONDS)
        rtf, own = (timing.rtf for (timing,) in timings)
        self._least = min(self._least, own)
        return rtf, own / self._least


@functools.cache
def yardstick(sample_rate: int, block_size: int, engine: str) -> Yardstick:
    """The one of this process."""
    return Yardstick(sample_rate, block_size, engine)
