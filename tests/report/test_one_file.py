"""The frontier in one file: which of its models, in which order, and what the report says of it."""

import json
from pathlib import Path

import pytest

from voxnas.engine.cost.profile import plugin_cost
from voxnas.export.nam import read_nam, write_nam
from voxnas.export.record_json import write_record_json
from voxnas.models.base import StreamingNetwork
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.wavenet import WaveNet, stack
from voxnas.problems.amp.problem import AmpProblem
from voxnas.problems.base import Problem, Score
from voxnas.problems.sections import Sections
from voxnas.records.collect import collect
from voxnas.records.record import Record
from voxnas.report.build import write_report
from voxnas.report.one_file import OneFile, better_for_more, write_one_file
from voxnas.report.review import Review, review

OBJECTIVES = ["score", "parameters"]


def write(
    folder: Path, network: StreamingNetwork, score: float, parameters: int | None = None, **said
) -> None:
    """A run as it ends: its record, its file in each format that can hold it."""
    run = folder / "phase1" / network.name
    record = Record(network.name, "mine", "phase1", "ok", "1", problem="amp", score=score)
    record.shape = {"parameters": parameters or network.num_parameters, "sample_rate": 48000}
    record.architecture, record.exports = network.architecture(), {"json": "model.json"}
    metadata = {"name": network.name, "loudness": -20.0, "gain": 0.5, **said}
    write_record_json(network, run / "model.json", 48000, metadata)
    if not isinstance(network, GRU):
        write_nam(network, run / f"{network.name}.nam", 48000, metadata)
        record.exports["nam"] = f"{network.name}.nam"
    record.write(run)


def looked_at(folder: Path, problem: Problem | None = None) -> Review:
    return review(collect(folder), problem or AmpProblem(), OBJECTIVES)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Three that are better the more they cost, one that costs much for its size, and a GRU."""
    write(tmp_path, stack(8, 16, name="large"), 0.001, gear_make="Acme")
    write(tmp_path, stack(4, 4, name="middle"), 0.01, gear_make="Acme")
    write(tmp_path, LSTM(8, name="small"), 0.1, gear_make="Acme")
    write(tmp_path, stack(12, 3, name="costly"), 0.02, parameters=30, gear_make="Acme")
    write(tmp_path, GRU(4, name="other"), 0.0001, parameters=20, gear_make="Acme")
    return tmp_path


def test_it_goes_from_the_cheapest_to_the_best_and_leaves_out_what_is_worth_nothing(study):
    result = looked_at(study)
    assert list(result.frontier["candidate"]) == ["other"]  # which such a file cannot hold
    out = study / "report"
    found = write_one_file(result, out)
    assert (found.file, found.notices) == ("frontier.nam", [])
    content = json.loads((out / "frontier.nam").read_text())
    names = ["small", "middle", "large"]
    assert [m["model"]["metadata"]["name"] for m in content["config"]["submodels"]] == names
    assert [m["max_value"] for m in content["config"]["submodels"]] == [1 / 3, 2 / 3, 1]
    outer = {key: value for key, value in content["metadata"].items() if key != "date"}
    assert outer == {"name": "mine", "loudness": -20.0, "gain": 0.5, "gear_make": "Acme"}
    assert [read_nam(out / "frontier.nam", i).network.name for i in range(3)] == names

    written = write_report(result, out, together=found)
    assert out / "frontier.nam" in written
    page = (out / "summary.md").read_text()
    section = page[page.index("## The frontier in one file") :]
    costs = [plugin_cost(n.architecture()).rtf for n in (LSTM(8), stack(4, 4), stack(8, 16))]
    rows = [("0 to 0.333", "small", costs[0], "0.1"), ("0.333 to 0.667", "middle", costs[1], "0.01")]
    rows += [("0.667 to 1", "large", costs[2], "0.001")]
    for slim, name, cost, score in rows:
        assert f"| {slim} | {name} | {cost:.3g} | {score} |" in section
    assert "slim 0 plays the cheapest" in section
    assert "without a cross-fade" in section
    assert "by the cost model of the plug-in's engine, default build" in section


def test_with_fewer_than_two_there_is_none_but_a_line_and_an_earlier_one_goes(study):
    out = study / "report"
    write_one_file(looked_at(study), out)
    (study / "phase1" / "large" / "large.nam").unlink()
    (study / "phase1" / "middle" / "middle.nam").unlink()
    (study / "phase1" / "costly" / "costly.nam").unlink()
    found = write_one_file(looked_at(study), out)
    line = "no frontier.nam: 1 of 5 candidates has a file of format nam, and two are needed"
    assert found == OneFile(notices=[line])
    assert not (out / "frontier.nam").exists()
    write_report(looked_at(study), out, together=found)
    assert f"## The frontier in one file\n\nThere is {line}." in (out / "summary.md").read_text()


def test_one_that_is_best_and_cheapest_stands_alone(tmp_path):
    write(tmp_path, stack(2, 4, name="good"), 0.001, parameters=100)
    write(tmp_path, stack(9, 9, name="small"), 0.1, parameters=50)
    found = write_one_file(looked_at(tmp_path), tmp_path / "report")
    assert found.notices == ["no frontier.nam: good is both the cheapest and the best"]


def test_a_damaged_file_is_a_line_that_names_it(study):
    (study / "phase1" / "large" / "large.nam").write_text("{")
    (line,) = write_one_file(looked_at(study), study / "report").notices
    assert line.startswith(f"no frontier.nam: {study / 'phase1' / 'large' / 'large.nam'}: ")


def test_where_the_cost_model_ends_multiply_adds_decide_and_the_report_says_so(study):
    grouped = WaveNet([{"channels": 4, "dilations": [1, 2], "groups_input": 2}], 0.1, name="grouped")
    write(study, grouped, 0.005)
    found = write_one_file(looked_at(study), study / "report")
    assert found.notices[0].startswith("frontier.nam: in the order of multiply-adds: ")
    assert "multiply-adds per sample" in found.words
    assert "does not cover groups_input=2" in found.words


def test_a_long_frontier_is_spread_over_the_places_there_are(tmp_path):
    for layers in range(1, 67):
        write(tmp_path, stack(layers, 1, dilation_base=1, name=f"l{layers:02}"), 1 / layers)
    found = write_one_file(looked_at(tmp_path), tmp_path / "report")
    assert "holds 64 of the models that have a better" in found.words
    content = json.loads((tmp_path / "report" / "frontier.nam").read_text())
    names = [entry["model"]["metadata"]["name"] for entry in content["config"]["submodels"]]
    assert names == sorted(names)
    assert (len(names), names[0], names[-1]) == (64, "l01", "l66")
    assert "| 0.984 to 1 | l66 |" in found.words


@pytest.mark.parametrize("maximise", [False, True])
def test_steps_are_those_that_are_better_than_all_that_cost_no_more(maximise):
    costs = [3.0, 1.0, 2.0, 2.0, 1.0, 4.0, 5.0, 2.0]
    losses = [0.1, 0.5, 0.4, 0.3, 0.5, 0.1, float("inf"), float("nan")]
    scores = [-loss for loss in losses] if maximise else losses
    assert better_for_more(costs, scores, Score(maximise=maximise)) == [1, 3, 0]
    assert better_for_more([], [], Score()) == []


class Other(Problem):
    """A problem with streaming networks of its own kind."""

    name, score = "amp", Score()

    def __init__(self, *formats: str) -> None:
        self.formats = formats

    def module(self, network, data, recipe):
        raise NotImplementedError

    def report(self, options=None):
        sections = Sections()
        sections.formats = self.formats
        return sections


def test_the_problem_s_formats_say_whether_there_is_such_a_file(study):
    out = study / "report"
    assert write_one_file(looked_at(study, Other("json")), out) == OneFile()
    assert OneFile().section() == []
    assert not out.exists()
    assert write_one_file(looked_at(study, Other("json", "nam")), out).file == "frontier.nam"
