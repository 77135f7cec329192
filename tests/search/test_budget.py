"""The best within a budget: what the budget is, who is within it, and how it is said."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.export.load import load_model
from voxnas.export.record_json import FILE_NAME, write_record_json
from voxnas.models.wavenet import stack
from voxnas.problems.amp.figures import SCORE
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record, measured
from voxnas.search.budget import Model, answer, best_within, finished, measured_again
from voxnas.search.cost.base import CostUnknown
from voxnas.search.cost.streaming import CostMeter
from voxnas.utils.errors import InputError

METER = CostMeter(stack(8, 8))


def model(name: str, esr: float, cpu_rtf: float | None, **values) -> Model:
    shared = {"study": "s", "rung": "r", "status": "ok", "identity": "x"}
    shared |= {"shape": {"sample_rate": 48_000}, "cost": measured({"cpu_rtf": cpu_rtf})}
    record = Record(candidate=name, score=esr, **(shared | values))
    return Model(Path("runs") / name, record, cpu_rtf or 0.0)


def budget(max_cpu_rtf: object, max_us_per_block: object, sample_rate: int) -> float:
    limits = {"max_cpu_rtf": max_cpu_rtf, "max_us_per_block": max_us_per_block}
    return METER.budget(limits, {"sample_rate": sample_rate})


def test_microseconds_per_block_of_64_are_a_share_of_its_duration():
    assert budget(None, 1000 * 64 / 48, 48_000) == pytest.approx(1.0)
    assert budget(None, 13, 44_100) == pytest.approx(13e-6 / (64 / 44_100))
    assert budget(0.05, None, 44_100) == 0.05


@pytest.mark.parametrize("value", [0, -0.1, "much", True, float("inf"), float("nan")])
def test_what_is_no_budget_is_refused(value):
    for given_values in ((value, None), (None, value)):
        with pytest.raises(InputError, match="give a number above 0"):
            budget(*given_values, 48_000)
    for both in ((None, None), (0.1, 3)):
        with pytest.raises(InputError, match="give the budget as"):
            budget(*both, 48_000)


@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)), max_size=8), st.floats(0.001, 1))
def test_no_other_within_the_budget_sounds_better(figures, budget):
    models = [model(str(i), esr, rtf) for i, (esr, rtf) in enumerate(figures)]
    best = best_within(models, budget)
    fitting = [m for m in models if m.cost <= budget]
    assert (best is None) == (not fitting)
    if best is not None:
        assert best in fitting
        assert best.record.score == min(m.record.score for m in fitting)


def test_of_a_candidate_the_last_rung_counts_and_only_what_has_figures():
    first, last = model("a", 0.3, 0.1), model("a", 0.1, 0.1, rung="rung2")
    others = [model("b", 0.01, None), model("c", 0.01, 0.1, status="failed")]
    records = {Path(f"runs/{i}"): m.record for i, m in enumerate([first, *others, last])}
    assert [(m.folder.name, m.record.score) for m in finished(records, "cpu_rtf")] == [("3", 0.1)]


class Meter:
    """Says what a network costs by its layers."""

    def again(self, run: Path) -> float:
        try:
            return 0.01 * len(load_model(run / FILE_NAME).network.arrays[0].layers)
        except InputError as error:
            raise CostUnknown(str(error)) from error


def test_the_best_near_the_budget_are_measured_again_and_what_cannot_be_played_is_left_out(tmp_path, caplog):
    models = []
    for name, layers, esr, cpu_rtf in (("a", 2, 0.1, 0.02), ("b", 3, 0.2, 0.054), ("c", 4, 0.05, 0.056)):
        network = stack(layers, 2, name=name)
        (tmp_path / name).mkdir()
        write_record_json(network, tmp_path / name / "model.json", 48_000)
        models.append(replace(model(name, esr, cpu_rtf), folder=tmp_path / name))
    gone = replace(model("d", 0.01, 0.01), folder=tmp_path / "d")
    timed = measured_again([*models, gone], Meter(), margin=1.1, budget=0.05)
    assert [(m.folder.name, m.cost) for m in timed] == [("a", 0.02), ("b", 0.03)]
    assert caplog.text.count("left out of the answer: ") == 1


def test_what_a_candidate_was_let_in_by_counts_rather_than_what_was_measured_while_others_trained():
    let_in = model("a", 0.1, 0.08, estimate={"cpu_rtf": 0.05})
    assert [m.cost for m in finished({Path("a"): let_in.record}, "cpu_rtf")] == [0.05]


def test_the_answer_names_model_error_cost_and_file():
    said = partial(answer, meter=METER, score=SCORE)
    best = model("amp", 0.0123456, 0.03, exports={"nam": "amp.nam", "json": "model.json"})
    assert said(best, 0.05, [best]) == (
        "Best within a CPU budget of 0.05: amp, validation ESR 0.0123, 0.03 of real time "
        "(40.0 µs per block of 64): runs/amp/amp.nam"
    )
    other = model("amp", 0.01, 0.03, exports={"json": "model.json", "nam": "amp.nam"})
    assert said(other, 0.05, [other], formats=AmpProblem().report().formats).endswith("amp.nam")
    assert said(None, 0.01, [best]).endswith("the cheapest takes 0.03; raise the budget")
    assert "nothing was trained" in said(None, 0.01, [])
