"""Controls that a network follows, such as an amp's knobs and switches: names, ranges, and what goes in."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voxnas.utils.errors import InputError

TAPERS = ("linear", "log")
Value = float | str


@dataclass(frozen=True)
class Control:
    """A knob with a range, or a switch with positions.

    The network hears a knob as one number from 0 to 1, and a switch of n positions as n - 1 numbers: all 0
    for the first position, else a 1 in the position's place.

    Args:
        name: a word.
        low, high: a knob's ends, as on the panel.
        taper: "linear"; or "log", where equal turns are equal ratios, as of frequencies.
        options: a switch's positions; empty for a knob.
        default: what plays until it is set; None for a knob's middle, a switch's first position.

    Raises:
        InputError: values that cannot be.
    """

    name: str
    low: float = 0.0
    high: float = 1.0
    taper: str = "linear"
    options: tuple[str, ...] = ()
    default: Value | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not re.fullmatch(r"[A-Za-z_]\w{0,39}", self.name):
            raise InputError(
                f"a control's name is a word of letters, digits and _, got {str(self.name)[:40]!r}"
            )
        ends = (self.low, self.high)
        if any(isinstance(end, bool) or not isinstance(end, int | float) for end in ends):
            raise InputError(f"control {self.name}: its ends are numbers, got {str(ends)[:40]}")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InputError(
                f"control {self.name}: goes from {self.low:g} to {self.high:g}, which is no way up"
            )
        if self.taper not in TAPERS or (self.taper == "log" and self.low <= 0):
            raise InputError(f"control {self.name}: the taper is linear, or log between ends above 0")
        if self.options and (len(set(self.options)) < 2 or len(set(self.options)) != len(self.options)):
            raise InputError(f"control {self.name}: a switch has two positions or more, each with a name")
        if self.default is None:
            middle = self.options[0] if self.options else self.decode(0.5)
            object.__setattr__(self, "default", middle)  # so that what is read back is equal
        self.encode(self.default)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Control":
        """The control of plain values, as `as_values` makes them."""
        if not isinstance(values, Mapping) or "name" not in values:
            raise InputError(f"a control has a name and a range, got {str(values)[:60]}")
        known = {key: values[key] for key in ("name", "low", "high", "taper", "default") if key in values}
        if unknown := set(values) - {*known, "options"}:
            raise InputError(f"control {values['name']}: unknown {', '.join(sorted(map(str, unknown)))}")
        options = values.get("options", ())
        if isinstance(options, str) or not isinstance(options, Sequence):
            raise InputError(f"control {values['name']}: options is a list of a switch's positions")
        return cls(**known, options=tuple(map(str, options)))

    def as_values(self) -> dict[str, Any]:
        """Plain values for records and files."""
        kind = (
            {"options": list(self.options)}
            if self.options
            else {"low": self.low, "high": self.high, "taper": self.taper}
        )
        return {"name": self.name, **kind, "default": self.at_rest}

    @property
    def at_rest(self) -> Value:
        """What plays until it is set."""
        assert self.default is not None
        return self.default

    @property
    def inputs(self) -> int:
        """Numbers that the network hears of it."""
        return max(1, len(self.options) - 1)

    @property
    def shown(self) -> str:
        """Name and range in words."""
        if self.options:
            return f"{self.name}: {', '.join(self.options)}"
        return f"{self.name}: {self.low:g} to {self.high:g}" + (" (log)" if self.taper == "log" else "")

    def encode(self, value: Any) -> list[float]:
        """What the network hears at a value. InputError on one that is not on the panel."""
        if self.options:
            if str(value) not in self.options:
                raise InputError(f"{self.name}={value}: not on the switch; one of {', '.join(self.options)}")
            return [float(str(value) == option) for option in self.options[1:]]
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise InputError(f"{self.name}={value}: a number from {self.low:g} to {self.high:g}") from None
        slack = 1e-9 * (self.high - self.low)
        if not self.low - slack <= number <= self.high + slack:
            raise InputError(f"{self.name}={number:g}: the knob goes from {self.low:g} to {self.high:g}")
        if self.taper == "log":
            return [math.log(number / self.low) / math.log(self.high / self.low)]
        return [(number - self.low) / (self.high - self.low)]

    def decode(self, share: float) -> Value:
        """The value at a share of the way, 0 to 1."""
        if self.options:
            return self.options[min(int(share * len(self.options)), len(self.options) - 1)]
        if self.taper == "log":
            return float(self.low * (self.high / self.low) ** share)
        return self.low + share * (self.high - self.low)

    def turned(self, value: Value, by: float) -> Value:
        """The value a share of the way further, up to the end; of a switch the next position."""
        if self.options:
            place = self.options.index(str(value)) + (1 if by > 0 else -1)
            return self.options[min(max(place, 0), len(self.options) - 1)]
        return self.decode(min(max(self.encode(value)[0] + by, 0.0), 1.0))

    def positions(self, count: int) -> list[Value]:
        """So many values from end to end, all of them of a switch."""
        if self.options:
            return list(self.options)
        if count < 2:
            raise InputError(f"{self.name}=sweep:{count}: a sweep has two positions or more")
        return [self.decode(place / (count - 1)) for place in range(count)]


def as_controls(values: Sequence[Control | Mapping[str, Any]]) -> tuple[Control, ...]:
    """Controls of plain values; InputError on two of one name."""
    controls = tuple(value if isinstance(value, Control) else Control.of(value) for value in values)
    names = [control.name for control in controls]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"two controls are called {', '.join(twice)}")
    return controls


def unnamed(count: int) -> list[dict[str, Any]]:
    """Plain values of the knobs of a file that tells nothing of them but how many there are: 0 to 1 each."""
    return [Control(f"knob{number}").as_values() for number in range(1, count + 1)]


def encode(controls: Sequence[Control], setting: Mapping[str, Any]) -> list[float]:
    """What the network hears at a setting; a control that it leaves out is at rest.

    Raises InputError on a name or a value that is not on the panel.
    """
    check_names(controls, setting)
    return [number for c in controls for number in c.encode(setting.get(c.name, c.at_rest))]


def check_names(controls: Sequence[Control], names: Mapping[str, Any]) -> None:
    """InputError unless every name is a control's."""
    known = [control.name for control in controls]
    if unknown := [name for name in names if name not in known]:
        there = f"it has {', '.join(known)}" if known else "it has none"
        raise InputError(f"controls.{unknown[0]}: the model has no such control; {there}")


def columns(controls: Sequence[Control]) -> Iterator[tuple[Control, slice]]:
    """Each control with the places of its numbers among the network's."""
    start = 0
    for control in controls:
        yield control, slice(start, start + control.inputs)
        start += control.inputs
