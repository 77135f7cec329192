"""Train one candidate, or with `-m` sweep over many.

python src/train.py model=standard trainer.max_epochs=200
python src/train.py -m search=phase1 space=poc study=mine
"""

from voxnas.utils import interrupt

interrupt.until_started()

import gc
import logging
from collections.abc import Callable
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.callbacks.progress import announce
from voxnas.records.claim import ClaimLost
from voxnas.records.record import Record
from voxnas.records.run_folder import exclusive
from voxnas.search.objectives import configured_objectives
from voxnas.search.sweepers.base import sweep_start_ns
from voxnas.tasks.candidate import Candidate
from voxnas.tasks.job import Body, run_job
from voxnas.tasks.relaxed import RelaxedSearch
from voxnas.utils.app import RunError, hydra_app, quiet_libraries
from voxnas.utils.errors import InputError

TASKS: dict[str, Callable[[DictConfig], Body]] = {"train": Candidate, "darts": RelaxedSearch}

log = logging.getLogger("voxnas")


@hydra_app("train")
def main(cfg: DictConfig) -> float | tuple[float, ...]:
    """Run the task unless it is finished; return the objectives that `cfg.objectives` names."""
    quiet_libraries()
    objectives = configured_objectives(cfg)
    if cfg.task not in TASKS:
        raise InputError(f"unknown task {cfg.task!r}: {' or '.join(TASKS)}")
    record, note = run_exclusively(cfg)
    announce(record, HydraConfig.get().job.get("num", 0), instantiate(cfg.problem), note)
    if record.status == "failed":
        raise RunError(f"{record.candidate}: {record.reason}")
    gc.collect()  # a sweep goes on in this process
    values = tuple(value_or_infinity(record, objective.name) for objective in objectives)
    return values if len(values) > 1 else values[0]


def run_exclusively(cfg: DictConfig) -> tuple[Record, str]:
    """Run the task while no other process works in its folder."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    sweeping = HydraConfig.get().mode == RunMode.MULTIRUN
    try:
        with exclusive(folder, not sweeping, cfg.stale_after_s) as claim:  # a sweep comes back to it
            return run_job(TASKS[cfg.task](cfg), folder, claim, sweep_start_ns())
    except ClaimLost as lost:
        if sweeping:  # which goes on without a word
            log.warning("%s", lost)
        raise


def value_or_infinity(record: Record, name: str) -> float:
    """A figure of the record; infinite where it has none."""
    value = record.value(name)
    return float("inf") if value is None else float(value)


if __name__ == "__main__":
    main()
