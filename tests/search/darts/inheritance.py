"""A network of cells with the weights that its operations have in the network that holds all choices."""

import torch
from torch import Tensor, nn

from voxnas.models.cells.layout import edge_operation
from voxnas.models.cells.net import CellNet
from voxnas.models.cells.operations import Unit
from voxnas.search.darts.cells import CellSuperNet
from voxnas.search.darts.mixed_cell import Bundle, MixedCell


def copy_weights(supernet: CellSuperNet, network: CellNet) -> None:
    """Give a network of this space the weights and running figures that its operations have there."""
    given = {name: _figures(unit) for name, unit in supernet.units.items()}
    for cell in supernet.cells.values():
        assert isinstance(cell, MixedCell)
        kind = "reduction" if cell.place.reduces else "normal"
        for node, node_edges in enumerate(getattr(network.genotype, kind)):
            for number, edge in enumerate(node_edges):
                if edge_operation(edge.op, edge.source, cell.place).has_weights:
                    name = f"cell{cell.place.index}_node{node}_edge{number}"
                    given[name] = _of_edge(cell, node, edge.source, edge.op)
    with torch.no_grad():
        for name, unit in network.units.items():
            for tensor, values in zip(_figures(unit), given[name], strict=True):
                tensor.copy_(values)


def _figures(unit: nn.Module) -> tuple[Tensor, ...]:
    """A unit's weight, and its bias or what its batch norm has seen."""
    assert isinstance(unit, Unit)
    if unit.operation.norm:
        return unit.weight, unit.mean, unit.variance
    assert unit.bias is not None
    return unit.weight, unit.bias


def _of_edge(cell: MixedCell, node: int, source: int, op: str) -> tuple[Tensor, Tensor, Tensor]:
    """Weight, mean and variance of a convolution on one edge."""
    bundle = (cell.skips if op == "skip_connect" else cell.convolutions)[source]
    assert isinstance(bundle, Bundle)
    option = [operation.op for operation in bundle.operations].index(op)
    size = bundle.longest.channels
    first = list(cell.takers(source)).index(node) * size
    figures = slice(option * bundle.nodes * size + first, option * bundle.nodes * size + first + size)
    return bundle.weights[option][first : first + size], bundle.mean[figures], bundle.variance[figures]
