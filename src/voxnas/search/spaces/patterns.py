"""The dilations of an array as a space chooses them: a progression that starts again, or goes on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

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
        """In samples, one per layer."""
        ascending = cycled(self.progression, self.cycle, layers, self.offset)
        return ascending[::-1] if self.descending else ascending

    def shorter(self, layers: int) -> "Pattern | None":
        """Starting again a layer earlier; None if the dilations are all 1."""
        reached = min(self.cycle, self.offset + layers) - 1
        return replace(self, cycle=reached) if reached else None


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
    if layers == 1:
        return Pattern(tuple(powers(BASES[0], CYCLE[1])))
    kind = choose.choice(f"{at}.dilations", [p for p in patterns if before is not None or p != "continued"])
    cycle = layers if kind == "powers" else choose.integer(f"{at}.cycle", *CYCLE)
    if kind == "continued" and before is not None:
        pattern = replace(before, cycle=cycle)
    else:
        pattern = Pattern(_progression(choose, at, kind, max(cycle, CYCLE[1])), min(cycle, layers))
    return replace(pattern, descending=choose.choice(f"{at}.order", orders) == "descending")


def _progression(choose: Chooser, at: str, kind: str, length: int) -> tuple[int, ...]:
    if kind == "spread":
        return tuple(spread(choose.choice(f"{at}.ratio", RATIOS), length))
    return tuple(powers(choose.choice(f"{at}.base", BASES), length))


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
