"""`search=ladder`: successive halving over any number of rungs and objectives."""

import json
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from hydra.core.hydra_config import HydraConfig

from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.search.describe import sweep_identity
from voxnas.search.ladder import Rung, climbers, make_rungs
from voxnas.search.objectives import figures, parse_objectives
from voxnas.search.promotion import write_candidates
from voxnas.search.proposals import Proposer
from voxnas.search.sampling import Sample, draw_sample
from voxnas.search.sweepers.base import Outcome
from voxnas.search.sweepers.optuna import OptunaSweeper, numbered
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

log = logging.getLogger(__name__)

SOURCES = ("random", "grid", "optuna")


class LadderSweeper(OptunaSweeper):
    """All candidates briefly, the best of them for longer, from the weights they have.

    Who is tried is drawn once and written down; who climbs follows from the records of those. So processes
    that work on one study at the same time agree, and running again goes on where the last one was cut.

    Args:
        rungs: epochs that each rung adds; each has a learning-rate schedule of its own.
        keep: see `make_rungs`.
        source: "random" draws `n_trials` candidates, "grid" takes all, "optuna" lets its sampler propose
            so many from how those before did on the first rung.
        settings: see `OptunaSweeper`.
    """

    def __init__(
        self, rungs: Sequence[int], keep: float | Sequence[float], source: str = "random", **settings: Any
    ) -> None:
        super().__init__(**settings)
        self.rungs, self.keep, self.source = rungs, keep, source

    def search(self, arguments: list[str]) -> list[Outcome]:
        HydraConfig.instance().set_config(self.config)
        rungs = make_rungs(_plain(self.rungs), _plain(self.keep))
        objectives = parse_objectives(self.names)
        self._check(arguments)
        proposer = self._proposer(arguments)
        outcomes = reached = self._first_rung(rungs[0], proposer, arguments)
        for below, rung in pairwise(rungs):
            records = {o.folder: o.record for o in reached if o.folder is not None and o.record is not None}
            climbing = select(records, below, objectives)
            reached = self._climb(climbing, len(reached), rung, proposer)
            outcomes = outcomes + reached
        return outcomes

    def _check(self, arguments: Sequence[str]) -> None:
        if self.source not in SOURCES:
            raise InputError(f"search.source={self.source}: one of {', '.join(SOURCES)}")
        if any(argument.lstrip("+").startswith("trainer.max_epochs=") for argument in arguments):
            raise InputError(
                "trainer.max_epochs: the epochs of a ladder are those of its rungs, search.rungs"
            )
        if self.params is None and self.space is None and not any("," in a for a in arguments):
            raise InputError("what is to be searched? Name a space, such as space=plugin")

    def _first_rung(self, rung: Rung, proposer: Proposer, arguments: Sequence[str]) -> list[Outcome]:
        if self.source == "optuna":
            return self._search_trials(proposer, arguments, _of(rung))
        chosen = self._candidates(proposer, arguments)
        return self._train([proposer.job(c) for c in chosen], rung)

    def _candidates(self, proposer: Proposer, arguments: Sequence[str]) -> list[list[str]]:
        """Drawn by whichever process is first: a cost that is measured may let a candidate in here only."""
        settings = {"params": self.params, "space": self.space, "source": self.source, "n": self._total()}
        settings |= self._limits()
        key = sweep_identity(self.config, settings, arguments)
        path = Path(self.config.hydra.sweep.dir) / f"candidates-{key}.json"
        if not path.exists():
            if self.source == "grid":
                found = [list(point.chosen) for point in proposer.grid()]
            else:
                sample = self._sample(proposer)
                log.info("%s", sample)
                found = [list(proposal.chosen) for proposal in sample.kept]
            _write_first(path, found)
        candidates: list[list[str]] = json.loads(path.read_text(encoding="utf-8"))
        return candidates

    def _limits(self) -> Mapping[str, Any]:
        """What else decides who is drawn."""
        return {}

    def _sample(self, proposer: Proposer) -> Sample:
        return draw_sample(proposer, self._total(), self.seed)

    def _climb(self, climbing: Sequence[Path], before: int, rung: Rung, proposer: Proposer) -> list[Outcome]:
        study = str(self.config.study)
        group = Path(self.config.paths.log_dir) / "promoted" / "candidate" / study / rung.name
        configs = write_candidates(climbing, group)
        log.info("%d of %d candidates climb to %s: %d epochs", len(configs), before, rung.name, rung.epochs)
        shared = [o for o in proposer.flat.fixed if not _is_of_the_candidate(o)]
        jobs = [[f"candidate={study}/{rung.name}/{path.stem}", *shared] for path in configs]
        return self._train(jobs, rung)

    def _train(self, jobs: Sequence[Sequence[str]], rung: Rung) -> list[Outcome]:
        self._jobs = 0
        return self.launch(numbered([[*job, *_of(rung)] for job in jobs], len(jobs)))


def select(records: Mapping[Path, Record], rung: Rung, objectives: Sequence[Objective]) -> list[Path]:
    """The runs whose candidates climb, by the name of their folders where nothing else tells them apart.

    Raises InputError if none has finished with every objective.
    """
    runs = sorted(records)
    missing = [np.nan] * len(objectives)
    values = np.array([figures(records[run], objectives) or missing for run in runs], dtype=float)
    rows = climbers(values.reshape(-1, len(objectives)), rung, [o.direction for o in objectives])
    if not rows:
        states = ", ".join(sorted({record.status for record in records.values()})) or "nothing was run"
        names = ", ".join(objective.name for objective in objectives)
        raise InputError(f"{rung.name}: no candidate finished with {names} ({states}): nobody climbs")
    return [runs[row] for row in rows]


def _of(rung: Rung) -> list[str]:
    return [f"rung={rung.name}", f"trainer.max_epochs={rung.epochs}"]


def _is_of_the_candidate(override: str) -> bool:
    """What a promoted candidate brings along, or what belongs to the space that it came from."""
    key = override.lstrip("+~").split("=", 1)[0]
    return key in ("model", "space", "candidate") or (key.startswith("model.") and key != "model.backend")


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | float | str) else list(value)


def _write_first(path: Path, candidates: list[list[str]]) -> None:
    """Write the list unless another process was first."""
    own = path.with_name(f".{path.stem}-{socket.gethostname()}-{os.getpid()}{path.suffix}")
    write_text(own, json.dumps(candidates, indent=1))
    try:
        os.link(own, path)
    except FileExistsError:
        pass
    except OSError:  # a file system without links
        os.replace(own, path)
    finally:
        own.unlink(missing_ok=True)
