"""What listeners said is shown beside the figures; a file that says nothing is a line."""

import json

import pytest

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.collect import collect
from voxnas.records.record import Record
from voxnas.report.build import write_report
from voxnas.report.listening import listening_parts, read_answers
from voxnas.report.review import review

KNOWN = '{"format": "voxnas-listening", "schema_version": 1, '


@pytest.fixture
def study(tmp_path):
    for number, name in enumerate(("good", "fair", "poor")):
        metrics = {"test_mel": 1.0 + number}
        Record(
            name,
            "s",
            "phase1",
            "ok",
            "1",
            score=0.01 * (number + 1),
            shape={"parameters": 9 - number},
            metrics=metrics,
        ).write(tmp_path / "phase1" / name)
    (tmp_path / "listening").mkdir()
    return tmp_path


def save(study, name, **answers):
    known = {"format": "voxnas-listening", "schema_version": 1, "listener": "L"}
    (study / "listening" / f"{name}.json").write_text(json.dumps(known | answers))


def parts(study):
    return listening_parts(review(collect(study), AmpProblem()), read_answers(study))


def test_abx_answers_of_one_pair_add_up(study):
    right = [{"x": "good", "answer": "good"}] * 4 + [{"x": "target", "answer": "target"}] * 5
    save(study, "a", kind="abx", a="target", b="good", trials=right)
    save(study, "b", kind="abx", a="good", b="target", trials=[{"x": "good", "answer": "target"}])
    (row,) = parts(study)[-1].rows
    assert row[:3] == ["good, target", "9 of 10", "0.0107"]  # 11 of 1,024


def test_ratings_stand_beside_the_figures_and_their_agreement(study):
    rounds = [{"ratings": {"target": 100, "good": 90, "fair": 60, "poor": 30}}] * 2
    save(study, "a", kind="mushra", rounds=rounds)
    deaf = [{"ratings": {"target": 10, "good": 0, "fair": 50, "poor": 100}}]
    save(study, "b", kind="mushra", rounds=deaf)
    agreement, rated = parts(study)
    assert "agrees by 1.00" in agreement.words
    assert [row[:2] for row in rated.rows] == [
        ["target", "100.0"],
        ["good", "90.0"],
        ["fair", "60.0"],
        ["poor", "30.0"],
    ]
    assert rated.rows[1][-2:] == ["0.01", "1"]
    assert "| good | 90.0 |" in rated.text()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        '{"format": "voxnas-listening", "schema_version": 2}',
        KNOWN + '"kind": "abx", "a": "x", "b": "y", "trials": []}',
        KNOWN + '"kind": "abx", "a": "x", "b": "y", "trials": [{"x": 3}]}',
        KNOWN + '"kind": "mushra", "rounds": [{"ratings": {"target": 101}}]}',
        KNOWN + '"kind": "mushra", "rounds": [{"ratings": {"target": NaN}}]}',
        KNOWN + '"kind": "mushra", "rounds": [{"ratings": {"good": 9}}]}',
    ],
)
def test_what_holds_no_answers_is_a_line(study, content):
    (study / "listening" / "x.json").write_text(content)
    answers = read_answers(study)
    assert not answers.comparisons
    assert not answers.ratings
    (notice,) = answers.notices
    assert "x.json: not answers of a blind test, left out" in notice
    assert "\n" not in notice


def test_nothing_said_is_no_section_but_the_figures_agreement(study):
    (agreement,) = parts(study)
    assert "rank the candidates alike by" in agreement.words


def test_the_report_shows_them(study):
    rounds = [{"ratings": {"target": 100, "good": 90, "fair": 60, "poor": 30}}] * 2
    save(study, "a", kind="mushra", rounds=rounds)
    write_report(review(collect(study), AmpProblem()), study / "report", answers=read_answers(study))
    assert "| good | 90.0 | ± 0.0 |" in (study / "report" / "summary.md").read_text()
    assert "Ratings from 0 to 100" in (study / "report" / "report.html").read_text()
