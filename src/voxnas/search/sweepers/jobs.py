"""The jobs of a ladder: the overrides of a candidate's run on each rung, and in the finals."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from voxnas.search.selection.rungs import Rung
from voxnas.search.sources.base import Candidate
from voxnas.search.sources.proposals import Proposer, is_of_the_model
from voxnas.search.sweepers.finals import RUNG as FINAL
from voxnas.search.sweepers.runner import Job
from voxnas.utils.arguments import quoted

OF_ONE = ("seed", "name")  # what each run of the finals has of its own


@dataclass(frozen=True)
class Jobs:
    """A function that makes the job of a run.

    Args:
        first: makes the job of a candidate of the first rung.
        promoted: makes that of one which was promoted to a rung, by the name of its config.
        final: makes that of one which came to the last rung, afresh with a seed.
        group: of the configs of those promoted to a rung.
    """

    first: Callable[[Candidate], Job]
    promoted: Callable[[int, str], Job]
    final: Callable[[str, int], Job]
    group: Callable[[int], Path]


def jobs_of(
    proposer: Proposer,
    rungs: Sequence[Rung],
    of_first: Sequence[str],
    study: str,
    promoted: Path,
    first_runs: Path,
) -> Jobs:
    """The jobs of a study.

    Args:
        of_first: overrides of every run on the first rung.
        first_runs: the folder of these runs.
        promoted: the folder of the groups `candidate/<study>/<rung>`.
    """
    shared = [o for o in proposer.flat.fixed if not _is_of_the_candidate(o)]
    last = rungs[-1]

    def promoted_to(rung: Rung, name: str) -> list[str]:
        return [f"candidate={study}/{rung.name}/{name}", *shared]

    return Jobs(
        first=lambda candidate: [
            *proposer.job(candidate.chosen, candidate.whole),
            *of_first,
            *([f"inherit_from={quoted(str(first_runs / candidate.parent))}"] if candidate.parent else []),
        ],
        promoted=lambda rung, name: [*promoted_to(rungs[rung], name), *rungs[rung].overrides],
        final=lambda name, seed: [
            *(o for o in promoted_to(last, name) if o.lstrip("+").split("=", 1)[0] not in OF_ONE),
            *Rung(FINAL, last.epochs, None).overrides,
            "init_from=null",
            f"seed={seed}",
        ],
        group=lambda rung: promoted / "candidate" / study / rungs[rung].name,
    )


def _is_of_the_candidate(override: str) -> bool:
    """A predicate of overrides: those that a promoted candidate brings along, or that belong to its space."""
    key = override.lstrip("+~").split("=", 1)[0]
    return key in ("space", "candidate") or is_of_the_model(override)
