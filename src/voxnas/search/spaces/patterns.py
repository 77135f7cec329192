"""The dilations of an array as a space chooses them: a progression that starts again, or goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

from voxnas.search.spaces.base import Chooser
from voxnas.search.spaces.dilations import cycled, powers, spread

PATTERNS = ("powers", "repeated", "spread", "continued")
ORDERS = ("ascending", "descending")
BASES = (2, 3, 4)  # of powers
RATIOS = (1.5, 1.8, 2.3, 3.0)  # of a spread
CYCLE = (2, 12)  # layers after which dilations may start again


@dataclass(frozen=True)
class Pattern:
    """The first `cycle` numbers of `progression`, again and again, from the one at `offset` on.

    `descending` is the same from the last to the first: what looks back far then comes early, and training
    computes less of the past.
    """

    progression: tuple[int, ...] = (1,)  # at least `cycle` dilations, in samples; more, if it may go on
    cycle: int = 1
    offset: int = 0
    descending: bool = False

    def dilations(self, layers: int) -> list[int]:
        """Dilations in samples, one per layer."""
        ascending = cycled(self.progression, self.cycle, layers, self.offset)
        return ascending[::-1] if self.descending else ascending

    def after(self, layers: int) -> "Pattern":
        """The pattern of what continues so many layers of this one."""
        return replace(self, offset=self.offset + layers)

    def shorter(self, layers: int) -> "Pattern | None":
        """The pattern that starts again a layer earlier; None if the dilations are all 1."""
        reached = min(self.cycle, self.offset + layers) - 1
        return replace(self, cycle=reached) if reached else None


class PatternChoices(TypedDict, total=False):
    """Choices that make a pattern, without the array's name in front; none for a single layer."""

    dilations: str  # of PATTERNS
    cycle: int  # of all but powers
    ratio: float  # of a spread
    base: int  # of powers and repeated
    order: str  # of ORDERS


def choose_pattern(
    choose: Chooser,
    at: str,
    layers: int,
    patterns: Sequence[str],
    orders: Sequence[str],
    before: Pattern | None = None,
) -> Pattern:
    """The pattern of an array of so many layers, whose choices are named `at`.cycle and so on.

    Args:
        patterns, orders: to choose from.
        before: what "continued" goes on with, already moved past the layers before; None for the first.
    """
    choices: PatternChoices = {}
    if layers > 1:
        possible = [p for p in patterns if before is not None or p != "continued"]
        choices["dilations"] = kind = choose.choice(f"{at}.dilations", possible)
        if kind != "powers":
            choices["cycle"] = choose.integer(f"{at}.cycle", *CYCLE)
        if kind == "spread":
            choices["ratio"] = choose.choice(f"{at}.ratio", RATIOS)
        elif kind != "continued":
            choices["base"] = choose.choice(f"{at}.base", BASES)
        choices["order"] = choose.choice(f"{at}.order", orders)
    return pattern_of(choices, layers, before)


def pattern_of(choices: PatternChoices, layers: int, before: Pattern | None = None) -> Pattern:
    """The pattern that these choices make of so many layers; for `before` see `choose_pattern`."""
    if not choices:
        return Pattern(tuple(powers(BASES[0], CYCLE[1])))
    cycle = choices.get("cycle", layers)
    if choices["dilations"] == "continued" and before is not None:
        pattern = replace(before, cycle=cycle)
    else:
        pattern = Pattern(_progression(choices, max(cycle, CYCLE[1])), min(cycle, layers))
    return replace(pattern, descending=choices["order"] == "descending")


def _progression(choices: PatternChoices, length: int) -> tuple[int, ...]:
    if choices["dilations"] == "spread":
        return tuple(spread(choices["ratio"], length))
    return tuple(powers(choices["base"], length))


def dilations_of(layers: int, patterns: Sequence[str], orders: Sequence[str]) -> set[tuple[int, ...]]:
    """The dilations of so many layers, whatever may be chosen and however far they give way."""
    found: set[tuple[int, ...]] = set()
    for progression in _progressions(max(layers, CYCLE[1]), patterns):
        cycles = range(1, max(layers, CYCLE[1] if "continued" in patterns else 0) + 1)
        starts = ((cycle, at) for cycle in cycles for at in range(cycle if "continued" in patterns else 1))
        found |= {tuple(Pattern(progression, cycle, at).dilations(layers)) for cycle, at in starts}
    either = {"ascending": found, "descending": {dilations[::-1] for dilations in found}}
    return set().union(*(either[order] for order in orders))


def _progressions(length: int, patterns: Sequence[str]) -> Iterator[tuple[int, ...]]:
    if {"powers", "repeated"} & set(patterns):
        yield from (tuple(powers(base, length)) for base in BASES)
    if "spread" in patterns:
        yield from (tuple(spread(ratio, length)) for ratio in RATIOS)
