"""Write the recordings that the project makes itself, and a picture of them: `python src/make_demo.py`."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("make_demo")
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
