"""The recorded table and the replay of searches on it, on tables made here."""

import json
import math
from itertools import pairwise

import drawn_networks
import numpy as np
import pytest
import record
import replay
import study
import table

from voxnas.problems.amp.problem import AmpProblem
from voxnas.search.selection.rank import ByRank
from voxnas.search.sources.evolution import EvolutionSource
from voxnas.search.sources.random import RandomSource
from voxnas.search.spaces.mutation import MutatingChooser

DRAWN = drawn_networks.draw(60, 0)


def line(number: int, recording: str, rung: int, esr: list[float]) -> dict:
    return {"network": number, "recording": recording, "rung": rung, "esr": esr, "cpu_s": 0.5 * (rung + 1)}


def lines(rungs: int = 3) -> list[dict]:
    """Large networks end low, and all fall from quarter to quarter."""
    found = []
    for network in DRAWN:
        for recording, hardness in (("easy", 1.0), ("hard", 0.4)):
            for rung in range(rungs):
                at = np.cumsum([table.RUNGS[rung] / 4] * 4) + sum(table.RUNGS[:rung])
                esr = (1 + network.parameters / 50) ** (-hardness * np.log(at) / 6)
                found.append(line(network.number, recording, rung, [float(e) for e in esr]))
    return found


@pytest.fixture(scope="module")
def made():
    return table.as_table(DRAWN, lines(), None)


@pytest.fixture(scope="module")
def bench(made):
    return study.Bench(made, "easy", study.TableProposer(made))


def test_a_longer_draw_begins_as_a_shorter_one_does():
    shorter = drawn_networks.draw(20, 0)
    assert shorter == DRAWN[:20]
    assert [n.name for n in shorter[:6]] == list(drawn_networks.PRESETS)
    assert all(drawn_networks.CHEAPEST <= n.cost <= drawn_networks.DEAREST for n in DRAWN)
    assert len({n.name for n in DRAWN}) == 60


def test_networks_are_read_as_they_were_written(tmp_path):
    drawn_networks.write(DRAWN, tmp_path / "networks.jsonl")
    assert drawn_networks.read(tmp_path / "networks.jsonl") == DRAWN


def test_a_table_has_the_networks_that_are_through_on_all_recordings():
    cut = [each for each in lines() if not (each["network"] == 3 and each["recording"] == "hard")]
    cut = [each for each in cut if each["network"] < 50 or each["rung"] == 0]
    found = table.as_table(DRAWN, cut, None)
    assert found.steps == [48, 144, 336]
    assert [n.number for n in found.networks] == [n for n in range(50) if n != 3]


def test_what_diverged_counts_as_infinitely_bad():
    cut = [each for each in lines() if each["network"] != 5 or each["rung"] == 0]
    cut = [line(5, each["recording"], 0, [0.9]) if each["network"] == 5 else each for each in cut]
    found = table.as_table(DRAWN, cut, 3)
    assert found.scores("easy")[5].tolist() == [0.9, math.inf, math.inf]
    assert all(run.loss < math.inf for run in found.runs("easy"))


def test_the_table_of_the_files_is_the_one_that_was_written(tmp_path, monkeypatch, made):
    monkeypatch.setattr(table, "NETWORKS", tmp_path / "networks.jsonl.gz")
    monkeypatch.setattr(table, "CURVES", tmp_path / "curves.csv")
    table.write_table(DRAWN, lines())
    found = table.read_table()
    assert found.networks == made.networks
    np.testing.assert_array_equal(found.esr["hard"], made.esr["hard"])
    np.testing.assert_array_equal(found.seconds["hard"], made.seconds["hard"])


def test_the_table_that_ships_holds_what_is_drawn():
    found = table.read_table()
    first = [n for n in found.networks if n.number < 200]  # a longer draw begins as a shorter one does
    assert first == [n for n in drawn_networks.draw(200, 0) if n in first]
    assert len(first) > 100
    assert len(found.esr) == 2


def test_halves_share_presets_alone(made):
    first, second = (made.every_second(which) for which in (0, 1))
    shared = {n.name for n in first.networks} & {n.name for n in second.networks}
    assert shared == set(drawn_networks.PRESETS)
    assert len(first.networks) + len(second.networks) == 60 + len(shared)


@pytest.mark.parametrize("source", [RandomSource(), EvolutionSource(generations=2, parents=2)])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_ladder_on_the_table_takes_the_time_of_its_runs(bench, source, asynchronous):
    selection = ByRank(study.OBJECTIVES, AmpProblem())
    trained = study.climb(
        bench, source, selection, 20, 0, [[0], [1], [2]], [8, 3], math.inf, asynchronous=asynchronous
    )
    assert len({row for _, row in trained}) == len(trained) >= 3
    assert all(before < after for (before, _), (after, _) in pairwise(trained))
    least = 20 * 0.5 + 8 * 1.0 + 3 * 1.5
    assert trained[-1][0] >= least if asynchronous else trained[-1][0] == least


def test_what_the_space_makes_stands_for_the_most_similar_network(bench):
    for proposal in bench.proposer.proposals[:10]:
        assert bench.proposer.draw(MutatingChooser(proposal.choices, 0, changes=0)) is proposal


@pytest.mark.parametrize("name", [name for name in replay.SEARCHES if name != "GP"])
def test_every_search_is_replayed_alike_for_a_seed(monkeypatch, made, name):
    monkeypatch.setattr(replay, "read_table", lambda rungs: made)
    replay.bench.cache_clear(), replay.taught.cache_clear()
    first, again = (replay.replayed(name, "hard", 1, 4, None) for _ in range(2))
    assert first == again
    assert first
    replay.bench.cache_clear(), replay.taught.cache_clear()


def test_hypervolume_grows_to_that_of_all(bench):
    every = [(float(i + 1), row) for i, row in enumerate(range(len(bench.points)))]
    grown = replay.curve(every, bench.points, [0.0, 20.0, 1000.0])
    assert grown[0] == 0 < grown[1] < grown[2] == pytest.approx(1.0)


@pytest.fixture
def prepared(tmp_path):
    """A folder as `prepare` leaves it: two recordings of low rate, two small networks."""
    noise = np.random.default_rng(0).standard_normal(51 * 1000).astype(np.float32) * 0.3
    for name, drive in (("soft", 1.0), ("hot", 4.0)):
        np.savez(tmp_path / f"{name}.npz", source=noise, target=np.tanh(drive * noise), rate=1000)
    small = sorted(DRAWN, key=lambda n: n.parameters)[:2]
    drawn_networks.write(small, tmp_path / "networks.jsonl")
    (tmp_path / "weights").mkdir()
    return tmp_path


def worked(folder, rungs: int) -> list[dict]:
    record.begin(folder, ["hot", "soft"], math.inf)
    every = drawn_networks.read(folder / "networks.jsonl")
    todo = record.tasks(every, ["hot", "soft"], record.read_curves(folder), rungs)
    found = [each for task in todo for each in record.work(task)]
    text = "".join(json.dumps(each, separators=(",", ":")) + "\n" for each in found)
    with (folder / "curves-0of1.jsonl").open("a") as file:
        file.write(text)
    return found


def figures(found: list[dict]) -> list[dict]:
    return [{key: value for key, value in each.items() if key != "cpu_s"} for each in found]


def test_what_is_recorded_is_not_trained_again_and_goes_on_as_if_never_stopped(prepared, monkeypatch):
    monkeypatch.setattr(record, "RUNGS", (8, 8, 8, 8))
    monkeypatch.setattr(record, "ALL_CLIMB", 2)
    first, then, again = worked(prepared, 2), worked(prepared, 3), worked(prepared, 3)
    assert [(each["recording"], each["rung"]) for each in first][:4] == [
        *(("hot", rung) for rung in range(2)),
        *(("soft", rung) for rung in range(2)),
    ]
    assert [each["rung"] for each in then] == [2] * 4
    assert again == []
    for saved in (prepared / "weights").iterdir():
        saved.unlink()
    (prepared / "curves-0of1.jsonl").unlink()
    assert figures(worked(prepared, 2)) == figures(first)
    for saved in (prepared / "weights").iterdir():  # lost: it begins afresh, and comes to the same
        saved.unlink()
    assert figures(worked(prepared, 3)) == figures(then)


def test_after_the_time_nothing_is_begun(prepared):
    record.begin(prepared, ["hot"], 0.0)
    (network, _) = drawn_networks.read(prepared / "networks.jsonl")
    assert record.work(record.Task(network, "hot", (0,))) == []


def test_a_variant_is_better_where_it_leads_on_every_recording():
    chance = np.random.default_rng(0)
    cold = chance.uniform(0.4, 0.6, (20, replay.GRID)).cumsum(axis=1) / replay.GRID

    def said(*gains: float) -> str:
        each = {}
        for number, gain in enumerate(gains):
            own = cold + gain * chance.uniform(0.5, 1, (20, 1))
            each[str(number)] = {"halving": cold, "halving, foreseen by curve": own}
        return replay.verdicts(each)

    assert "is clearly better than halving" in said(0.1, 0.05)
    assert "is not clearly better than halving" in said(0.1, -0.05)
    assert "is not clearly better than halving" in said(0.0, 0.1)


def test_the_columns_of_the_page_are_all_filled():
    found = {"a": {name: np.linspace(0, 1, replay.GRID)[None] for name in replay.SEARCHES}}
    shown = replay.shown(found, "title")
    assert shown.row_count == len(replay.SEARCHES)
