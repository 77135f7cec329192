"""Model bank of a session: the models, one of which plays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from voxnas.engine.base import StreamingEngine
from voxnas.engine.live.player import Bypass, Player
from voxnas.models.controls import Control
from voxnas.utils.errors import InputError

MOST_MEMORY_SECONDS = 10.0  # of the past that an engine hears before it takes over


@dataclass(frozen=True)
class Slot:
    """Slot of a bank: a model. `make` gives a new engine; `memory` is its receptive field in samples.

    `sample_rate` is the model's own, in Hz; None if it is not known.

    `controls` are its knobs and switches, `setting` where those stand that are not at rest.
    """

    name: str
    make: Callable[..., StreamingEngine]
    sample_rate: int | None = None
    memory: int = 0
    controls: tuple[Control, ...] = ()
    setting: dict[str, Any] = field(default_factory=dict)

    def warmed_up(self, block_size: int) -> StreamingEngine:
        """New engine that has run once, since the first call of some takes longer than all others."""
        engine = self.make()
        engine.set_controls(self.setting, glide=0)
        engine.process(np.zeros(block_size, np.float32))
        engine.reset()
        return engine


class ModelBank:
    """Bank of models, one of which plays, or none (bypass). For the control thread.

    Args:
        slots: at least one; the first plays first.
        sample_rate: of the session, in Hz.
        block_size: samples, as they will come.
        input_gain_db, output_gain_db: of the player.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        sample_rate: int,
        block_size: int,
        input_gain_db: float = 0.0,
        output_gain_db: float = 0.0,
    ) -> None:
        if not slots:
            raise InputError("no model: give model=PATH or models=[PATH,PATH]")
        self.slots, self.block_size = list(slots), block_size
        self.chosen, self.bypassed, self.switches = 0, False, 0
        self.held = 0  # the control that `turn` turns
        engine, memory = slots[0].warmed_up(block_size), _memory(slots, sample_rate)
        self.player = Player(engine, sample_rate, memory, input_gain_db, output_gain_db)

    @property
    def playing(self) -> str:
        """Name of the model that plays, or "bypass"."""
        return "bypass" if self.bypassed else self.slots[self.chosen].name

    def choose(self, number: int) -> None:
        """Switches to model `number`, from 0, if there is one and it does not play already."""
        if not 0 <= number < len(self.slots) or (number == self.chosen and not self.bypassed):
            return
        self.chosen, self.bypassed = number, False
        self._switch(self.slots[number].warmed_up(self.block_size))

    def step(self, by: int) -> None:
        """Switches to the next model (1) or the one before (-1), around the end."""
        self.choose((self.chosen + by) % len(self.slots))

    def bypass(self) -> None:
        """Switches to the gains alone; called again, to the model."""
        if self.bypassed:
            self.choose(self.chosen)
        else:
            self.bypassed = True
            self._switch(Bypass())

    def hold(self, by: int) -> None:
        """Takes hold of the next control of the model that plays (1) or of the one before (-1)."""
        controls = self.slots[self.chosen].controls
        self.held = (min(self.held, max(0, len(controls) - 1)) + by) % max(1, len(controls))

    def turn(self, by: float) -> None:
        """Turns the control that is held by a share of its way; a switch by one position."""
        slot = self.slots[self.chosen]
        if self.bypassed or not slot.controls:
            return
        control = slot.controls[min(self.held, len(slot.controls) - 1)]
        slot.setting[control.name] = control.turned(slot.setting.get(control.name, control.at_rest), by)
        self.player.turn(slot.setting)

    def prepare_rate(self, sample_rate: int) -> Callable[[], None]:
        """Makes an engine for another rate, in Hz; what is returned goes on with it, while nothing plays.

        Raises InputError where the model that plays cannot be played at that rate.
        """
        slots = [at_rate(slot, sample_rate, self.player.sample_rate) for slot in self.slots]
        engine = Bypass() if self.bypassed else slots[self.chosen].warmed_up(self.block_size)

        def change() -> None:
            self.slots = slots
            self.player.set_rate(sample_rate, engine, _memory(slots, sample_rate))

        return change

    def _switch(self, engine: StreamingEngine) -> None:
        self.switches += 1
        self.player.switch_to(engine)


def _memory(slots: Sequence[Slot], sample_rate: int) -> int:
    return min(max(slot.memory for slot in slots), round(MOST_MEMORY_SECONDS * sample_rate))


def at_rate(slot: Slot, host_rate: int, before: int | None = None) -> Slot:
    """The slot in a session of this rate, in Hz; its `make` is one that takes a `host_rate`.

    `before` is the rate at which its `memory` is told; None for the model's own.
    """
    longer = host_rate / (before or slot.sample_rate or host_rate)
    return replace(slot, make=partial(slot.make, host_rate=host_rate), memory=round(slot.memory * longer))


def session_rate(slots: Sequence[Slot], wanted: int | None, fallback: int = 48000) -> int:
    """Sample rate of a session in Hz: the one that is wanted, or that its models share.

    Raises InputError if they were made for different rates and none is wanted.
    """
    rates = {slot.sample_rate for slot in slots if slot.sample_rate}
    if wanted is not None and wanted <= 0:
        raise InputError(f"sample_rate={wanted} is not positive")
    if wanted is None and len(rates) > 1:
        told = ", ".join(f"{slot.name} {slot.sample_rate} Hz" for slot in slots if slot.sample_rate)
        raise InputError(f"the models are for different rates ({told}); choose one with sample_rate=")
    return wanted or next(iter(rates), fallback)
