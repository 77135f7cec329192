"""Choices of dilations from the dilations themselves: the inverse of `patterns.choose_pattern`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from voxnas.search.spaces.patterns import (
    BASES,
    CYCLE,
    ORDERS,
    PATTERNS,
    RATIOS,
    Pattern,
    PatternChoices,
    pattern_of,
)
from voxnas.utils.errors import InputError


def pattern_choices(stacks: Sequence[Sequence[int]]) -> list[PatternChoices]:
    """Choices of each array's pattern that make these dilations.

    Several may make the same. The first that do, and that the later arrays can follow, count: of powers, then
    repeated, spread and continued ones; the smallest base, ratio and cycle first; ascending before
    descending. A cycle longer than its array does not show in the dilations: it is that of the next array
    where that is long enough, else the shortest possible.

    Args:
        stacks: per array its dilations, in samples, one per layer.

    Raises:
        InputError: dilations of no pattern.
    """
    found = _fitting(stacks, None)
    if found is None:
        said = ", ".join(str(list(dilations)) for dilations in stacks)
        raise InputError(f"dilations {said}: there is no way to make these of {', '.join(PATTERNS)} ones")
    for index in reversed(range(len(found) - 1)):
        found[index] = found[index].with_cycle_of(found[index + 1])
    return [stack.choices for stack in found]


@dataclass(frozen=True)
class _Stack:
    """The dilations of an array, choices that may make them, and the pattern that they may continue."""

    dilations: list[int]
    choices: PatternChoices
    before: Pattern | None

    @property
    def pattern(self) -> Pattern:
        return pattern_of(self.choices, len(self.dilations), self.before)

    @property
    def fits(self) -> bool:
        return self.pattern.dilations(len(self.dilations)) == self.dilations

    def with_cycle_of(self, following: "_Stack") -> "_Stack":
        """The same dilations with the next array's cycle, where that is longer and fits; else itself."""
        own, other = self.choices.get("cycle"), following.choices.get("cycle")
        if own is None or other is None or other <= own:
            return self
        longer = replace(self, choices={**self.choices, "cycle": other})
        return longer if longer.fits else self


def _fitting(stacks: Sequence[Sequence[int]], before: Pattern | None) -> "list[_Stack] | None":
    """The first choices that fit all arrays, of which the first may continue a pattern; None if none do."""
    if not stacks:
        return []
    tried = set()  # what the next array would continue
    for choices in _possible(len(stacks[0]), before is not None):
        stack = _Stack(list(stacks[0]), choices, before)
        after = stack.pattern.after(len(stacks[0]))
        if stack.fits and (after.progression, after.offset) not in tried:
            tried.add((after.progression, after.offset))
            others = _fitting(stacks[1:], after)
            if others is not None:
                return [stack, *others]
    return None


def _possible(layers: int, continues: bool) -> Iterator[PatternChoices]:
    """All choices of the dilations of so many layers, in the order of preference."""
    if layers == 1:
        yield {}
        return
    cycles = range(CYCLE[0], CYCLE[1] + 1)
    kinds: list[PatternChoices] = [{"dilations": "powers", "base": base} for base in BASES]
    kinds += [{"dilations": "repeated", "base": base, "cycle": n} for base, n in product(BASES, cycles)]
    kinds += [{"dilations": "spread", "ratio": ratio, "cycle": n} for ratio, n in product(RATIOS, cycles)]
    if continues:
        kinds += [{"dilations": "continued", "cycle": n} for n in cycles]
    for kind, order in product(kinds, ORDERS):
        choices: PatternChoices = {**kind, "order": order}
        yield choices
