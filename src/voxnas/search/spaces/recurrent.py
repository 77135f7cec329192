"""The space of recurrent networks: LSTM or GRU, of one or more layers as wide."""

from collections.abc import Sequence
from typing import Any

from voxnas.search.spaces.architecture import overrides
from voxnas.search.spaces.base import Chooser, Value
from voxnas.search.spaces.ranges import checked_options, checked_range
from voxnas.utils.errors import InputError

KINDS = ("LSTM", "GRU")
MOST_LAYERS, MOST_UNITS = 4, 256


class RecurrentSpace:
    """Recurrent networks. Pairs of numbers are the lowest and the highest, both included.

    Units are drawn on a logarithmic scale: small networks are as likely as large ones.

    Args:
        kind: LSTM or GRU.
        units: of each layer, 1 to 256.
        layers: 1 to 4.
        skips: to choose from: false; true for the input added to the output, which plug-in files cannot say.
        warm_up: samples from silence to a state, in training.
        starts: choices by name that an evolution begins with, none for what is left to chance.

    Raises:
        InputError: a range that cannot be, an unknown kind.
    """

    def __init__(
        self,
        kind: str,
        units: Sequence[int] = (4, 96),
        layers: Sequence[int] = (1, 2),
        skips: Sequence[bool] = (False,),
        warm_up: int = 1024,
        starts: Sequence[dict[str, Value]] = ({},),
    ) -> None:
        if kind not in KINDS:
            raise InputError(f"space: kind={kind}: choose from {', '.join(KINDS)}")
        self.kind, self.warm_up, self.starts = kind, warm_up, list(starts)
        self.units = checked_range("units", units, 1, MOST_UNITS)
        self.layers = checked_range("layers", layers, 1, MOST_LAYERS)
        self.skips = checked_options("skips", skips, (False, True))

    def propose(self, choose: Chooser) -> list[str]:
        """One candidate, as `model=architecture` and what its architecture is."""
        return overrides(self.architecture(choose))

    def architecture(self, choose: Chooser) -> dict[str, Any]:
        """One candidate as `voxnas.models.build` takes it; the same network has the same name."""
        layers = choose.integer("layers", *self.layers)
        units = choose.integer("units", *self.units, log=True)
        skip = choose.choice("skip", self.skips)
        name = f"{self.kind.lower()}-l{layers}-h{units}{'-skip' if skip else ''}"
        sizes = {"hidden_size": units, "num_layers": layers, "warm_up": self.warm_up, "skip": skip}
        return {"type": self.kind, "name": name, **sizes}

    @property
    def size(self) -> int:
        """Number of candidates."""
        (fewest, most), (least, largest) = self.layers, self.units
        return (most - fewest + 1) * (largest - least + 1) * len(self.skips)
