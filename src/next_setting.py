"""Propose the settings of knobs to record next: `python src/next_setting.py study=NAME`."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("next_setting")
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
