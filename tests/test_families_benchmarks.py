"""The benchmarks of families: the function that LACTOSE is shown on, what is drawn and tried, the figures."""

import families
import lactose
import pytest
import recipes
import torch
import transformer
from rich.console import Console

from voxnas.models.base import StreamingNetwork

ROW = {
    **{"pair": "amp", "family": "lstm", "within": 0.003, "name": "lstm-l1-h8", "score": [0.1, 0.3]},
    **{"test_esr": [0.2, 0.4], "parameters": 361, "macs_per_sample": 296, "cost": 0.002, "latency_ms": 0.02},
    "train_seconds": 9.0,
}


def test_the_function_joins_its_five_pieces():
    bounds = torch.tensor([-0.5, -0.25, 0.25, 0.5])
    torch.testing.assert_close(lactose.curve(bounds), torch.tensor([-0.375, -0.25, 0.25, 0.375]))
    torch.testing.assert_close(lactose.curve(torch.tensor([-1.0, 0.1, 1.0])), torch.tensor([-0.5, 0.1, 0.5]))
    below, above = lactose.curve(bounds - 1e-4), lactose.curve(bounds + 1e-4)
    assert float((above - below).max()) < 3e-4


def test_lactose_and_the_plain_networks_learn_it_and_play(tmp_path, monkeypatch):
    monkeypatch.setattr(lactose, "RESULTS", tmp_path)
    monkeypatch.setattr(lactose, "SECONDS", 1)
    lactose.main(["--samples", "20000", "--seeds", "0", "--epochs", "2", "--repeats", "1"])
    assert (tmp_path / "lactose.json").exists()
    assert (tmp_path / "lactose.png").exists()


@pytest.mark.parametrize("family", ["wavenet", "lstm", "tcn", "state_trajectory", "lactose", "transformer"])
def test_each_family_s_candidates_can_be_built(family, monkeypatch):
    monkeypatch.setattr(families, "DRAWN", 4)
    found = families.drawn(family)
    assert len(found) == 4
    assert all(isinstance(net, StreamingNetwork) for net in found.values())


def test_the_dearest_within_a_cost_are_tried_and_none_of_a_quarter(monkeypatch):
    nets = families.drawn("lstm")
    shares = [0.0001, 0.002, 0.003, 0.004, 0.009]
    monkeypatch.setattr(families, "drawn", lambda family: dict(list(nets.items())[:5]))
    monkeypatch.setattr(families, "costs", lambda given: shares)
    found = families.tried("lstm", [0.003, 0.01], 2)
    names = list(nets)
    assert list(found[0.003]) == [names[2], names[1]]
    assert list(found[0.01]) == [names[4], names[3]]


def test_the_table_has_means_and_the_plot_a_panel_for_each_recording(tmp_path):
    console = Console(width=220, record=True)
    console.print(families.table([ROW], 40))
    assert "0.20000 ± 0.14142" in console.export_text()
    families.plot([ROW, {**ROW, "pair": "pedal"}, {**ROW, "family": "gru"}], tmp_path / "plot.png")
    assert (tmp_path / "plot.png").exists()


def test_recipes_are_held_against_the_first_of_them_on_each_recording():
    scores = {("demo", "a:1"): (0.1, 2.0), ("amp", "a:1"): (0.4, 2.0), ("demo", "b:1"): (0.05, 1.0)}
    scores["amp", "b:1"] = (0.8, 4.0)
    found = {(name, "lstm", recipe): both for (name, recipe), both in scores.items()}
    console = Console(width=120, record=True)
    console.print(recipes.table(found, ["lstm"], ["a:1", "b:1"], "Recipes"))
    first, other = (line.split("│")[2:-1] for line in console.export_text().splitlines() if "lstm" in line)
    assert [cell.strip() for cell in first] == ["a:1", "ESR 0.1000", "ESR 0.4000", "× 1.00", "× 1.00"]
    assert [cell.strip() for cell in other] == ["b:1", "× 0.50", "× 2.00", "× 1.00", "× 1.00"]


def test_a_transformer_s_size_is_its_layers_channels_window_and_dilations():
    found = transformer.architecture("2x4x16x3")
    assert [found[name] for name in ("num_layers", "channels", "window", "dilation_base")] == [2, 4, 16, 3]
