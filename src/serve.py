"""All studies in a browser of this machine: `python src/serve.py`, then http://127.0.0.1:8090."""

from voxnas.utils import interrupt

interrupt.until_started()

from pathlib import Path

from omegaconf import DictConfig

from voxnas.tasks.serve import serve
from voxnas.utils.app import hydra_app


@hydra_app("serve")
def main(cfg: DictConfig) -> None:
    """Serve them until Ctrl-C."""
    serve(Path(cfg.paths.log_dir), cfg.host, cfg.port, cfg.tensorboard_port, cfg.fallback_problem)


if __name__ == "__main__":
    main()
