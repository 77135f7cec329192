"""A space of several families of networks: which family comes first, then what there is to choose in it."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from voxnas.search.spaces.base import Chooser, Space, T, Value
from voxnas.utils.errors import InputError

FAMILY = "family"  # the name of that choice; all others begin with a family's name


class FamilySpace:
    """Space whose candidates are those of other spaces, a family of networks each.

    Args:
        families: the spaces by name.
        only: the names of those that count; None for all.

    Raises:
        InputError: no family, or a name that there is not.
    """

    def __init__(self, families: Mapping[str, Space], only: str | Sequence[str] | None = None) -> None:
        wanted = [only] if isinstance(only, str) else list(families if only is None else only)
        if unknown := [name for name in wanted if name not in families]:
            raise InputError(f"space: only: no family {unknown[0]}; choose from {', '.join(families)}")
        if not wanted:
            raise InputError(f"space: only: name a family or more of {', '.join(families)}")
        self.families = {name: families[name] for name in dict.fromkeys(wanted)}

    def propose(self, choose: Chooser) -> list[str]:
        """One candidate of one family."""
        name = choose.choice(FAMILY, tuple(self.families))
        return self.families[name].propose(_Within(name, choose))

    @property
    def starts(self) -> list[dict[str, Value]]:
        """What the families begin with, one of each in turn; one that says nothing begins at random."""
        lists = [
            [
                {FAMILY: name, **{f"{name}.{key}": value for key, value in start.items()}}
                for start in getattr(space, "starts", None) or [{}]
            ]
            for name, space in self.families.items()
        ]
        return [start for turn in zip_longest(*lists) for start in turn if start is not None]

    @property
    def size(self) -> int | None:
        """Upper bound of the number of candidates, where every family knows its own."""
        sizes = [getattr(space, "size", None) for space in self.families.values()]
        return None if None in sizes else sum(size for size in sizes if size is not None)


class _Within:
    """Passes on the choices of a family under its name."""

    def __init__(self, family: str, choose: Chooser) -> None:
        self._family, self._choose = family, choose

    def choice(self, name: str, options: Sequence[T]) -> T:
        return self._choose.choice(f"{self._family}.{name}", options)

    def integer(self, name: str, low: int, high: int, log: bool = False) -> int:
        return self._choose.integer(f"{self._family}.{name}", low, high, log)

    def real(self, name: str, low: float, high: float, log: bool = False) -> float:
        return self._choose.real(f"{self._family}.{name}", low, high, log)
