"""The relaxed network that a config asks for."""

from hydra.utils import instantiate
from omegaconf import DictConfig

from voxnas.search.darts.costs import check_mode
from voxnas.search.darts.supernet import SuperNet
from voxnas.utils.errors import InputError

GENOTYPE = "genotype.json"  # in a search's folder, and the best in the study's
WEIGHTS = "network.ckpt"  # those of the genotype's network, where the space has them


def relaxed_network(cfg: DictConfig) -> SuperNet:
    """The relaxed network of a config. Raises InputError on settings that cannot be, before data is read."""
    if "darts" not in cfg or "network" not in cfg.darts:
        raise InputError("a differentiable search wants a space of its own: space=darts_wavenet or darts_cnn")
    check_mode(cfg.nas_optimization_mode)
    if not cfg.nas_penalty >= 0:
        raise InputError(f"nas_penalty={cfg.nas_penalty}: give 0 or more")
    if len(cfg.nas_temperature) != 2 or not all(t > 0 for t in cfg.nas_temperature):
        raise InputError(f"nas_temperature={list(cfg.nas_temperature)}: give the first and the last, above 0")
    network: SuperNet = instantiate(cfg.darts.network, _convert_="all")
    return network
