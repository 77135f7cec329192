"""The run record on disk: whole or not at all, and the same when it is read back."""

import dataclasses
import json
import math
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from voxnas.records.record import Record, measured
from voxnas.utils.errors import InputError

BASE = {"candidate": "amp", "study": "s", "rung": "phase1", "status": "ok", "identity": "x"}
FIGURES = sorted(f.name for f in dataclasses.fields(Record) if f.type == "float | None")
numbers = st.none() | st.floats()
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
any_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def same(a: object, b: object) -> bool:
    return repr(a) == repr(b)  # NaN is like NaN here, and 0.0 is not like 0


@any_folder
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIGURES, numbers)))
def test_every_figure_comes_back_infinite_and_undefined_ones_too(tmp_path, figures):
    record = Record(**BASE, **figures)
    record.write(tmp_path)
    assert same(Record.read(tmp_path), record)


@any_folder
@given(st.lists(st.dictionaries(st.text(), st.floats(), max_size=3), max_size=3))
def test_the_history_comes_back(tmp_path, history):
    Record(**BASE, history=history).write(tmp_path)
    assert same(Record.read(tmp_path).history, history)


@any_folder
@given(st.dictionaries(st.text(), plain, max_size=4), st.text())
def test_texts_and_nested_values_come_back(tmp_path, values, text):
    record = Record(**(BASE | {"candidate": text}), reason=text, architecture=values, settings=values)
    record.write(tmp_path)
    assert same(Record.read(tmp_path), record)


def test_the_file_is_json_as_everybody_reads_it(tmp_path):
    path = Record(**BASE, score=math.inf, metrics={"test_esr": math.nan}).write(tmp_path)
    strict = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert (strict["score"], strict["metrics"]["test_esr"]) == ("inf", "nan")
    assert path.stat().st_mode & 0o044  # others may read it


def test_what_a_newer_version_added_is_dropped(tmp_path):
    path = Record(**BASE, shape={"latency_ms": 1.5}).write(tmp_path)
    values = json.loads(path.read_text()) | {"schema_version": 99, "taste": "sweet"}
    path.write_text(json.dumps(values))
    assert (Record.read(path).value("latency_ms"), Record.read(path).schema_version) == (1.5, 99)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '"amp"', "{}", '{"candidate": "amp"}', "\x00", "\udcff"]
)
def test_what_is_not_a_record_is_one_line_with_its_path(tmp_path, text):
    path = tmp_path / "record.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InputError) as caught:
        Record.read(tmp_path)
    assert str(caught.value).startswith(f"{path}: not a run record (")
    assert str(caught.value).endswith("; delete it to run the candidate again")
    assert "\n" not in str(caught.value)


def test_a_record_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"record\.json: not a run record"):
        Record.read(tmp_path / "record.json")


def test_a_reader_never_sees_a_part(tmp_path):
    records = [Record(**BASE, epochs=n, history=[{"score": 0.5}] * (n * 2000)) for n in (0, 1)]
    records[0].write(tmp_path)
    done = threading.Event()
    seen, wrong = set(), []

    def read() -> None:
        while not done.is_set():
            found = Record.read(tmp_path)
            seen.add(found.epochs)
            if len(found.history) != 2000 * (found.epochs or 0):
                wrong.append(found)

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(60):
        records[i % 2].write(tmp_path)
    done.set()
    reader.join()
    assert not wrong
    assert seen == {0, 1}


def test_a_failed_write_leaves_the_old_record_and_nothing_else(tmp_path, monkeypatch):
    Record(**BASE, epochs=1).write(tmp_path)

    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fails)
    with pytest.raises(OSError, match="disk full"):
        Record(**BASE, epochs=2).write(tmp_path)
    assert Record.read(tmp_path).epochs == 1
    assert [path.name for path in tmp_path.iterdir()] == ["record.json"]


def test_what_json_cannot_hold_leaves_the_old_record(tmp_path):
    Record(**BASE, epochs=1).write(tmp_path)
    with pytest.raises(TypeError):
        Record(**BASE, settings={"a": object()}).write(tmp_path)
    assert Record.read(tmp_path).epochs == 1


def test_a_figure_has_its_value_whichever_group_it_is_in():
    record = Record(**BASE, score=0.5, metrics={"asr": 0.1}, shape={"parameters": 7})
    record.cost = measured({"cpu_rtf": 0.25, "cpu_p99_ms": None}, engine="native", block_size=64)
    names = ("score", "asr", "parameters", "cpu_rtf", "cpu_p99_ms", "taste")
    assert [record.value(name) for name in names] == [0.5, 0.1, 7, 0.25, None, None]
    assert record.cost == {"cpu_rtf": {"value": 0.25, "engine": "native", "block_size": 64}}


def test_where_a_large_score_is_good_the_best_epoch_has_the_largest():
    history = [{"epoch": i, "score": score, "seconds": 1.0} for i, score in enumerate([0.5, 0.9, 0.7])]
    record = Record(**BASE, maximise=True, history=history)
    record.summarise()
    assert (record.score, record.best_epoch, record.loss) == (0.9, 1, -0.9)
    assert (Record(**BASE).loss, Record(**BASE, maximise=True).loss) == (math.inf, math.inf)
