"""Tables of settings: what they say of the panel, and a line for each of their faults."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from voxnas.problems.amp.data.knobs.held_out import held_out_rows
from voxnas.problems.amp.data.knobs.table import read_table
from voxnas.utils.errors import InputError, InputErrors


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("dry", "a", "b", "c", "d"):
        soundfile.write(tmp_path / f"{name}.wav", np.zeros(10), 8000)
    return tmp_path


def table(text: str, **given):
    Path("table.csv").write_text(text)
    return read_table("table.csv", **{"input": "dry.wav", **given})


def test_ranges_come_from_the_values_or_from_the_titles():
    found = table("file,drive,tone [20..2000 log],mode\na.wav,2,20,clean\nb.wav,8,200,lead\n")
    drive, tone, mode = found.controls
    assert (drive.low, drive.high, found.inferred) == (2, 8, ("drive",))
    assert (tone.low, tone.high, tone.taper) == (20, 2000, "log")
    assert mode.options == ("clean", "lead")
    assert found.heard(found.rows[1]) == [1, pytest.approx(0.5), 1]
    assert found.rows[1].label == "drive=8 tone=200 mode=lead"


def test_files_lie_beside_the_table_and_rows_may_have_a_dry_recording_of_their_own(files, monkeypatch):
    (files / "sub").mkdir()
    monkeypatch.chdir(files / "sub")
    (files / "table.csv").write_text(
        "file;input;drive [0..10]\na.wav;b.wav;1\nc.wav;;2\n", encoding="utf-8-sig"
    )
    rows = read_table(files / "table.csv", files / "dry.wav").rows
    assert [Path(row.target).name for row in rows] == ["a.wav", "c.wav"]
    assert [Path(row.input).name for row in rows] == ["b.wav", "dry.wav"]


def test_each_fault_has_its_line_and_its_row():
    text = (
        "file,drive [0..10],mode [clean|lead]\na.wav,11,clean\n\nmissing.wav,1,clean\nb.wav,2,loud\n"
        "b.wav,3\nc.wav,,lead\n"
    )
    with pytest.raises(InputErrors) as error:
        table(text)
    lines = str(error.value).splitlines()
    assert lines == [
        "table.csv: row 6 has 2 values for 3 columns",
        "table.csv: row 7: no drive",
    ]
    with pytest.raises(InputErrors) as error:
        table(text.replace("b.wav,3\n", "").replace("c.wav,,lead\n", "a.wav,4,lead\nb.wav,4,lead\n"))
    lines = str(error.value).splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["row 2", "row 4", "row 5", "row 7"]
    assert "the knob goes from 0 to 10" in lines[0]
    assert "missing.wav: no such file" in lines[1]
    assert "not on the switch; one of clean, lead" in lines[2]
    assert "the setting of row 6 again" in lines[3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs a line of titles"),
        ("file,drive\n", "needs a line of titles"),
        ("name,drive\na.wav,1\n", "no column file"),
        ("file,input\na.wav,dry.wav\n", "for one setting use data=amp_pair"),
        ("file,drive,drive\na.wav,1,2\n", "two columns have one title"),
        ("file,my drive\na.wav,1\n", "is no name"),
        ("file,drive [0-10]\na.wav,1\n", r"column drive: \[0-10\] is no range"),
        ("file,drive [10..0]\na.wav,1\n", "no way up"),
        ("file,drive\na.wav,1\nb.wav,l0\n", "'l0' among numbers"),
        ("file,drive\na.wav,1\nb.wav,1\n", "1 in every row, which teaches nothing"),
        ("file,mode\na.wav,on\nb.wav,on\n", "one position in every row"),
    ],
)
def test_what_is_no_table_of_settings_is_refused_in_a_line(text, message):
    with pytest.raises(InputError, match=message):
        table(text)


def test_a_table_or_a_dry_recording_that_is_not_there_is_named():
    with pytest.raises(InputError, match=r"other\.csv: no such file"):
        read_table("other.csv")
    with pytest.raises(InputErrors, match=r"row 2: no dry recording; give data\.input"):
        table("file,drive\na.wav,1\nb.wav,2\n", input=None)


GRID = "file,drive,tone\n" + "".join(
    f"{name}.wav,{drive},{tone}\n"
    for name, drive, tone in zip("abcdabcda", [0, 0, 0, 5, 5, 5, 10, 10, 10], [0, 1, 2] * 3, strict=True)
)


@pytest.mark.parametrize(
    ("held_out", "rows"),
    [
        (None, []),
        ("centre", [6]),
        ("corners", [2, 4, 8, 10]),
        ([{"drive": 5, "tone": 1}], [6]),
        ([{"drive": 5}, {"drive": 0, "tone": 0}], [2, 5, 6, 7]),
    ],
)
def test_settings_are_kept_back_by_place_or_by_value(held_out, rows):
    assert [row.number for row in held_out_rows(table(GRID), held_out)] == rows


@pytest.mark.parametrize(
    ("held_out", "message"),
    [
        ("middle", "corners, centre, or a list"),
        ([{"drive": 4}], "no recording at drive=4"),
        ([{"gain": 4}], "no such control; it has drive, tone"),
        ([3], "a list of settings"),
        ([{"drive": 0}, {"drive": 5}, {"drive": 10}], "two at least must train"),
    ],
)
def test_settings_that_cannot_be_kept_back_are_refused(held_out, message):
    with pytest.raises(InputError, match=message):
        held_out_rows(table(GRID), held_out)
