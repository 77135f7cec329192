"""Networks from the plain values that a record, a checkpoint or an export holds."""

from collections.abc import Mapping
from inspect import signature
from typing import Any, TypeVar

from voxnas.models.base import Network
from voxnas.models.cells.net import CellNet
from voxnas.models.conditioned_wavenet import ConditionedWaveNet
from voxnas.models.conv_net import ConvNet, Linear
from voxnas.models.lactose import Lactose
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.state_space import StateSpace
from voxnas.models.state_trajectory import StateTrajectory
from voxnas.models.strings.net import StringNet
from voxnas.models.tcn import TCN
from voxnas.models.transformer import Transformer
from voxnas.models.wavenet import WaveNet
from voxnas.utils.errors import InputError

N = TypeVar("N", bound=type[Network])

_FAMILIES: tuple[type[Network], ...] = (WaveNet, LSTM, GRU, TCN, ConvNet, Linear, CellNet)
_FAMILIES += (StateTrajectory, Lactose, Transformer, StateSpace, StringNet, ConditionedWaveNet)
CHOICES = {"backend", "conditioning"}  # that are named for any network, and count where it has several
TYPES = {family.__name__: family for family in _FAMILIES}


def register(network: N) -> N:
    """Have `build` know a class of networks by its name; a decorator for those that live elsewhere."""
    TYPES[network.__name__] = network
    return network


def build(architecture: Mapping[str, Any], **arguments: Any) -> Any:
    """Network that `Network.architecture` described, with fresh weights; InputError if it cannot be.

    `arguments` go before those in the description: another name, a backend, a conditioning unless it is None.
    """
    given = {key: value for key, value in arguments.items() if key != "conditioning" or value is not None}
    arguments = {**architecture, **given}
    kind = arguments.pop("type", None)
    if kind not in TYPES:
        raise InputError(f"unknown network type {kind!r}; known are {', '.join(TYPES)}")
    for choice in CHOICES - signature(TYPES[kind]).parameters.keys():
        arguments.pop(choice, None)  # there is but one
    try:
        return TYPES[kind](**arguments)
    except TypeError as error:
        raise InputError(f"{kind}: {error}") from error
