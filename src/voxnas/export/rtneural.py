"""RTNeural's JSON: layers that run one after the other, for plug-ins built on that library.

The file says neither what it is called nor at which sample rate it plays. RTNeural starts from zeros; a
network that is read starts, as all of ours, from the state that silence leaves.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxnas.export.files import CannotHold, refuse_controls, write_json
from voxnas.export.keras_chain import assemble
from voxnas.export.keras_layers import to_layers
from voxnas.export.keras_read import read_layers
from voxnas.export.weights import finite_weights
from voxnas.models.base import StreamingNetwork
from voxnas.models.recurrent import Recurrent


def write_rtneural(
    network: StreamingNetwork, path: str | Path, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write an LSTM, GRU, ConvNet or Linear and return the path; the rate and metadata have no place there.

    Raises:
        CannotHold: another network, one that adds its input to its output, an activation not known there.
        InputError: NaN weights, or the file cannot be written.
    """
    path = Path(path)
    refuse_controls(network, f"{path}: not written: an RTNeural file")
    if isinstance(network, Recurrent) and network.skip:
        raise CannotHold(
            f"{path}: not written: RTNeural has no skip from input to output; train with skip=false"
        )
    return write_json(layers_of(network, path), path)


def layers_of(network: StreamingNetwork, path: Path) -> dict[str, Any]:
    """The keys `in_shape` and `layers` of a file, whose path is for messages alone."""
    finite_weights(network, path)
    try:
        return {"in_shape": [None, None, 1 + network.num_controls], "layers": to_layers(network)}
    except CannotHold as error:
        raise CannotHold(f"{path}: not written: {error}") from error


def decode_rtneural(
    content: Mapping[str, Any], name: str
) -> tuple[StreamingNetwork, int | None, dict[str, Any]]:
    """The network of a file's content, no sample rate and no metadata; keys beside the layers do not count.

    Raises:
        InputError: naming the layer that is damaged or that none of our networks has.
    """
    return assemble(read_layers(content), name), None, {}
