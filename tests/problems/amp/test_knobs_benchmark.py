"""The benchmark of models with knobs keeps back settings of each kind, and says which is which."""

from pathlib import Path

from knobs import CORNER, EDGE, INSIDE, kinds_of, spread_over

from voxnas.problems.amp.data.knobs.demo import demo_table


def test_corners_edges_and_the_middle_are_told_apart_and_taken_in_turn(tmp_path: Path) -> None:
    table = demo_table(tmp_path, 1.0, 48_000, 0)
    assert {kind: len(rows) for kind, rows in kinds_of(table).items()} == {CORNER: 8, EDGE: 6, INSIDE: 1}
    assert {kind: len(rows) for kind, rows in spread_over(table, 3).items()} == {
        CORNER: 1,
        EDGE: 1,
        INSIDE: 1,
    }
    assert {kind: len(rows) for kind, rows in spread_over(table, 6).items()} == {
        CORNER: 3,
        EDGE: 2,
        INSIDE: 1,
    }
    assert [row.label for row in spread_over(table, 3)[INSIDE]] == ["drive=0.5 tone=0.5 level=0.5"]
