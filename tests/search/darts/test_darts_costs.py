"""What operations cost, and that what was measured is kept."""

import json

import pytest

from voxnas.models.genotype import LayerChoice, WaveNetGenotype
from voxnas.search.darts.costs import check_mode, measured_costs, price_of
from voxnas.search.darts.pricing import operation_costs
from voxnas.search.darts.wavenet import WaveNetSuperNet
from voxnas.search.darts.wavenet_costs import measure_wavenet_operations
from voxnas.search.darts.wavenet_operations import WaveNetOperation
from voxnas.utils.errors import InputError


def operation(kernel_size: int) -> WaveNetOperation:
    return WaveNetOperation("layer", 4, kernel_size, "Tanh")


def test_an_unknown_mode_is_refused():
    with pytest.raises(InputError, match="nas_optimization_mode 'Speed'; one of Memory, Compute, CPU"):
        check_mode("Speed")
    with pytest.raises(InputError, match="wants a table"):
        price_of("CPU")


def test_what_is_known_is_not_measured_again(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    asked = []

    def measure(operations):
        asked.append([o.kernel_size for o in operations])
        return [float(o.kernel_size) for o in operations]

    first = measured_costs([operation(2), operation(3)], measure, "native")
    again = measured_costs([operation(3), operation(5)], measure, "native", tmp_path / "study" / "costs.json")
    assert asked == [[2, 3], [5]]
    assert {**first, **again} == {operation(k): float(k) for k in (2, 3, 5)}
    written = json.loads((tmp_path / "study" / "costs.json").read_text())
    assert written["us_per_block"] == {repr(operation(k)): float(k) for k in (3, 5)}
    assert written["cpu_model"]
    assert written["block_size"] == 64


def test_a_damaged_table_is_measured_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    measured_costs([operation(2)], lambda ops: [1.0] * len(ops), "native")
    (kept,) = (tmp_path / "voxnas").glob("operation-costs-*.json")
    for text in ("{", "[]", '{"us_per_block": {"a": "b"}}'):
        kept.write_text(text)
        assert measured_costs([operation(2)], lambda ops: [2.0] * len(ops), "native") == {operation(2): 2.0}


def test_layers_are_measured_in_stacks_and_wider_ones_cost_more():
    narrow, wide = WaveNetOperation("layer", 2, 2, "ReLU"), WaveNetOperation("layer", 32, 5, "Tanh", True)
    costs = measure_wavenet_operations([narrow, WaveNetOperation("ends", 2), wide])
    assert 0 < costs[0] < costs[2]
    assert 0 <= costs[1] < costs[2]


def test_every_operation_that_a_search_asks_for_has_a_measured_price(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    net = WaveNetSuperNet(2, (1, 2), (2, 3), (1, 2), ("Tanh",))
    monkeypatch.setattr(net, "measure_operations", lambda operations: [float(o.macs) for o in operations])
    price = price_of("CPU", operation_costs(net))
    genotype = WaveNetGenotype(2, (LayerChoice(3, 2, "Tanh", True),))
    net.set_one_hot(genotype)
    assert net.expected_cost(price).item() == net.network().macs_per_sample
