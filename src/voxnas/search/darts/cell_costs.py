"""µs per block of the operations of networks of cells, from programs of many copies of each."""

from collections.abc import Sequence

from voxnas.engine.step_costs import Form, step_costs
from voxnas.models.cells.operations import Operation
from voxnas.models.genotype import PRIMITIVES

EDGES = 2  # of a node, whose results are added in one pass


def measure_cell_operations(operations: Sequence[Operation], block_size: int = 64) -> list[float]:
    """Costs in µs per block, on an edge with half of the node's sum, which is all of a skip; none costs 0."""
    wanted = [form for operation in operations for form in _forms(operation)]
    forms = list(dict.fromkeys(wanted))
    costs = dict(zip(forms, step_costs(forms, block_size), strict=True)) if forms else {}
    return [
        max(0.0, sum(costs[form] / (EDGES if form.kind == "add" else 1) for form in _forms(operation)))
        for operation in operations
    ]


def _forms(operation: Operation) -> list[Form]:
    forms = []
    if operation.kind in ("conv", "avg_pool", "max_pool", "upsample"):
        shared = ("kind", "inputs", "channels", "rate", "kernel_size", "stride", "relu")
        forms.append(Form(**{name: getattr(operation, name) for name in shared}))
    if operation.op in PRIMITIVES and operation.kind != "none":
        forms.append(Form("add", operation.channels, operation.channels, operation.rate))
    return forms
