"""Check recordings before training on them: `python src/inspect_pair.py input=dry.wav target=wet.wav`."""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("inspect_pair")
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names; exits with 1 if the recordings cannot be trained on."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
