"""Settings that train nothing, to see how a model does between those that do."""

from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.models.controls import check_names
from voxnas.problems.amp.data.knobs.table import Row, Table
from voxnas.utils.errors import InputError

HeldOut = str | Sequence[Mapping[str, Any]] | None


def held_out_rows(table: Table, held_out: HeldOut) -> list[Row]:
    """The rows that are kept back: "corners", where every knob is at an end; "centre", the one nearest to the
    middle; or those at any of the settings in a list, each naming some controls. None keeps none back.

    Raises InputError on another word, a setting without a recording, or where fewer than two rows are left.
    """
    if not held_out:
        return []
    if held_out == "corners":
        kept = [row for row in table.rows if all(_at_an_end(number) for number in table.heard(row))]
    elif held_out == "centre":
        kept = [nearest_to_the_middle(table, table.rows)]
    elif isinstance(held_out, str):
        raise InputError(f"data.held_out={held_out}: corners, centre, or a list such as [{{drive: 5}}]")
    else:
        kept = [row for setting in held_out for row in _at(table, setting)]
    kept = [row for row in table.rows if row in kept]
    if len(kept) > len(table.rows) - 2:
        raise InputError(
            f"data.held_out keeps {len(kept)} of {len(table.rows)} settings back: two at least must train"
        )
    return kept


def nearest_to_the_middle(table: Table, rows: Sequence[Row]) -> Row:
    """The row whose knobs are all as near to the middle as there is."""
    return min(rows, key=lambda row: sum((number - 0.5) ** 2 for number in table.heard(row)))


def _at_an_end(number: float) -> bool:
    return number < 1e-6 or number > 1 - 1e-6


def _at(table: Table, setting: Mapping[str, Any]) -> list[Row]:
    if not isinstance(setting, Mapping) or not setting:
        raise InputError(
            f"data.held_out: a list of settings, such as [{{drive: 5}}], got {str(setting)[:40]}"
        )
    check_names(table.controls, setting)
    wanted = {c.name: c.encode(setting[c.name]) for c in table.controls if c.name in setting}
    found = [
        row
        for row in table.rows
        if all(
            _same(c.encode(row.setting[c.name]), wanted[c.name]) for c in table.controls if c.name in wanted
        )
    ]
    if not found:
        said = ", ".join(f"{name}={value}" for name, value in setting.items())
        raise InputError(f"data.held_out: no recording at {said}")
    return found


def _same(one: Sequence[float], other: Sequence[float]) -> bool:
    return all(abs(a - b) < 1e-6 for a, b in zip(one, other, strict=True))
