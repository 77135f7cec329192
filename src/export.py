"""Write a run or a model in a format that plug-ins and other programs read."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("on_model/export", open_groups=["controls"])
def main(cfg: DictConfig) -> None:
    """`python src/export.py model=PATH format=FORMAT [output=PATH] [metadata.name="My model"]`."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
