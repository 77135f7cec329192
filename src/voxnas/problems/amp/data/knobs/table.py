"""Table of settings: which recording was made at which position of each knob and switch.

A CSV file with a column `file`, one for each control, and `input` where the dry recordings differ. A column's
title may give what the values do not tell: `drive [0..10]`, `tone [20..2000 log]`, `mode [clean|lead]`.
"""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voxnas.models.controls import Control, Value, encode
from voxnas.utils.errors import InputError, InputErrors

FILE, INPUT = "file", "input"
MAX_ROWS = 4096
_TITLE = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*(\[(?P<range>[^\]]*)\])?")
_RANGE = re.compile(r"\s*(?P<low>[-+.\deE]+)\s*\.\.\s*(?P<high>[-+.\deE]+)\s*(?P<taper>linear|log)?\s*")


@dataclass(frozen=True)
class Row:
    """A recording and the setting it was made at; `number` counts lines of the file, the title's included."""

    number: int
    input: str
    target: str
    setting: Mapping[str, Value]

    @property
    def label(self) -> str:
        """The setting in a few words."""
        return " ".join(f"{name}={shown(value)}" for name, value in self.setting.items())


@dataclass(frozen=True)
class Table:
    """Controls, those whose range the values alone tell among them, and the recordings.

    `inferred` are the names of knobs whose range is no more than that of the values.
    """

    controls: tuple[Control, ...]
    rows: tuple[Row, ...]
    inferred: tuple[str, ...] = ()

    def heard(self, row: Row) -> list[float]:
        """What the network hears at a row's setting."""
        return encode(self.controls, row.setting)

    def resting_at(self, row: Row) -> "Table":
        """The same with the controls at rest where this row has them."""
        controls = tuple(replace(c, default=row.setting[c.name]) for c in self.controls)
        return replace(self, controls=controls)


def shown(value: Value) -> str:
    """A value as a label has it."""
    return value if isinstance(value, str) else f"{value:g}"


def read_table(path: str | Path, input: str | Path | None = None) -> Table:
    """Read a table; files are looked for beside it. `input` is the dry recording of rows without one.

    Raises InputErrors with a line for each fault and the row it is in.
    """
    path = Path(path).expanduser()
    titles, lines = _read(path)
    names = _columns(path, titles)
    faults: list[str] = []
    cells: list[tuple[int, dict[str, str]]] = []
    for number, line in lines:
        if len(line) != len(names):
            faults.append(f"row {number} has {len(line)} values for {len(names)} columns")
            continue
        given = dict(zip(names, (cell.strip() for cell in line), strict=True))
        if empty := [name for name, cell in given.items() if not cell and name != INPUT]:
            faults.append(f"row {number}: no {', '.join(empty)}")
        cells.append((number, given))
    controls, inferred = [], []
    for title, name in zip(titles, names, strict=True):
        if name in (FILE, INPUT):
            continue
        try:
            control, is_inferred = _control(title, name, [given[name] for _, given in cells if given[name]])
        except InputError as error:
            faults.append(str(error))
            continue
        controls.append(control)
        inferred += [name] * is_inferred
    rows = [] if faults else _rows(path, controls, cells, input, faults)
    if faults:
        raise InputErrors([f"{path}: {fault}" for fault in faults])
    return Table(tuple(controls), tuple(rows), tuple(inferred))


def table_of(controls: Sequence[Control], rows: Sequence[tuple[str, str, Mapping[str, Value]]]) -> Table:
    """Table of recordings, `(input, target, setting)`, that the project makes itself."""
    numbered = [Row(number, *row) for number, row in enumerate(rows, 2)]
    return Table(tuple(controls), tuple(numbered))


def _read(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; data.settings is a CSV of recordings and settings") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text ({error})") from error
    try:
        delimiter = ";" if ";" in text.partition("\n")[0] else ","
        reader = csv.reader(text.splitlines(), delimiter=delimiter)
        lines = [(reader.line_num, line) for line in reader if any(cell.strip() for cell in line)]
    except csv.Error as error:
        raise InputError(f"{path}: not a CSV file ({error})") from error
    if len(lines) < 2:
        raise InputError(f"{path}: needs a line of titles, such as file,drive,tone, and a line per recording")
    if len(lines) > MAX_ROWS:
        raise InputError(f"{path}: {len(lines)} lines, {MAX_ROWS} at most")
    return [title.strip() for title in lines[0][1]], lines[1:]


def _columns(path: Path, titles: Sequence[str]) -> list[str]:
    names = []
    for title in titles:
        found = _TITLE.fullmatch(title)
        if found is None:
            raise InputError(f"{path}: the title {title[:40]!r} is no name, or name [0..10], or name [a|b]")
        names.append(found["name"])
    if len(set(names)) < len(names):
        raise InputError(f"{path}: two columns have one title; each knob has its own")
    if FILE not in names:
        raise InputError(f"{path}: no column {FILE}, which names each setting's recording")
    if set(names) <= {FILE, INPUT}:
        raise InputError(f"{path}: no column of a knob beside {FILE}; for one setting use data=amp_pair")
    return names


def _control(title: str, name: str, values: Sequence[str]) -> tuple[Control, bool]:
    """The control of a column, and whether nothing but the values tells its range."""
    found = _TITLE.fullmatch(title)
    given = found["range"] if found else None
    if given is not None and "|" in given:
        return Control(name, options=tuple(option.strip() for option in given.split("|"))), False
    if given is not None:
        of = _RANGE.fullmatch(given)
        low, high = (_number(of[end]) for end in ("low", "high")) if of else (None, None)
        if of is None or low is None or high is None:
            raise InputError(f"column {name}: [{given[:40]}] is no range, such as [0..10], or [a|b]")
        return Control(name, low, high, of["taper"] or "linear"), False
    numbers = [number for number in map(_number, values) if number is not None]
    if numbers and len(numbers) == len(values):
        low, high = min(numbers), max(numbers)
        if low == high:
            raise InputError(f"column {name}: {low:g} in every row, which teaches nothing; leave it out")
        return Control(name, low, high), True
    if numbers:
        odd = next(value for value in values if _number(value) is None)
        raise InputError(f"column {name}: {odd[:40]!r} among numbers; is it a typing error?")
    options = tuple(dict.fromkeys(values))
    if len(options) < 2:
        raise InputError(f"column {name}: one position in every row, which teaches nothing; leave it out")
    return Control(name, options=options), False


def _rows(
    path: Path,
    controls: Sequence[Control],
    cells: Sequence[tuple[int, Mapping[str, str]]],
    input: str | Path | None,
    faults: list[str],
) -> list[Row]:
    rows: list[Row] = []
    seen: dict[tuple[Any, ...], int] = {}
    for number, given in cells:
        setting: dict[str, Value] = {}
        for control in controls:
            try:
                control.encode(given[control.name])
            except InputError as error:
                faults.append(f"row {number}: {error}")
                continue
            setting[control.name] = given[control.name] if control.options else float(given[control.name])
        dry = given.get(INPUT) or input
        if dry is None:
            faults.append(f"row {number}: no dry recording; give data.input, or a column {INPUT}")
            continue
        files = path.parent / given[FILE], path.parent / dry if given.get(INPUT) else Path(dry).expanduser()
        faults += [f"row {number}: {file}: no such file" for file in files if not file.is_file()]
        before = seen.setdefault(tuple(setting.values()), number)
        if before != number:
            faults.append(f"row {number}: the setting of row {before} again; keep one of them")
        rows.append(Row(number, str(files[1]), str(files[0]), setting))
    return rows


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
