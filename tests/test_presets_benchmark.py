"""What benchmarks/presets.py makes of its measurements: who competes, the table, the picture."""

import io
from types import SimpleNamespace

import presets
import pytest
from presets_report import plot, table
from rich.console import Console

RTF = {"nano": 0.002, "lite": 0.005, "small": 0.00205, "wide": 0.0049, "huge": 0.0052}


@pytest.fixture
def told_costs(monkeypatch):
    """No network is built: each is its name, and costs as the table above says."""
    monkeypatch.setattr(presets, "network", lambda name, _: name)
    monkeypatch.setattr(presets, "build", lambda shape: shape["name"])
    monkeypatch.setattr(presets, "costs", lambda names: [RTF[name] for name in names])


def final(name, *esrs):
    return {"name": name}, list(esrs)


@pytest.mark.parametrize(
    ("pool", "of_nano", "of_lite"),
    [
        ([("small", 0.3), ("wide", 0.1), ("huge", 0.01)], "small", "wide"),
        ([("small", 0.1), ("wide", 0.3)], "small", "small"),  # what is cheaper may be better
        ([("wide", 0.3), ("huge", 0.1)], "wide", "wide"),  # nothing fits: the cheapest, which the table shows
    ],
)
def test_the_best_of_all_finalists_within_a_presets_cost_is_found(told_costs, pool, of_nano, of_lite):
    found = presets.rivals([final(*each) for each in pool], ["nano", "lite"])
    best = {preset: finals[0][0]["name"] for preset, finals in found.items()}
    assert best == {"nano": of_nano, "lite": of_lite}


def test_the_last_two_get_more_seeds_and_are_chosen_by_all_of_them(told_costs, monkeypatch):
    pool = [final("small", 0.1, 0.3), final("wide", 0.1, 0.2), final("slow", 0.4, 0.4)]
    monkeypatch.setitem(RTF, "slow", 0.0048)
    best = presets.rivals(pool, ["nano", "lite"])
    assert [shape["name"] for shape, _ in best["lite"]] == ["wide", "small"]
    losses = {"wide": [0.5, 0.6], "small": [0.1, 0.1]}
    trained = {name: [SimpleNamespace(score=loss) for loss in each] for name, each in losses.items()}
    calls = []
    monkeypatch.setattr(presets, "train", lambda *given: calls.append(given) or trained)
    assert presets.decide("study", best, [], None) == {"nano": {"name": "small"}, "lite": {"name": "small"}}
    [(_, rung, shapes, *_)] = calls  # each once, for however many presets
    assert (rung, sorted(shapes)) == ("last", ["small", "wide"])


@pytest.mark.parametrize("searches", [None, ["lite"]])
def test_what_two_searches_found_is_trained_once(told_costs, monkeypatch, searches):
    record = SimpleNamespace(architecture={"name": "small"})
    monkeypatch.setattr(presets, "search", lambda *_: [record])
    calls = []

    def train(study, rung, shapes, seeds, *_):
        calls.append((study, rung, list(shapes)))
        return {name: [SimpleNamespace(score=0.1)] for name in shapes}

    monkeypatch.setattr(presets, "train", train)
    found = presets.discover({"nano": "a", "lite": "b"}, [], SimpleNamespace(searches=searches))
    assert found == {"nano": {"name": "small"}, "lite": {"name": "small"}}
    finals = [("b", "final", ["small"])] if searches else [("a", "final", ["small"]), ("b", "final", [])]
    assert calls == [*finals, ("a", "last", ["small"])]


def test_the_duel_is_told_in_a_table_and_a_picture(tmp_path):
    sides = {"found": [1e-4, 2e-4, 3e-4], "preset": [4e-4, 4e-4, 4e-4]}
    row = {
        "pair": "amp", "preset": "nano", "architecture": {"name": "wavenet-4x5k7-tanh-0123abcd"},
        "rtf": {"found": 0.0019, "preset": 0.002}, "score": sides, "test_esr": sides,
        "score_ratio": 0.5, "test_esr_ratio": 0.5,
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=160)
    console.print(table([row], 60))
    text = console.file.getvalue()
    assert "trained from scratch for 60 s" in text
    for cell in ("4x5k7-tanh", "0.0019", "40.0 ± 0.0", "20.0 ± 10.0", "0.50"):
        assert cell in text
    plot([row, row | {"pair": "other"}], tmp_path / "presets.png")
    assert (tmp_path / "presets.png").read_bytes().startswith(b"\x89PNG")
