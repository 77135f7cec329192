"""What a problem tells of its networks reaches records and tables under its own name."""

import pytest

from voxnas.models.wavenet import stack
from voxnas.problems.amp.figures import FIGURES
from voxnas.problems.amp.problem import AmpProblem
from voxnas.problems.base import Score
from voxnas.records.collect import collect
from voxnas.records.record import Record, measured


def test_the_words_for_a_score_are_those_of_the_plug_in_s_trainer():
    quality = AmpProblem.score.quality
    words = [quality(esr) for esr in (0.005, 0.01, 0.03, 0.09, 0.1, float("inf"))]
    assert words == ["great", "not bad", "not bad", "might sound ok", "audibly off", "audibly off"]


def test_where_a_large_score_is_good_the_words_and_the_mode_turn_round():
    score = Score(maximise=True, words=((0.9, "great"), (0.5, "fair")), otherwise="poor")
    assert [score.quality(share) for share in (0.95, 0.9, 0.6, 0.1)] == ["great", "fair", "fair", "poor"]
    assert (score.mode, AmpProblem.score.mode) == ("max", "min")


@pytest.mark.parametrize(
    ("maximise", "text", "direction"),
    [(False, "score", 1), (False, "-score", -1), (True, "score", -1), (True, "-score", 1), (True, "asr", 1)],
)
def test_an_objective_goes_by_the_score_s_own_direction(maximise, text, direction):
    class Other(AmpProblem):
        score = Score(maximise=maximise)

    assert Other().objective(text).direction == direction


def test_what_a_network_says_of_itself_is_a_figure_of_the_record_and_a_column(tmp_path, finished):
    network = stack(2, 3)
    network.summary = lambda: {"num_layers": 2, "heads_of_a_kind": 3}
    shape = AmpProblem().shape(network, finished.data)
    record = Record("amp", "s", "r", "ok", "x", problem="amp", shape=shape, cost=measured({"cpu_rtf": 0.1}))
    record.write(tmp_path)
    assert Record.read(tmp_path).value("heads_of_a_kind") == 3
    (row,) = collect(tmp_path).to_dict("records")
    assert (row["heads_of_a_kind"], row["num_layers"], row["cpu_rtf"]) == (3, 2, 0.1)


def test_every_figure_that_is_known_before_training_has_a_title(finished):
    assert set(AmpProblem().shape(stack(2, 3), finished.data)) <= set(FIGURES)
