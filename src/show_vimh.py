"""Look at a VIMH set and hear it: `python src/show_vimh.py folder=data/vimh-… form=png`."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("show_vimh")
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
