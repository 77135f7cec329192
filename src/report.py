"""Report on a study: `python src/report.py study=NAME`, or `results=PATH output_dir=PATH`."""

from voxnas.utils import interrupt

interrupt.until_started()

from functools import partial

from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.tasks.report import locate, look, make_report
from voxnas.utils.app import hydra_app


@hydra_app("report")
def main(cfg: DictConfig) -> None:
    """Collect, find the frontier, write the report, show the frontier."""
    source, output_dir = locate(cfg.study, cfg.results, cfg.output_dir, cfg.paths.log_dir)
    wanted = instantiate(cfg.problem) if "problem" in cfg else None
    look_at = partial(look, source, cfg.fallback_problem, wanted, cfg.objectives, cfg.options)
    make_report(source, output_dir, look_at, measure_again=cfg.rebenchmark)


if __name__ == "__main__":
    main()
