"""Judge a run or an exported model on recordings: `python src/eval.py model=PATH input=… target=…`."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("on_model/eval", open_groups=["controls"])
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
