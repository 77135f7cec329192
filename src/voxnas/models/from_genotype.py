"""Factory of networks from genotypes, ready to be trained."""

from pathlib import Path

from voxnas.models.base import StreamingNetwork
from voxnas.models.cells.net import CellNet
from voxnas.models.genotype import CellGenotype, Genotype, as_values, read_genotype
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet
from voxnas.utils.names import genotype_name


def network_of(genotype: Genotype, name: str | None = None, backend: str = "auto") -> StreamingNetwork:
    """A network with fresh weights.

    Args:
        genotype: of either kind.
        name: a readable name; None for one after the genotype.
        backend: of a WaveNet, see there.
    """
    name = name or genotype_name(as_values(genotype))
    if isinstance(genotype, CellGenotype):
        return CellNet(genotype, name)
    layers = genotype.layers
    array = LayerArray.of(
        channels=genotype.channels,
        dilations=[layer.dilation for layer in layers],
        kernel_size=[layer.kernel_size for layer in layers],
        activation=[layer.activation for layer in layers],
        gating=["gated" if layer.gated else "none" for layer in layers],
        head_kernel_size=genotype.head_kernel_size,
    )
    return WaveNet([array], genotype.head_scale, name, backend)


def from_genotype(genotype: str | Path, name: str | None = None, backend: str = "auto") -> StreamingNetwork:
    """The network of a genotype's file; see `network_of`. Raises InputError that names the file."""
    return network_of(read_genotype(Path(genotype).expanduser()), name, backend)
