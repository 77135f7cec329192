"""The space of networks of cells, all at once: what a differentiable search trains.

After H. Liu, K. Simonyan, Y. Yang (2019), "DARTS: Differentiable Architecture Search": one table of choices
per kind of cell, which all cells of the kind share.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from voxnas.models.cells.layout import Layout, Part, Place, edge_operation, places, stack
from voxnas.models.cells.offline import Offline
from voxnas.models.cells.operations import Operation, Unit
from voxnas.models.cells.reach import delay_samples, receptive_field
from voxnas.models.cells.sizes import Size, default_dilations
from voxnas.models.genotype import INPUTS, PRIMITIVES, Cell, CellGenotype, Edge, Genotype
from voxnas.search.darts.cell_costs import measure_cell_operations
from voxnas.search.darts.mixed_cell import COLUMN, MixedCell, edges
from voxnas.search.darts.supernet import Choices, Price, SuperNet
from voxnas.utils.errors import InputError

KEPT = 2  # edges of each node
KINDS = ("normal", "reduction")


class CellSuperNet(SuperNet):
    """A stack of cells with every primitive on every edge; all else is as in `CellNet`.

    Args:
        dilations: one per cell, in samples of the cell's own rate.
        nodes: of each cell.
        init_channels, channel_multiplier, fanout_concat: as of `CellGenotype`.

    `skip_dropout` is the probability with which a skip_connect is left out of a training step, on each edge;
    without it they crowd out what takes longer to learn. Lower it as the search goes on.

    Raises:
        InputError: sizes that cannot be; see `CellGenotype`.
    """

    skip_dropout: float = 0.0

    def __init__(
        self,
        dilations: Sequence[int],
        nodes: int = 4,
        init_channels: int = 1,
        channel_multiplier: int = 3,
        fanout_concat: int = 4,
    ) -> None:
        super().__init__()
        cell = ((Edge("skip_connect", 0),),) * nodes
        sizes = (init_channels, channel_multiplier, fanout_concat)
        self.shape = CellGenotype(cell, cell, tuple(dilations), *sizes)
        self.nodes, self.edges = nodes, edges(nodes)
        rows = [f"node {node} from {_name(source)}" for node, source in self.edges]
        self.choices = nn.ModuleDict({kind: Choices(rows, PRIMITIVES) for kind in KINDS})
        self.parts = stack(self.shape, self._add_cell)
        self.receptive_field, self.delay_samples = receptive_field(self.parts), delay_samples(self.parts)
        self._offline, self._places = Offline(self.parts), places(self.shape)
        self.units = nn.ModuleDict({p.name: Unit(p.operation, affine=False) for p in self._weighted()})
        self.cells = nn.ModuleDict(
            {f"cell{place.index}": MixedCell(place, nodes, fanout_concat) for place in self._places}
        )

    @classmethod
    def of(cls, size: Size) -> "CellSuperNet":
        """The network of a size, with dilations that suit the number of layers."""
        return cls(
            default_dilations(size.layers),
            size.nodes,
            size.init_channels,
            size.channel_multiplier,
            size.fanout_concat,
        )

    def _add_cell(self, layout: Layout, place: Place, sources: list[int]) -> int:
        past, channels = MixedCell.past_samples(place, self.nodes), place.channels
        outputs = self.shape.fanout_concat * channels
        cell = Operation("cell", "cell", channels, outputs, place.rate, past + 1, 1, place.stride)
        return layout.add(f"cell{place.index}", cell, *sources)

    def _weighted(self) -> list[Part]:
        return [part for part in self.parts if part.operation.has_weights]

    def forward(self, x: Tensor) -> Tensor:
        mixes = {kind: self._mix(kind) for kind in KINDS}
        for cell in self._cells():
            cell.mix = mixes[_kind(cell.place)]
        return self._offline(x, {**dict(self.units.items()), **dict(self.cells.items())})

    def _cells(self) -> list[MixedCell]:
        return [cell for cell in self.cells.values() if isinstance(cell, MixedCell)]

    def _table(self, kind: str) -> Choices:
        table = self.choices[kind]
        assert isinstance(table, Choices)
        return table

    def _mix(self, kind: str) -> Tensor:
        """The probabilities `(edges, primitives)`, with some of skip_connect's left out in training."""
        probabilities = self._table(kind).probabilities(self.temperature)
        if not self.training or not self.skip_dropout:
            return probabilities
        kept = torch.ones_like(probabilities)
        column = kept[:, COLUMN["skip_connect"]]
        column.bernoulli_(1 - self.skip_dropout).div_(1 - self.skip_dropout)
        return probabilities * kept

    def genotype(self) -> CellGenotype:
        """The two edges of each node whose strongest operation other than none is strongest."""
        normal, reduction = (self._strongest(kind) for kind in KINDS)
        return replace(self.shape, normal=normal, reduction=reduction)

    def _strongest(self, kind: str) -> Cell:
        probabilities = self._table(kind).probabilities().detach().clone()
        probabilities[:, COLUMN["none"]] = -1
        strength, best = (values.tolist() for values in probabilities.max(dim=1))
        cell = []
        for node in range(self.nodes):
            rows = [row for row, edge in enumerate(self.edges) if edge[0] == node]
            kept = sorted(sorted(rows, key=lambda row: -strength[row])[:KEPT])
            cell.append(tuple(Edge(PRIMITIVES[best[row]], self.edges[row][1]) for row in kept))
        return tuple(cell)

    def set_one_hot(self, genotype: Genotype) -> None:
        """Raise InputError on a genotype that is not within this network."""
        if not isinstance(genotype, CellGenotype) or _sizes(genotype) != _sizes(self.shape):
            raise InputError("genotype: not of the sizes of this search")
        for kind in KINDS:
            picks = [COLUMN["none"]] * len(self.edges)
            for node, node_edges in enumerate(getattr(genotype, kind)):
                for edge in node_edges:
                    row = self.edges.index((node, edge.source))
                    if picks[row] != COLUMN["none"]:
                        raise InputError(f"genotype: node {node} takes from source {edge.source} twice")
                    picks[row] = COLUMN[edge.op]
            self._table(kind).set_one_hot(picks)

    def measure_operations(self, operations: Sequence[Operation]) -> list[float]:
        return measure_cell_operations(operations)

    def expected_cost(self, price: Price) -> Tensor:
        """Expected cost as of `SuperNet`; `price` takes an `Operation`. Sums and concatenations are free.

        What nothing uses costs nothing, as `CellNet` leaves it out. How probable it is that something is used
        is worked out as if its users were chosen independently of each other.
        """
        probabilities = {kind: self._table(kind).probabilities(self.temperature).double() for kind in KINDS}
        unused: list[Tensor] = [torch.ones((), dtype=torch.float64)] * len(self.parts)
        unused.append(torch.zeros((), dtype=torch.float64))
        total = torch.zeros((), dtype=torch.float64)
        for number in range(len(self.parts), 0, -1):
            part, used = self.parts[number - 1], 1 - unused[number]
            uses = [used] * len(part.inputs)
            if part.operation.kind == "cell":
                place = self._places[int(part.name.removeprefix("cell"))]
                cost, uses = self._cell_cost(price, place, probabilities[_kind(place)], used)
                total = total + cost
            elif part.operation.has_weights:
                total = total + used * price(part.operation)
            for signal, use in zip(part.inputs, uses, strict=True):
                unused[signal] = unused[signal] * (1 - use)
        return total

    def _cell_cost(self, price: Price, place: Place, p: Tensor, used: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Cost of a cell, and the probability that it uses each of its inputs."""
        last = self.nodes - self.shape.fanout_concat  # the first node that is a part of the output
        uses: list[Tensor] = [0 * used] * (INPUTS + last) + [used] * (self.nodes - last)
        costs = self._costs(price, place, p)
        total = 0 * used
        for row in range(len(self.edges) - 1, -1, -1):
            node, source = self.edges[row]
            taker = uses[INPUTS + node]
            total = total + taker * costs[row]
            use = taker * (1 - p[row, COLUMN["none"]])
            if source == 0:  # a node of nothing but none is silence made of the first input
                own = [r for r, edge in enumerate(self.edges) if edge[0] == node]
                use = 1 - (1 - use) * (1 - taker * p[own, COLUMN["none"]].prod())
            uses[source] = 1 - (1 - uses[source]) * (1 - use)
        return total, uses[:INPUTS]

    def _costs(self, price: Price, place: Place, p: Tensor) -> list[Tensor]:
        """The mean cost of each edge that is used."""
        options = [[edge_operation(op, source, place) for op in PRIMITIVES] for _, source in self.edges]
        prices = [[0.0 if o.kind == "none" else price(o) for o in row] for row in options]
        return list((p * p.new_tensor(prices)).sum(dim=1))


def _kind(place: Place) -> str:
    return "reduction" if place.reduces else "normal"


def _name(source: int) -> str:
    return (
        ("the cell before the last", "the last cell")[source]
        if source < INPUTS
        else f"node {source - INPUTS}"
    )


def _sizes(genotype: CellGenotype) -> tuple[object, ...]:
    sizes = (genotype.init_channels, genotype.channel_multiplier, genotype.fanout_concat)
    return (len(genotype.normal), genotype.dilations, *sizes)
