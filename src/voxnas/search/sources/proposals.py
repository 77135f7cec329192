"""The proposals of a space as jobs of a sweep: overrides, the run's name, and whether limits let it in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from omegaconf import DictConfig

from voxnas.search.preview import Candidate, preview
from voxnas.search.space import compose_candidates
from voxnas.search.spaces.base import Chooser, Space, Value
from voxnas.search.spaces.flat import FlatSpace
from voxnas.search.spaces.mutation import Recorder
from voxnas.utils.errors import InputError


@dataclass(frozen=True)
class Proposal:
    """A candidate that might be trained: what was chosen, and the name of its run's folder, which follows.

    `choices` are those that a chooser made, by name, if one did; `previewed` is shared by all of a proposer.
    `parent` names the candidate whose weights it begins with, as far as shapes allow.
    """

    chosen: tuple[str, ...]
    name: str
    config: DictConfig
    choices: Mapping[str, Value] = field(default_factory=dict)
    whole: bool = False
    parent: str | None = None
    previewed: dict[tuple[str, ...], Candidate] = field(default_factory=dict, repr=False, compare=False)

    def preview(self) -> Candidate:
        """The preview of a candidate, with why constraints keep it out; built for that once, not trained."""
        if self.chosen not in self.previewed:
            self.previewed[self.chosen] = preview([self.config])[0]
        return self.previewed[self.chosen]

    def priced(self) -> Candidate:
        """The preview with its cost, whether or not a constraint asks for it."""
        if self.preview().cost is None:
            self.previewed[self.chosen] = preview([self.config], with_cost=True)[0]
        return self.previewed[self.chosen]


class Proposer:
    """Proposes candidates inside a running Hydra app.

    Args:
        config_name: the root config of a run.
        parameters: of a flat space, see `FlatSpace`.
        overrides: the command line's; they go before what a space says of the same key.
        space: a space that proposes whole candidates; with parameters as well, each candidate has both.
    """

    def __init__(
        self,
        config_name: str,
        parameters: Mapping[str, Any] | None,
        overrides: Sequence[str],
        space: Space | None = None,
    ) -> None:
        self.config_name, self.space = config_name, space
        self.flat = FlatSpace(parameters, overrides)
        self._composed: dict[tuple[str, ...], DictConfig] = {}
        self._previewed: dict[tuple[str, ...], Candidate] = {}

    @property
    def size(self) -> int | None:
        """The number of candidates that there can be, where that is known."""
        return self.flat.size if self.space is None else None

    @property
    def starts(self) -> Sequence[Mapping[str, Value]]:
        """Choices, not necessarily all, that an evolution may begin with."""
        return getattr(self.space, "starts", ())

    def draw(self, choose: Chooser) -> Proposal:
        """The candidate that these choices make."""
        recorder = Recorder(choose)
        flat = self.flat.propose(recorder)
        given = {_key(override) for override in flat}
        whole = [] if self.space is None else self.space.propose(recorder)
        parameters = flat[len(self.flat.fixed) :]
        proposal = self.proposal([*(o for o in whole if _key(o) not in given), *parameters])
        return replace(proposal, choices=recorder.choices)

    def grid(self) -> list[Proposal]:
        """All candidates. Raises InputError for a space that has no end."""
        if self.space is not None:
            raise InputError("this space proposes its candidates; there is no grid of it")
        return [self.proposal(point[len(self.flat.fixed) :]) for point in self.flat.grid()]

    def proposal(self, chosen: Sequence[str], whole: bool = False) -> Proposal:
        """The candidate that was chosen so, see `job`."""
        (config,) = compose_candidates(self.config_name, [self.job(chosen, whole)], self._composed)
        return Proposal(tuple(chosen), str(config.name), config, whole=whole, previewed=self._previewed)

    def job(self, chosen: Sequence[str], whole: bool = False) -> list[str]:
        """All overrides of a candidate's run; a `whole` one says all of its model itself."""
        return [*(o for o in self.flat.fixed if not (whole and is_of_the_model(o))), *chosen]


def is_of_the_model(override: str) -> bool:
    """Whether an override says what is trained, and not what trains it."""
    key = _key(override)
    return key == "model" or (key.startswith("model.") and key != "model.backend")


def _key(override: str) -> str:
    return override.lstrip("+~").split("=", 1)[0]
