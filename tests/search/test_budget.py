"""The best within a budget: what the budget is, who is within it, and how it is said."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.export.record_json import write_record_json
from voxnas.models.wavenet import stack
from voxnas.records.record import Record
from voxnas.search.budget import Model, answer, best_within, budget_rtf, finished, time_again
from voxnas.utils.errors import InputError


def model(name: str, esr: float, cpu_rtf: float | None, **values) -> Model:
    shared = {"study": "s", "rung": "r", "status": "ok", "identity": "x", "sample_rate": 48_000}
    record = Record(candidate=name, best_val_loss=esr, cpu_rtf=cpu_rtf, **(shared | values))
    return Model(Path("runs") / name, record, cpu_rtf or 0.0)


def test_microseconds_per_block_of_64_are_a_share_of_its_duration():
    assert budget_rtf(None, 1000 * 64 / 48, 48_000) == pytest.approx(1.0)
    assert budget_rtf(None, 13, 44_100) == pytest.approx(13e-6 / (64 / 44_100))
    assert budget_rtf(0.05, None, 44_100) == 0.05


@pytest.mark.parametrize("value", [0, -0.1, "much", True, float("inf"), float("nan")])
def test_what_is_no_budget_is_refused(value):
    for given_values in ((value, None), (None, value)):
        with pytest.raises(InputError, match="give a number above 0"):
            budget_rtf(*given_values, 48_000)
    for both in ((None, None), (0.1, 3)):
        with pytest.raises(InputError, match="give the budget as"):
            budget_rtf(*both, 48_000)


@given(st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.001, 1)), max_size=8), st.floats(0.001, 1))
def test_no_other_within_the_budget_sounds_better(figures, budget):
    models = [model(str(i), esr, rtf) for i, (esr, rtf) in enumerate(figures)]
    best = best_within(models, budget)
    fitting = [m for m in models if m.cpu_rtf <= budget]
    assert (best is None) == (not fitting)
    if best is not None:
        assert best in fitting
        assert best.record.best_val_loss == min(m.record.best_val_loss for m in fitting)


def test_of_a_candidate_the_last_rung_counts_and_only_what_has_figures():
    first, last = model("a", 0.3, 0.1), model("a", 0.1, 0.1, rung="rung2")
    others = [model("b", 0.01, None), model("c", 0.01, 0.1, status="failed")]
    records = {Path(f"runs/{i}"): m.record for i, m in enumerate([first, *others, last])}
    assert [(m.folder.name, m.record.best_val_loss) for m in finished(records)] == [("3", 0.1)]


class Meter:
    """Says what a network costs by its layers."""

    def again(self, network, sample_rate: int) -> float:
        assert sample_rate == 48_000
        return 0.01 * len(network.arrays[0].layers)


def test_the_best_near_the_budget_are_measured_again_and_what_cannot_be_played_is_left_out(tmp_path, caplog):
    models = []
    for name, layers, esr, cpu_rtf in (("a", 2, 0.1, 0.02), ("b", 3, 0.2, 0.054), ("c", 4, 0.05, 0.056)):
        network = stack(layers, 2, name=name)
        (tmp_path / name).mkdir()
        write_record_json(network, tmp_path / name / "model.json", 48_000)
        models.append(replace(model(name, esr, cpu_rtf), folder=tmp_path / name))
    gone = replace(model("d", 0.01, 0.01), folder=tmp_path / "d")
    timed = time_again([*models, gone], Meter(), margin=1.1, budget=0.05)
    assert [(m.folder.name, m.cpu_rtf) for m in timed] == [("a", 0.02), ("b", 0.03)]
    assert caplog.text.count("left out of the answer: ") == 1


def test_what_a_candidate_was_let_in_by_counts_rather_than_what_was_measured_while_others_trained():
    let_in = model("a", 0.1, 0.08, cost={"cpu_rtf": 0.05})
    assert [m.cpu_rtf for m in finished({Path("a"): let_in.record})] == [0.05]


def test_the_answer_names_model_error_cost_and_file():
    best = model("amp", 0.0123456, 0.03, exports={"nam": "amp.nam", "json": "model.json"})
    assert answer(best, 0.05, [best]) == (
        "Best within a CPU budget of 0.05: amp, validation ESR 0.0123, 0.03 of real time "
        "(40.0 µs per block of 64): runs/amp/amp.nam"
    )
    assert answer(None, 0.01, [best]).endswith("the cheapest takes 0.03; raise the budget")
    assert "nothing was trained" in answer(None, 0.01, [])
