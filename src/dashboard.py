"""Optuna's dashboard of a study's trials: `python src/dashboard.py study=mine`, then http://127.0.0.1:8080."""

from voxnas.utils import interrupt

interrupt.until_started()

from pathlib import Path

from omegaconf import DictConfig

from voxnas.search.dashboard import database_of, serve
from voxnas.utils.app import hydra_app


@hydra_app("dashboard")
def main(cfg: DictConfig) -> None:
    """Serve it until Ctrl-C."""
    serve(cfg.storage or database_of(Path(cfg.paths.log_dir) / "nas", cfg.study), cfg.port)


if __name__ == "__main__":
    main()
