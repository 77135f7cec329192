"""Operations of the WaveNets of a search, as far as costs go."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class WaveNetOperation:
    """A layer of a WaveNet of one array, or its "ends": what is before and behind the layers, once.

    The cost of a layer does not depend on its dilation.
    """

    kind: Literal["ends", "layer"]
    channels: int
    kernel_size: int = 1
    activation: str = ""
    gated: bool = False

    @property
    def macs(self) -> int:
        """Multiply-adds per sample."""
        if self.kind == "ends":
            return 2 * self.channels
        outputs = self.channels * (1 + self.gated)
        return outputs * self.channels * self.kernel_size + outputs + self.channels**2

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return self.macs + (1 if self.kind == "ends" else self.channels * (2 + self.gated))
