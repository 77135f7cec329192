"""Preview a space: each candidate's latency, size and cost, kept or rejected. Trains nothing."""

from voxnas.utils import interrupt

interrupt.until_started()

import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from rich.console import Console

from voxnas.search.preview import cost_title, preview, summary, table
from voxnas.search.space import compose_candidates, expand
from voxnas.search.spaces.sample import sample
from voxnas.utils.app import hydra_app
from voxnas.utils.errors import InputError

OWN = ("output_dir=", "samples=", "measure=")


@hydra_app("space")
def main(cfg: DictConfig) -> None:
    """Print the table; with `output_dir=` the kept candidates are written there as configs."""
    hydra = HydraConfig.get()
    space = hydra.runtime.choices.get("space")
    if space is None:
        raise InputError(
            "name a space: python src/space.py space=poc (or focused, conservative, vst, mobile, plugin, …)"
        )
    overrides = [o for o in hydra.overrides.task if not o.startswith(OWN)]
    proposing = instantiate(hydra.sweeper.get("space"))
    if proposing is None:
        points = expand(hydra.sweeper.params, overrides)
    else:
        points = [[*proposal, *overrides] for proposal in sample(proposing, cfg.samples, cfg.seed)]
    configs = compose_candidates("train", points)
    candidates = preview(configs, cfg.measure)
    problem = instantiate(cfg.problem)
    Console(width=None if sys.stdout.isatty() else 160).print(
        table(candidates, f"space {space}", problem, cost_title(cfg, problem))
    )
    if proposing is not None:
        print(summary(candidates, getattr(proposing, "size", None)))
    if cfg.output_dir:
        for candidate, config in zip(candidates, configs, strict=True):
            if candidate.rejected is None:
                _write(Path(cfg.output_dir) / f"{candidate.name}.yaml", config.model)


def _write(path: Path, model: DictConfig) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OmegaConf.to_yaml(model, resolve=False), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
