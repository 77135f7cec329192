"""A differentiable search as a study: what relaxed networks leave is trained as candidates."""

import hashlib
import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.utils import instantiate

from voxnas.models.genotype import read_genotype, write_genotype
from voxnas.records.record import FILE_NAMES, Record
from voxnas.report.genotypes.plot import write_genotype_plot
from voxnas.search.darts.relaxed import GENOTYPE, WEIGHTS, relaxed_network
from voxnas.search.selection.score import ByScore
from voxnas.search.space import expand
from voxnas.search.sweepers.base import StudySweeper
from voxnas.search.sweepers.runner import Outcome
from voxnas.training.run import CHECKPOINTS
from voxnas.utils.app import user_errors
from voxnas.utils.errors import InputError

RUNG = "darts"
LONGEST_NAME = 120  # characters
_UNNAMED = ("nas_seeds", "nas_keep_weights")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Search:
    """One search to be done: the command line's overrides for it, and its seed."""

    overrides: tuple[str, ...]
    seed: int
    name: str

    def job(self) -> list[str]:
        return [*self.overrides, *self._common(RUNG), "task=darts", "trainer.max_epochs=${nas_epochs}"]

    def training(self, genotype: Path, weights: Path | None) -> list[str]:
        own = [f"genotype='{genotype}'", "model=genotype"]
        own += [f"init_from='{weights}'"] if weights is not None else []
        return [*self.overrides, f"seed={self.seed}", *own]

    def _common(self, rung: str) -> list[str]:
        return [f"rung={rung}", f"name={self.name}", f"seed={self.seed}"]


class DartsSweeper(StudySweeper):
    """For each combination of the swept values and each seed a search, then its genotype as a candidate.

    Args:
        seeds: of the searches; each is also that of the training that follows.
        keep_weights: whether that goes on from the weights of the search, where the space has them.
        params: what to sweep beside the command line, as `hydra.sweeper.params` of Hydra's own sweeper.
    """

    def __init__(
        self, seeds: Sequence[int], keep_weights: bool = False, params: Mapping[str, Any] | None = None
    ) -> None:
        self.seeds, self.keep_weights, self.params = list(seeds), keep_weights, dict(params or {})

    def search(self, arguments: list[str]) -> list[Outcome]:
        with user_errors(self.config):
            relaxed_network(self.config)
            searches = self._searches(arguments)
        found = self.runner.run_all([search.job() for search in searches])
        trainings: dict[str, list[str]] = {}
        for search, outcome in zip(searches, found, strict=True):
            if outcome.error is None and outcome.folder is not None:
                job = self._training(search, outcome.folder)
                trainings.setdefault(_key(job, outcome.folder), job)  # two searches may find the same
        outcomes = self.runner.run_all(list(trainings.values()))
        self._leave_best(outcomes)
        return [*found, *outcomes]

    def _searches(self, arguments: Sequence[str]) -> list[_Search]:
        if not self.seeds or any(type(seed) is not int for seed in self.seeds):
            raise InputError(f"nas_seeds={self.seeds}: give one or more whole numbers, such as [0,1,2]")
        combinations = expand(self.params, list(arguments))
        return [
            _Search(tuple(overrides), seed, search_name(overrides, seed, self._first()))
            for overrides in combinations
            for seed in dict.fromkeys(self.seeds)
        ]

    def _first(self) -> dict[str, str]:
        """The beginning of a name unless the command line says otherwise."""
        keys = ("nas_model_size", "nas_optimization_mode")
        return {"space": str(self.config.darts.space)} | {key: str(self.config[key]) for key in keys}

    def _training(self, search: _Search, folder: Path) -> list[str]:
        weights = folder / CHECKPOINTS / WEIGHTS
        return search.training(folder / GENOTYPE, weights if self.keep_weights and weights.exists() else None)

    def _leave_best(self, outcomes: Sequence[Outcome]) -> None:
        """The genotype of the best run by the score, and its picture, in the study's folder."""
        runs = {str(o.folder): o for o in outcomes if o.folder is not None and o.record is not None}
        selection = ByScore(["score"], instantiate(self.config.problem))
        order = selection.order({name: o.record for name, o in runs.items() if o.record is not None})
        if not order:
            return
        best = runs[order[0]]
        genotype = read_genotype(Path(_value(best.overrides, "genotype")))
        study = Path(self.config.hydra.sweep.dir).parent
        write_genotype(genotype, study / GENOTYPE)
        write_genotype_plot(genotype, study / "genotype.png")


def search_name(overrides: Sequence[str], seed: int, first: Mapping[str, str]) -> str:
    """A search's folder, after what the command line says of it: `SPACE-m-Compute_seed-0`.

    `first` are the keys whose values come first, with their defaults. Longer names are cut and end with a
    hash of the whole.
    """
    pairs = (override.lstrip("+~").partition("=") for override in overrides)
    given = {key: value for key, _, value in pairs if key in first or key.startswith(("nas_", "darts."))}
    rest = {key: value for key, value in sorted(given.items()) if key not in (*first, *_UNNAMED)}
    words = "".join(f"_{_slug(key)}-{_slug(value)}" for key, value in rest.items())
    name = "-".join(_slug(given.get(key, value)) for key, value in first.items()) + words + f"_seed-{seed}"
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _slug(text: str) -> str:
    bare = text.removeprefix("nas_").removeprefix("darts.").strip("'\"[]{}() ")
    return re.sub(r"[^A-Za-z0-9.+_-]", "-", bare)


def _value(overrides: Sequence[str], key: str) -> str:
    given = [override.partition("=")[2] for override in overrides if override.startswith(f"{key}=")]
    return given[-1].strip("'")


def _key(job: Sequence[str], folder: Path) -> str:
    """The same for trainings that would be the same run."""
    found = Record.read(folder / FILE_NAMES["search"])
    others = [o for o in job if not o.startswith(("nas_", "genotype=", "init_from="))]
    own = [o for o in job if o.startswith("init_from=")]
    return json.dumps([found.search["genotype"], others, own], sort_keys=True)
