"""A cell with every primitive on every edge, each as strong as its probability."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from voxnas.models.cells.layout import Place, edge_operation
from voxnas.models.cells.operations import EPSILON, MOMENTUM, Operation, convolve, crop, pool
from voxnas.models.genotype import INPUTS, PRIMITIVES

LARGEST = 7  # taps of a convolution
COLUMN = {op: column for column, op in enumerate(PRIMITIVES)}


def edges(nodes: int) -> list[tuple[int, int]]:
    """All `(node, source)` that a cell can have, as they are numbered in tables of choices."""
    return [(node, source) for node in range(nodes) for source in range(INPUTS + node)]


class Bundle(nn.Module):
    """Convolutions of one source that are computed as one, each with its probability as batch norm's scale.

    A probability is no less than 0, so that it may as well be multiplied before the ReLU. Kernels are padded
    with zeros to the longest.

    Args:
        operations: one per option, of the same stride and dilation.
        nodes: how many nodes want each of them.
    """

    def __init__(self, operations: list[Operation], nodes: int) -> None:
        super().__init__()
        self.operations, self.nodes = operations, nodes
        self.longest = max(operations, key=lambda operation: operation.kernel_size)
        channels = self.longest.channels
        shapes = [(nodes * channels, o.inputs, o.kernel_size) for o in operations]
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(shape)) for shape in shapes)
        for weight in self.weights:
            bound = (weight.shape[1] * weight.shape[2]) ** -0.5
            nn.init.uniform_(weight, -bound, bound)
        total = len(operations) * nodes * channels
        self.register_buffer("mean", torch.zeros(total))
        self.register_buffer("variance", torch.ones(total))
        self.register_buffer("zero", torch.zeros(total), persistent=False)

    mean: Tensor
    variance: Tensor
    zero: Tensor

    def forward(self, x: Tensor, probabilities: Tensor) -> Tensor:
        """`(batch, channels, 1, samples)` and `(options, nodes)` to `(batch, nodes * channels, 1, fewer)`."""
        size, options = self.longest.kernel_size, len(self.operations)
        weight = torch.cat([functional.pad(w, (size - w.shape[2], 0)) for w in self.weights])
        y = convolve(self.longest, x, weight, None)
        scale = probabilities.flatten().repeat_interleave(self.longest.channels)
        y = functional.batch_norm(
            y, self.mean, self.variance, scale, self.zero, self.training, MOMENTUM, EPSILON
        )
        y = functional.relu(y) if self.longest.relu else y
        # A sum over a view of the memory as it lies: gradients of slices would come in another layout.
        rows = y.permute(0, 2, 3, 1)
        return rows.unflatten(3, (options, -1)).sum(dim=3).permute(0, 3, 1, 2)


class MixedCell(nn.Module):
    """Every primitive on every edge from the cell's inputs and earlier nodes.

    Args:
        place: where it is.
        nodes: how many there are.
        fanout_concat: how many of them, the last ones, are its output.
    """

    mix: Tensor  # probabilities, (edges, primitives), set before each pass

    def __init__(self, place: Place, nodes: int, fanout_concat: int) -> None:
        super().__init__()
        self.place, self.nodes, self.fanout_concat = place, nodes, fanout_concat
        self.rows = {edge: row for row, edge in enumerate(edges(nodes))}
        sources = range(INPUTS + nodes - 1)
        self.convolutions = nn.ModuleList(
            Bundle([o for o in self.options(s) if o.op.startswith("conv")], len(self.takers(s)))
            for s in sources
        )
        strided = [[o for o in self.options(s) if o.op == "skip_connect" and o.has_weights] for s in sources]
        self.skips = nn.ModuleList(Bundle(o, len(self.takers(s))) for s, o in enumerate(strided) if o)

    def options(self, source: int) -> list[Operation]:
        """The primitives as they are applied to a source."""
        return [edge_operation(op, source, self.place) for op in PRIMITIVES]

    def takers(self, source: int) -> range:
        """The nodes that may take from a source."""
        return range(max(0, source - INPUTS + 1), self.nodes)

    @staticmethod
    def past_samples(place: Place, nodes: int) -> int:
        """Past that the largest cell needs, node after node, in samples of its inputs."""
        longest = [edge_operation(f"conv_bn_relu_{LARGEST}", s, place).past_samples for s in (0, INPUTS)]
        return longest[0] + (nodes - 1) * longest[1] * place.stride

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """The output's last sample is that of the inputs, or a strided cell's the last that there is."""
        signals, sums = [first, second], {node: [] for node in range(self.nodes)}  # type: ignore[var-annotated]
        for source in range(INPUTS + self.nodes - 1):
            if source >= INPUTS:
                signals.append(_total(sums[source - INPUTS]))
            for node, part in zip(self.takers(source), self._parts(source, signals[source]), strict=True):
                sums[node].append(part)
        outputs = [_total(parts) for parts in list(sums.values())[-self.fanout_concat :]]
        shortest = min(output.shape[-1] for output in outputs)
        return torch.cat([_last(output, shortest) for output in outputs], dim=1)

    def _parts(self, source: int, x: Tensor) -> Iterator[Tensor]:
        """The contribution of a source to each taker."""
        takers = self.takers(source)
        p = self.mix[[self.rows[node, source] for node in takers]].T  # (primitives, takers)
        convolutions = self.convolutions[source]
        assert isinstance(convolutions, Bundle)
        total = convolutions(x, p[[COLUMN[o.op] for o in convolutions.operations]])
        others = [self._linear(source, x, p), self._maximum(source, x, p)]
        if source < len(self.skips):
            odd = crop(x, 1, x.shape[-1])  # the other operations look back an even number of samples
            others.append(self.skips[source](odd, p[[COLUMN["skip_connect"]]]))
        for other in others:
            total = total + _last(other, total.shape[-1])
        return iter(total.chunk(len(takers), dim=1))

    def _linear(self, source: int, x: Tensor, p: Tensor) -> Tensor:
        """avg_pool_3, and skip_connect where it is the signal itself, as one convolution."""
        options = self.options(source)
        mean, skip = options[COLUMN["avg_pool_3"]], options[COLUMN["skip_connect"]]
        taps = p[COLUMN["avg_pool_3"]].unsqueeze(1).repeat(1, mean.kernel_size) / mean.kernel_size
        if not skip.has_weights:
            taps = taps + functional.pad(p[COLUMN["skip_connect"]].unsqueeze(1), (mean.kernel_size - 1, 0))
        return convolve(_as_conv(mean), x, _on_each_channel(taps, mean.channels), None)

    def _maximum(self, source: int, x: Tensor, p: Tensor) -> Tensor:
        maximum = self.options(source)[COLUMN["max_pool_3"]]
        weight = _on_each_channel(p[COLUMN["max_pool_3"]].unsqueeze(1), maximum.channels)
        return convolve(Operation("", "conv", 0, 0, 1), pool(maximum, x), weight, None)


def _as_conv(pooling: Operation) -> Operation:
    """Taps with weights of an operation."""
    size, dilation, stride = pooling.kernel_size, pooling.dilation, pooling.stride
    return Operation(pooling.op, "conv", 0, 0, pooling.rate, size, dilation, stride)


def _on_each_channel(taps: Tensor, channels: int) -> Tensor:
    """`(nodes, taps)` to the weight `(nodes * channels, channels, taps)` that treats all channels alike."""
    same = torch.eye(channels, dtype=taps.dtype, device=taps.device)
    return torch.einsum("nt,oi->noit", taps, same).flatten(0, 1)


def _last(x: Tensor, samples: int) -> Tensor:
    return crop(x, x.shape[-1] - samples, x.shape[-1])


def _total(parts: list[Tensor]) -> Tensor:
    """Sum of signals that end together, where all have samples."""
    shortest = min(part.shape[-1] for part in parts)
    total = _last(parts[0], shortest)
    for part in parts[1:]:
        total = total + _last(part, shortest)
    return total
