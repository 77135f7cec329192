"""Write an aligned, level-normalised copy of recordings.

`python src/normalize_pair.py input=dry.wav target=wet.wav output_dir=out`
"""

from voxnas.utils import interrupt

interrupt.until_started()

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app
from voxnas.utils.tool import call_tool


@hydra_app("normalize_pair")
def main(cfg: DictConfig) -> None:
    """Call the tool that the config names."""
    call_tool(cfg)


if __name__ == "__main__":
    main()
