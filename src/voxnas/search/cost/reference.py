"""Cost of a network beside that of a reference that plays in turns with it: a slow machine slows both."""

import time
from collections import deque

from voxnas.engine.benchmark import side_by_side
from voxnas.engine.make import make_engine
from voxnas.models.base import StreamingNetwork

# Enough for a rank correlation of .99 and more with a long measurement, in a few hundredths of a second
BLOCKS, MIN_SECONDS = 30, 0.015
# Times its usual cost the reference may take; a busy thread of the same core makes it 1.4 and more
QUIET = 1.1
FIRST, TRIES, PAUSE_S = 5, 6, 0.05


class ReferenceModel:
    """Measures networks beside one that stays the same, whose cost it remembers.

    Other load slows both alike, for tenths of a second or, where a machine is shared or hot, for minutes.
    Where the costliest of many networks is sought, a few figures that are half too high would be all that is
    found.

    Args:
        network: the one that stays the same.
        sample_rate: in Hz.
        block_size: in samples.
        engine: that plays both, see `make_engine`.

    Attributes:
        least: the least fraction of real time that the reference took.
    """

    def __init__(
        self, network: StreamingNetwork, sample_rate: int, block_size: int, engine: str = "auto"
    ) -> None:
        self._rate, self._block_size, self._kind = sample_rate, block_size, engine
        self._engine = make_engine(network, engine)
        self._recent: deque[float] = deque(maxlen=2 * TRIES)
        self.least = float("inf")
        for _ in range(FIRST):
            self._beside(network)
            time.sleep(PAUSE_S)

    def measure(self, network: StreamingNetwork) -> float:
        """The network's cost over the reference's, at a moment as quiet as there were lately.

        Raises InputError if the engine cannot play it.
        """
        for retry in range(TRIES - 1):
            ratio, slowed = self._beside(network)
            if slowed <= QUIET:
                return ratio
            time.sleep(PAUSE_S * 2**retry)
        return self._beside(network)[0]

    def _beside(self, network: StreamingNetwork) -> tuple[float, float]:
        """The network's cost over the reference's, and the reference's over its least of late."""
        engines = [make_engine(network, self._kind), self._engine]
        timings = side_by_side(engines, [self._rate] * 2, [self._block_size], BLOCKS, min_seconds=MIN_SECONDS)
        rtf, own = (timing.rtf for (timing,) in timings)
        self._recent.append(own)
        self.least = min(self.least, own)
        return rtf / own, own / min(self._recent)


_known: dict[str, ReferenceModel] = {}


def reference_model(
    network: StreamingNetwork, sample_rate: int, block_size: int, engine: str
) -> ReferenceModel:
    """The one of this process for a network of this architecture."""
    key = repr((network.architecture(), sample_rate, block_size, engine))
    if key not in _known:
        _known[key] = ReferenceModel(network, sample_rate, block_size, engine)
    return _known[key]
