"""Heat maps of choices show every row, option and epoch."""

import numpy as np

from voxnas.drawing.style import as_image
from voxnas.report.genotypes.choice_maps import MOST_LABELS, latest_map, over_time

ROWS, OPTIONS = ["first", "second", "third"], ["a", "b"]


def probabilities(*shape: int) -> np.ndarray:
    values = np.random.default_rng(0).random(shape, np.float32)
    return values / values.sum(-1, keepdims=True)


def test_the_latest_map_names_rows_and_options_and_says_the_percentages():
    now = probabilities(3, 2)
    figure = latest_map("gate", ROWS, OPTIONS, now)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ROWS
    assert [label.get_text() for label in axes.get_xticklabels()] == OPTIONS
    assert [text.get_text() for text in axes.texts] == [f"{100 * p:.0f}" for p in now.flatten()]
    image = as_image(figure)
    assert image.dtype == np.uint8
    assert image.shape[2] == 3
    assert image.std() > 1


def test_the_map_over_time_has_a_line_per_row_and_option_and_a_column_per_epoch():
    figure = over_time("gate", ROWS, OPTIONS, probabilities(7, 3, 2))
    (axes,) = figure.axes
    assert axes.images[0].get_array().shape == (6, 7)
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == ["first  a", "first  b", "second  a"]


def test_where_there_are_too_many_lines_some_go_without_a_name():
    rows = [f"row {i}" for i in range(30)]
    figure = over_time("kernel", rows, OPTIONS, probabilities(2, 30, 2))
    assert len(figure.axes[0].get_yticklabels()) <= MOST_LABELS
