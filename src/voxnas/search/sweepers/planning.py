"""The plan of a search that was given minutes: made by the first of its processes, for all to go by."""

import json
import logging
import statistics
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from voxnas.records.study import PLAN
from voxnas.search.selection.plan import Plan, Speed
from voxnas.search.selection.rungs import Rung
from voxnas.search.sources.base import Candidate, Task
from voxnas.search.sources.proposals import Proposal
from voxnas.search.sources.sampling import draw_sample
from voxnas.search.speed import epoch_seconds
from voxnas.utils.files import write_first, write_text

log = logging.getLogger(__name__)

SAMPLE = 3  # candidates whose speed is measured
RUN_S = 4.0  # of a run beside its epochs: data, measures and exports, see benchmarks/run_profile.py


def planned(
    task: Task, rungs: Sequence[Rung], guests: Sequence[Candidate], finals: int, minutes: float
) -> tuple[Task, list[Rung]]:
    """The search for so many minutes, as its task and rungs; its plan is kept in the study's folder.

    Args:
        task, rungs: the search as it is configured, of which the plan is a multiple.
        guests: candidates in any case.
        finals: how many runs these may take.
    """
    usual = Plan(task.total, tuple(rungs), len(guests), finals)
    key = task.identity({"minutes": minutes, "usual": asdict(usual), **task.limits})
    path = task.folder / f"plan-{key}.json"
    if not path.exists():
        speed = measured(task, [task.proposer.proposal(g.chosen, g.whole) for g in guests])
        write_first(path, _text(usual.within(60 * minutes, speed), speed))
    plan, speed = _read(path)
    write_text(task.folder / PLAN, f"Planned for {minutes:g} min: {plan.words(speed)}\n")
    log.info("%s", plan.words(speed))
    if plan.seconds(speed) > 60 * minutes:
        log.warning("%g min are not enough for the smallest search", minutes)
    first = plan.rungs[0]
    changed = replace(task, total=plan.candidates, overrides=tuple(first.overrides), epochs=first.epochs)
    return changed, list(plan.rungs)


def measured(task: Task, presets: Sequence[Proposal]) -> Speed:
    """The mean speed of a few candidates and of the presets."""
    log.info("measuring how fast this machine trains")
    tried = [*draw_sample(task.proposer, SAMPLE, task.seed, task.least_cost).kept, *presets]
    return Speed(statistics.fmean(epoch_seconds(each.config) for each in tried), RUN_S, task.side_by_side)


def _text(plan: Plan, speed: Speed) -> str:
    return json.dumps({"plan": asdict(plan), "speed": asdict(speed)}, indent=1)


def _read(path: Path) -> tuple[Plan, Speed]:
    content = json.loads(path.read_text(encoding="utf-8"))
    rungs = tuple(Rung(**rung) for rung in content["plan"].pop("rungs"))
    return Plan(rungs=rungs, **content["plan"]), Speed(**content["speed"])
