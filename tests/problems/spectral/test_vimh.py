"""VIMH sets: read and written bit for bit, mapped and not read, and every contradiction in a line."""

import json
import os
import pickle
import resource
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripts import ROOT
from vimh_sets import KNOBS, make_set

from voxnas.problems.spectral.vimh.dataset import contradictions, empty_classes, open_set
from voxnas.problems.spectral.vimh.folder import FolderName
from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.problems.spectral.vimh.metadata import FILE
from voxnas.problems.spectral.vimh.write import copy_set
from voxnas.utils.errors import InputError

SHARED = sorted((ROOT.parent / "shared" / "data" / "vimh").glob("vimh-*"))
FILES = ("train", "test", FILE)


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


@given(
    number=st.integers(2, 30),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3)),
    count=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_what_is_written_is_read_and_written_again_bit_for_bit(tmp_path_factory, number, size, count, seed):
    knobs = {f"k{i}": {"min": -1.5 * i, "max": 1.0 + i, "step": 0.25} for i in range(count)}
    folder = make_set(tmp_path_factory.mktemp("set"), number, size, knobs, seed)
    opened = open_set(folder)
    assert contradictions(opened) == []
    assert (len(opened.train), len(opened.test)) == (number * 4 // 5, number - number * 4 // 5)
    assert (folder / "train").stat().st_size == len(opened.train) * (15 + 2 * count + np.prod(size))
    assert files(copy_set(opened, tmp_path_factory.mktemp("copy") / folder.name)) == files(folder)


@pytest.mark.parametrize("folder", SHARED, ids=lambda path: path.name)
def test_sets_of_the_format_s_own_generator_read_as_they_say(folder, tmp_path):
    expected, opened = json.loads((folder / "expected.json").read_text()), open_set(folder)
    for part in ("train", "test"):
        records = getattr(opened, part)
        values = opened.values(records)
        for record, value, wanted in zip(records, values, expected[part], strict=True):
            assert record["low"].tobytes().hex() == wanted["spec_min_bits"]
            assert record["labels"].tolist() == wanted["labels"]
            named = dict(zip(wanted["values"], value, strict=True))
            assert named == wanted["values"]
            classes = {k.name: int(k.class_of(named[k.name])) for k in opened.knobs}
            assert classes == wanted["class_index"]
    assert [k.classes for k in opened.knobs] == [k["num_classes"] for k in expected["parameters"]]
    assert files(copy_set(opened, tmp_path / folder.name)) == files(folder)


def test_the_sets_to_read_are_there():
    if not SHARED:
        pytest.skip("no sets of the format's own generator beside the project")


def test_a_byte_stands_for_a_value_and_a_value_for_a_step():
    knob = Knob("cutoff", 200.0, 2000.0, 100.0)
    assert knob.classes == 19
    assert knob.encode([200, 1999.9, 2000, 9999, -5]).tolist() == [0, 254, 255, 255, 0]  # it truncates
    assert knob.decode([0, 255]).tolist() == [200.0, 2000.0]
    assert knob.class_of([249, 251, 250, 350, 1e9]).tolist() == [0, 1, 0, 2, 18]  # halves to the even step


@given(
    st.builds(
        FolderName, *[st.integers(1, 999)] * 4, st.sampled_from([0.5, 1.0, 2.25]), *[st.integers(1, 99)] * 2
    )
)
def test_a_folder_s_name_says_what_is_in_it(name):
    assert FolderName.parse(str(name)) == name


def edited(folder: Path, **values) -> Path:
    path = folder / FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}, indent=4))
    return folder


def broken(tmp_path: Path, how: str) -> Path:
    folder = make_set(tmp_path)
    train = folder / "train"
    content = bytearray(train.read_bytes())
    size = 15 + 2 * 2 + 48
    if how == "renamed":
        return folder.rename(folder.with_name(folder.name.replace("8x6", "6x8")))
    if how == "another rate":
        return folder.rename(folder.with_name(folder.name.replace("8000Hz", "16000Hz")))
    if how == "no name":
        return folder.rename(folder.with_name("mine"))
    if how == "cut":
        train.write_bytes(content[:-7])
    elif how == "pickle":
        train.write_bytes(pickle.dumps({"data": 1}))
    elif how == "only pickles":
        train.rename(folder / "train_batch")
    elif how == "empty":
        train.write_bytes(b"")
    elif how == "label":
        content[5 * size + 15] = 9
        train.write_bytes(content)
    elif how == "scale":
        content[6:10] = np.float32(np.nan).tobytes()
        train.write_bytes(content)
    elif how == "fewer":
        train.write_bytes(content[:-size])
    elif how == "json":
        (folder / FILE).write_text("{")
    elif how == "size":
        edited(folder, height=9)
    elif how == "range":
        edited(folder, parameter_mappings={**KNOBS, "tone": {"min": 1, "max": 1, "step": 0}})
    elif how == "missing":
        (folder / "test").unlink()
    return folder


@pytest.mark.parametrize(
    ("how", "words"),
    {
        "renamed": "height is 6 by the folder's name and 8 by",
        "another rate": "sample rate is 16000 by the folder's name and 8000 by",
        "no name": "not of the form vimh-",
        "cut": "the last record has 60 of 67 bytes, 15 are whole",
        "pickle": "a pickle where bytes were expected",
        "only pickles": "train missing (train_batch: pickles",
        "empty": "0 bytes hold no record",
        "label": "record 5: a label out of range: its knobs are not numbered 0 to 1",
        "scale": "record 0: its scale",
        "fewer": "15 records, 16 by",
        "json": "no JSON",
        "size": "height is 8 by its first record and 9 by",
        "range": "tone: its max, 1, is not above its min, 1",
        "missing": "test missing",
    }.items(),
)
def test_what_disagrees_is_said_in_a_line_and_nothing_is_changed(tmp_path, how, words):
    folder = broken(tmp_path, how)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError) as raised:
        open_set(folder)
    lines = str(raised.value).splitlines()
    assert any(words in line for line in lines), lines
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_every_contradiction_has_its_line(tmp_path):
    folder = make_set(tmp_path)
    folder = folder.rename(folder.with_name(folder.name.replace("8x6x1", "9x7x1").replace("8000", "44100")))
    with pytest.raises(InputError) as raised:
        open_set(folder)
    assert len(str(raised.value).splitlines()) == 3


def test_a_pickle_is_never_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "boom"),)

    folder = make_set(tmp_path)
    for name in ("train", "train_batch"):
        (folder / name).write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(InputError, match="pickle"):
        open_set(folder)
    assert not (tmp_path / "boom").exists()


def test_steps_without_an_image_are_named(tmp_path):
    lines = empty_classes(open_set(make_set(tmp_path, number=5)))
    assert any(line.startswith("drive: no training image at") for line in lines)


def test_a_large_set_opens_as_fast_as_a_small_one_and_takes_no_memory(tmp_path):
    folder = make_set(tmp_path, number=10, size=(32, 32, 1))
    record = (folder / "test").read_bytes()[: 15 + 4 + 1024]
    many, part = 200_000, record * 2000
    with (folder / "train").open("wb") as file:
        for _ in range(many // 2000):
            file.write(part)
    values = json.loads((folder / FILE).read_text())
    total = many + values["test_samples"]
    edited(folder, train_samples=many, total_samples=total, n_samples=total)
    folder = folder.rename(folder.with_name(folder.name.replace("10dss", f"{total}dss")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    opened = open_set(folder)
    opening = time.perf_counter() - start
    fingerprint = opened.fingerprint()
    grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    start = time.perf_counter()
    (folder / "train").read_bytes()
    reading = time.perf_counter() - start
    assert len(opened.train) == many
    assert len(fingerprint) == 64
    assert grown_kb < 50_000  # of 200 MB
    assert opening < reading / 2


def test_the_script_looks_and_copies(run_here, tmp_path):
    folder = make_set(tmp_path)
    copy = tmp_path / "copy" / folder.name
    done = run_here("inspect_vimh", f"folder={folder}", f"copy_to={copy}")
    assert done.code == 0, done.err
    assert "16 to train, 4 to test" in done.out
    assert files(copy) == files(folder)
    done = run_here("inspect_vimh", f"folder={folder}", f"copy_to={copy}")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "is there already" in done.err
