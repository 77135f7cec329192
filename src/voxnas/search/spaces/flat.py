"""Spaces whose parameters do not depend on each other, as Hydra's grammar writes them."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from hydra.errors import HydraException

from voxnas.search.spaces.base import Chooser
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class Choice:
    """One of some values, as an override writes them."""

    options: tuple[str, ...]

    def choose(self, key: str, choose: Chooser) -> str:
        return choose.choice(key, self.options)


@dataclass(frozen=True)
class Interval:
    """A number from low to high, both included; a whole one if both are `int`."""

    low: float
    high: float
    log: bool = False

    def choose(self, key: str, choose: Chooser) -> str:
        if isinstance(self.low, int) and isinstance(self.high, int):
            return str(choose.integer(key, self.low, self.high, self.log))
        return repr(choose.real(key, self.low, self.high, self.log))

    @property
    def options(self) -> tuple[str, ...] | None:
        """All values, if they can be told."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return tuple(map(str, range(self.low, self.high + 1)))
        return None


class FlatSpace:
    """Space of independent parameters, each with the values that an override would sweep over.

    Args:
        parameters: by config key: `8,12,16`, `choice(a,b)`, `range(2,9)`, `interval(0.001,0.1)`,
            `int(interval(1,9))`, `tag(log,interval(0.001,0.1))`; a single value is that of every
            candidate.
        overrides: the command line's, as `key=value`; they go before a parameter of the same key.

    Raises:
        InputError: what is not of that grammar.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None, overrides: Sequence[str] = ()) -> None:
        given = {_parse(o).key_or_group for o in overrides}
        lines = [f"{key}={value}" for key, value in (parameters or {}).items()]
        own = [o for o in map(_parse, lines) if o.key_or_group not in given]
        parsed = {o.get_key_element(): o for o in [*own, *map(_parse, overrides)]}
        self.fixed = [str(o.input_line) for o in parsed.values() if not o.is_sweep_override()]
        self.parameters = {key: _domain(o) for key, o in parsed.items() if o.is_sweep_override()}

    def propose(self, choose: Chooser) -> list[str]:
        return self.fixed + [f"{key}={domain.choose(key, choose)}" for key, domain in self.parameters.items()]

    @property
    def size(self) -> int | None:
        """Number of candidates; None where a parameter is continuous."""
        counts = [None if (options := d.options) is None else len(options) for d in self.parameters.values()]
        return None if None in counts else math.prod(count or 0 for count in counts)

    def grid(self) -> list[list[str]]:
        """All candidates, the last parameter changing fastest. Raises InputError where there is no end."""
        lists = []
        for key, domain in self.parameters.items():
            if domain.options is None:
                raise InputError(f"{key} is continuous, so that there is no grid: give a list or a range")
            lists.append([f"{key}={value}" for value in domain.options])
        return [[*self.fixed, *point] for point in itertools.product(*lists)]


def _parse(line: str) -> Override:
    hydra = GlobalHydra.instance()
    loader = hydra.config_loader() if hydra.is_initialized() else None  # what glob(*) looks into
    try:
        return OverridesParser.create(config_loader=loader).parse_override(line)
    except HydraException as error:
        raise InputError(f"{line}: not a value or a sweep that Hydra knows ({_first_line(error)})") from error


def _domain(override: Override) -> Choice | Interval:
    value, key = override.value(), override.get_key_element()
    if isinstance(value, IntervalSweep):
        assert value.start is not None
        assert value.end is not None
        interval = Interval(value.start, value.end, "log" in value.tags)
        if interval.low > interval.high or (interval.log and interval.low <= 0):
            raise InputError(f"{override.input_line}: an interval goes from low to high, above 0 if log")
        return interval
    if isinstance(value, RangeSweep) and value.step == 1 and not value.shuffle:
        numbers = list(value.range())
        if numbers and all(isinstance(n, int) for n in numbers):
            return Interval(min(numbers), max(numbers))  # a sampler may know that they are in order
    options = tuple(dict.fromkeys(override.sweep_string_iterator()))
    if not options:
        raise InputError(f"{override.input_line}: nothing to choose from for {key}")
    return Choice(options)


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0]
