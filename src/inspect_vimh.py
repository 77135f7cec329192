"""Check a VIMH set, and copy it: `python src/inspect_vimh.py folder=data/vimh-… copy_to=elsewhere/vimh-…`."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("inspect_vimh")
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names; exits with 2 where folder, JSON and bytes disagree."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
