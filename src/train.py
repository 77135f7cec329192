"""Train one candidate, or with `-m` sweep over many.

python src/train.py model=standard data=amp_pair data.input=dry.wav data.target=amp.wav
python src/train.py -m search=phase1 space=poc study=mine
"""

import gc
import logging
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from voxnas.callbacks.progress import announce, announce_search
from voxnas.records.claim import ClaimLost
from voxnas.records.record import Record
from voxnas.records.run_folder import exclusive
from voxnas.records.search_record import SearchRecord
from voxnas.search.objectives import parse_objectives
from voxnas.tasks.candidate import train_candidate
from voxnas.tasks.darts import search_genotype
from voxnas.utils.app import RunError, hydra_app, quiet_libraries
from voxnas.utils.errors import InputError

TASKS = {"train": train_candidate, "darts": search_genotype}

log = logging.getLogger("voxnas")


@hydra_app("train")
def main(cfg: DictConfig) -> float | tuple[float, ...]:
    """Run the task unless it is finished; return the objectives that `cfg.objectives` names."""
    quiet_libraries()
    objectives = parse_objectives(cfg.objectives)
    if cfg.task not in TASKS:
        raise InputError(f"unknown task {cfg.task!r}: {' or '.join(TASKS)}")
    record, note = in_its_folder(cfg)
    if isinstance(record, Record):
        announce(record, HydraConfig.get().job.get("num", 0), note)
    else:
        announce_search(record, note)
    if record.status == "failed":
        raise RunError(f"{record.candidate}: {record.reason}")
    gc.collect()  # a sweep goes on in this process
    values = tuple(figure(record, objective.name) for objective in objectives)
    return values if len(values) > 1 else values[0]


def in_its_folder(cfg: DictConfig) -> tuple[Record | SearchRecord, str]:
    """Run the task while no other process works in its folder."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    sweeping = HydraConfig.get().mode == RunMode.MULTIRUN
    try:
        with exclusive(folder, not sweeping, cfg.stale_after_s) as claim:  # a sweep comes back to it
            return TASKS[cfg.task](cfg, folder, claim)
    except ClaimLost as lost:
        if sweeping:  # which goes on without a word
            log.warning("%s", lost)
        raise


def figure(record: Record | SearchRecord, name: str) -> float:
    """A column of the record; infinite where it has none."""
    value = getattr(record, name, None)
    return float("inf") if value is None else float(value)


if __name__ == "__main__":
    main()
