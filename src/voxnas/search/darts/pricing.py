"""The table of measured costs that a relaxed network's operations want."""

from pathlib import Path
from typing import Any

from voxnas.search.darts.costs import measured_costs
from voxnas.search.darts.supernet import SuperNet


def operation_costs(network: SuperNet, beside: Path | None = None) -> dict[Any, float]:
    """µs per block of 64 of every operation that the network asks the price of, on this machine's engine.

    Measured once and kept, see `measured_costs`; `beside` gets a copy.
    """
    asked: list[Any] = []

    def note(operation: Any) -> float:
        asked.append(operation)
        return 0.0

    network.expected_cost(note)
    operations = list(dict.fromkeys(asked))
    return measured_costs(operations, network.measure_operations, "native", beside)
