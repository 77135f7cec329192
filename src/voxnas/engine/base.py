"""Interface of the engines that play a model in real time."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voxnas.models.base import check_controls
from voxnas.models.controls import Control, check_names, encode

GLIDE = 1024  # samples in which controls reach what they were set to: 21 ms at 48 kHz, too slow to click


class StreamingEngine(ABC):
    """Engine that plays one model block by block, as a plug-in's host calls it.

    A new engine, and one after `reset`, is in the state that endless silence leaves behind.
    """

    name: str
    controls: tuple[Control, ...] = ()  # that the model follows, such as knobs
    num_controls: int = 0  # numbers that it hears of them
    setting: Mapping[str, Any] = MappingProxyType({})  # by control, where one is not at rest

    @abstractmethod
    def reset(self) -> None:
        """Return to the state after silence, the controls where they were last set to."""

    def set_control(self, control: int | str, value: Any, glide: int = GLIDE) -> None:
        """Set a control, by its number or name, to a value on its panel; it gets there in `glide` samples.

        Raises InputError if there is none, or no such value.
        """
        if isinstance(control, int):
            known = range(len(self.controls))
            control = self.controls[control].name if control in known else str(control)
        self.set_controls({**self.setting, control: value}, glide)

    def set_controls(self, setting: Mapping[str, Any], glide: int = GLIDE) -> None:
        """Set all controls, those to rest that are left out; see `set_control`."""
        check_names(self.controls, setting)
        values = encode(self.controls, setting)
        self.setting = dict(setting)
        if values:
            self._move(np.array(values, np.float32), glide)

    def _follow(self, network: Any) -> None:
        """Take over a network's controls, which are at rest."""
        self.controls = tuple(getattr(network, "controls", ()))
        self.num_controls = sum(control.inputs for control in self.controls)

    def _move(self, values: NDArray[np.float32], glide: int) -> None:
        """Have the controls go to these values, `(k,)`, in a straight line of `glide` samples."""
        check_controls(values.shape, self.num_controls)

    @abstractmethod
    def process(
        self, block: NDArray[np.float32], controls: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """The next samples, mono and of any number, to as many samples of output; the state goes on.

        `controls`, `(k,)` as the network hears them, are where they go from now on, in `GLIDE` samples.
        Raises ValueError on a block or controls of another shape.
        """


def check_mono(block: NDArray[np.float32]) -> None:
    """Raises ValueError unless the block is `(samples,)`."""
    if block.ndim != 1:
        raise ValueError(f"an engine takes mono blocks (samples,), got the shape {block.shape}")
