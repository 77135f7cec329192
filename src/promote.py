"""Promote the best candidates of one rung to the next: `python src/promote.py study=mine keep=0.5`."""

from voxnas.utils import interrupt

interrupt.until_started()

from pathlib import Path

from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict

from voxnas.problems.find import problem_config
from voxnas.records.claim import in_turn
from voxnas.records.record import Record
from voxnas.search.parts import make_part
from voxnas.search.selection.candidates import best, read_rung, write_candidates
from voxnas.utils.app import hydra_app


@hydra_app("promote")
def main(cfg: DictConfig) -> None:
    """Write the survivors as configs of the group `candidate`, which the next rung sweeps over."""
    logs = Path(cfg.paths.log_dir)
    records = read_rung(logs / "nas" / cfg.study / cfg.from_rung)
    if cfg.get("problem") is None:
        with open_dict(cfg):
            cfg.problem = problem_config(next(iter(records.values())).problem or cfg.fallback_problem)
    survivors = best(records, make_part("selection", cfg.selection, cfg), cfg.keep)
    group = logs / "promoted" / "candidate" / cfg.study / cfg.to_rung
    with in_turn(group):  # each of several processes on the study comes to the same
        write_candidates(survivors, group)
    finished = sum(record.status == "ok" for record in records.values())
    print(f"promoted {len(survivors)} of {finished} candidates from {cfg.from_rung} to {cfg.to_rung}:")
    score = instantiate(cfg.problem).score
    for run in survivors:
        record: Record = records[run]
        print(f"  {record.candidate}  {score.name} {record.value('score'):.3g}")


if __name__ == "__main__":
    main()
