"""Check a recorded note before training on it: `python src/inspect_string.py input=take.wav`."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("inspect_string")
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names; exits with 2 if the recording cannot be trained on."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
