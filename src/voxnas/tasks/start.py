"""Weights that training starts from, of any file that we read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from voxnas.export.blank import shape_text
from voxnas.export.load import PREFIX, load_model
from voxnas.models.base import Network
from voxnas.models.build import build
from voxnas.training.run import load_checkpoint
from voxnas.utils.errors import InputError


def start_weights(path: str, network: Network) -> dict[str, Tensor]:
    """The network's weights by name, of a checkpoint, a run's folder or an exported model.

    Raises:
        InputError: a file that cannot be read, or of a network of another kind or shape.
    """
    file = Path(path).expanduser()
    weights, architecture = _of_checkpoint(file) if file.suffix == ".ckpt" else _of_model(file)
    _check_fits(file, weights, architecture, network)
    return network.as_own(weights, architecture)


def inherited_weights(path: str, network: Network) -> tuple[dict[str, Tensor], float]:
    """The network's weights, as many as may be from a run's best ones, and their share.

    Raises:
        InputError: weights that cannot be read, networks that have nothing in common.
    """
    file = Path(path).expanduser()
    weights, architecture = _of_checkpoint(file / "checkpoints" / "best.ckpt")
    try:
        return network.inherited(weights, architecture)
    except InputError as error:
        raise InputError(f"{file}: {error}") from error


def start_network(path: str, name: str, backend: str = "auto") -> Any:
    """Network of the file that training starts from, with fresh weights, for `start_weights` to fill.

    Raises:
        InputError: a file that cannot be read.
    """
    return build(load_model(path).network.architecture(), name=name, backend=backend)


def _of_checkpoint(file: Path) -> tuple[dict[str, Tensor], Mapping[str, Any]]:
    content = load_checkpoint(file)
    state = content.get("state_dict") if isinstance(content, dict) else None
    if not isinstance(state, dict):
        raise InputError(f"{file}: holds no network's weights")
    weights = {name.removeprefix(PREFIX): value for name, value in state.items() if name.startswith(PREFIX)}
    known = content.get("voxnas")
    architecture = known.get("architecture") if isinstance(known, dict) else None
    return weights, architecture if isinstance(architecture, dict) else {}


def _of_model(file: Path) -> tuple[dict[str, Tensor], Mapping[str, Any]]:
    network = load_model(file).network
    return network.state_dict(), network.architecture()


def _check_fits(
    file: Path, weights: Mapping[str, Tensor], architecture: Mapping[str, Any], network: Network
) -> None:
    kinds = str(architecture.get("type", type(network).__name__)), type(network).__name__
    if kinds[0] != kinds[1]:
        raise InputError(f"{file}: holds the weights of a {kinds[0]}, and a {kinds[1]} is to be trained")
    own = network.state_dict()
    names = {**own, **weights}
    shapes = {name: [getattr(of.get(name), "shape", None) for of in (weights, own)] for name in names}
    differing = [name for name, (there, here) in shapes.items() if there != here]
    if differing:
        there, here = map(shape_text, shapes[differing[0]])
        raise InputError(
            f"{file}: does not fit the network that is to be trained: {len(differing)} of {len(shapes)} "
            f"weights differ in shape, such as {differing[0]}: {there} there, {here} here"
        )
