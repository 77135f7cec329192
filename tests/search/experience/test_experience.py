"""Experience: what was trained elsewhere ranks what is to be tried here."""

from dataclasses import dataclass, field, replace
from itertools import count, islice

import numpy as np
import pytest
from scipy.stats import spearmanr

from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.pareto import Objective
from voxnas.records.record import Record
from voxnas.search.experience.features import features
from voxnas.search.experience.foresight import Foresight
from voxnas.search.experience.founders import Experience
from voxnas.search.experience.runs import KnownRun, read_runs, write_runs
from voxnas.search.experience.surrogate import Surrogate
from voxnas.search.preview import Candidate
from voxnas.search.spaces.choosers import RandomChooser
from voxnas.search.spaces.mutation import Recorder
from voxnas.utils.errors import InputError

MEASURED: list[str] = []
AT = (("easy", 0.01), ("hard", 1.0))
RANDOM = np.random.default_rng(0)


def architecture(width: int, depth: int) -> dict:
    layers = [{"channels": width, "dilation": 2**i, "kind": "Tanh"} for i in range(depth)]
    return {"type": "Net", "name": f"net-{width}-{depth}", "layers": layers}


def shape(width: int, depth: int) -> dict:
    return {"parameters": width * width * depth}


def known(group: str, hardness: float, total: int = 40, amounts=(4.0, 16.0)) -> list[KnownRun]:
    """Wide and deep networks end low; all fall with training."""
    runs = []
    for _ in range(total):
        width, depth = int(RANDOM.integers(1, 20)), int(RANDOM.integers(1, 12))
        for amount in amounts:
            loss = hardness * (width * depth) ** -0.6 * amount**-0.4 * np.exp(RANDOM.normal(0, 0.05))
            runs.append(KnownRun(group, amount, float(loss), architecture(width, depth), shape(width, depth)))
    return runs


def test_features_say_how_long_a_list_is_and_what_is_in_it():
    found = features(architecture(3, 4), {"parameters": 36, "causal": True})
    assert found["layers.channels count"] == 4
    assert found["layers.channels mean"] == found["layers.channels most"] == pytest.approx(np.log(4))
    assert found["layers.dilation last"] == pytest.approx(np.log(9))
    assert found["layers.kind=Tanh"] == 1
    assert found["figure parameters"] == pytest.approx(np.log(37))
    assert not any("name" in key or "causal" in key for key in found)


def test_a_name_changes_no_feature():
    assert features({**architecture(2, 2), "name": "other"}, {}) == features(architecture(2, 2), {})


def test_what_did_well_on_easy_data_is_expected_to_on_hard():
    surrogate = Surrogate(known("easy", 0.01) + known("hard", 1.0))
    tried = [(int(RANDOM.integers(1, 20)), int(RANDOM.integers(1, 12))) for _ in range(30)]
    standing = surrogate.predict([features(architecture(*each), shape(*each)) for each in tried])
    assert spearmanr(standing, [-width * depth for width, depth in tried])[0] > 0.9


def test_short_runs_are_not_taken_for_bad_candidates():
    few = [run for run in known("a", 1.0) if run.architecture["layers"][0]["channels"] > 10 or run.amount > 4]
    small, large = (features(architecture(*each), shape(*each)) for each in ((3, 3), (18, 10)))
    standing = Surrogate(few).predict([small, large])
    assert standing[1] < standing[0]


def test_late_learners_are_foreseen_where_others_of_their_kind_learnt_late():
    runs = []
    for depth in range(1, 21):
        for amount in (1.0, 4.0, 16.0):
            power = 0.9 if depth > 10 else 0.3
            loss = (3.0 if depth > 10 else 1.0) * amount**-power
            runs += [KnownRun(g, amount, s * loss, architecture(4, depth), shape(4, depth)) for g, s in AT]
    shallow, deep = Foresight(runs).gains(
        [features(architecture(4, depth), shape(4, depth)) for depth in (5, 15)], 4 / 16
    )
    assert deep - shallow == pytest.approx(-0.6 * np.log(4), rel=0.1)


def test_foresight_needs_runs_that_went_on():
    with pytest.raises(InputError, match="0 runs with a rung above are too few"):
        Foresight(known("a", 1.0, amounts=(4.0,)))


def test_the_same_runs_and_seed_predict_the_same():
    runs, rows = known("a", 1.0), [features(architecture(5, 5), shape(5, 5))]
    assert Surrogate(runs, 3).predict(rows) == Surrogate(runs, 3).predict(rows)


def test_too_few_runs_are_refused():
    with pytest.raises(InputError, match="2 finished runs are too few"):
        Surrogate(known("a", 1.0, total=1))


@dataclass(frozen=True)
class Draft:
    """Stands in for a proposal."""

    choices: dict = field(hash=False)
    most: int = 1000
    whole = False

    @property
    def name(self):
        return f"{self.choices['width']}-{self.choices['depth']}"

    def preview(self):
        each = (self.choices["width"], self.choices["depth"])
        rejected = "too large" if each[0] * each[1] > self.most else None
        return Candidate(self.name, rejected, shape(*each), architecture=architecture(*each))

    def priced(self):
        MEASURED.append(self.name)
        width = float(self.choices["width"])
        return replace(self.preview(), cost=width, costs={"cpu": width})


class Drafts:
    """Stands in for a proposer of networks up to a size."""

    size, starts = None, ()

    def __init__(self, most=1000):
        self.most = most

    def draw(self, choose):
        recorder = Recorder(choose)
        recorder.integer("width", 1, 19)
        recorder.integer("depth", 1, 11)
        return Draft(recorder.choices, self.most)

    def by_chance(self):
        return (self.draw(RandomChooser([1, number])) for number in count())


def test_founders_are_better_than_chance_and_within_the_limits():
    proposer = Drafts(most=60)
    experience = Experience(Surrogate(known("a", 1.0)), [Objective("score")])
    chosen = list(islice(experience.founders(proposer, proposer.by_chance(), 5, seed=0), 5))
    sizes = [draft.choices["width"] * draft.choices["depth"] for draft in chosen]
    assert len({draft.name for draft in chosen}) == 5
    assert max(sizes) <= 60
    assert np.mean(sizes) > 40


def test_with_a_cost_beside_the_score_founders_spread_over_it():
    proposer = Drafts()
    experience = Experience(Surrogate(known("a", 1.0)), [Objective("score"), Objective("cpu")])
    MEASURED.clear()
    chosen = list(islice(experience.founders(proposer, proposer.by_chance(), 8, seed=0), 8))
    assert len(MEASURED) <= 24  # of the others it is guessed
    widths = [draft.choices["width"] for draft in chosen]
    assert min(widths) < 5 < 12 < max(widths)
    assert np.mean([draft.choices["depth"] for draft in chosen]) > 8  # depth costs nothing here


def test_limits_that_let_in_few_are_kept_and_those_that_let_in_none_end():
    experience = Experience(Surrogate(known("a", 1.0)), [Objective("score")])
    for most, found in ((1, 1), (0, 0)):
        proposer = Drafts(most)
        drafts = islice(proposer.by_chance(), 2000)
        chosen = experience.founders(proposer, drafts, 2, seed=0)
        assert len({draft.name for draft in chosen if draft.preview().rejected is None}) == found


def test_an_objective_that_nothing_tells_is_left_out():
    proposer = Drafts()
    experience = Experience(Surrogate(known("a", 1.0)), [Objective("score"), Objective("asr")])
    assert len(list(islice(experience.founders(proposer, proposer.by_chance(), 3, seed=0), 3))) == 3


def test_runs_are_read_as_they_were_written(tmp_path):
    runs = known("a", 1.0, total=5) + known("b", 2.0, total=5)
    write_runs(runs, tmp_path / "runs.gz", "amp")
    read = read_runs([str(tmp_path / "runs.gz")], AmpProblem())
    assert {(r.group, r.amount, r.loss) for r in read} == {(r.group, r.amount, r.loss) for r in runs}
    write_runs(runs, tmp_path / "again.gz", "amp")
    assert (tmp_path / "again.gz").read_bytes() == (tmp_path / "runs.gz").read_bytes()


def test_a_study_is_read_with_the_epochs_that_each_rung_has_behind_it(tmp_path):
    for rung, epochs, score in (("rung1", 2, 0.5), ("rung2", 10, 0.1)):
        record = Record("net", "study", rung, "ok", "", problem="amp", score=score, epochs=epochs, seed=0)
        record.architecture, record.data = architecture(2, 2), {"fingerprint": "f"}
        record.finished = "2026-01-01" if rung == "rung1" else "2026-01-02"
        (tmp_path / rung / "net").mkdir(parents=True)
        record.write(tmp_path / rung / "net")
    assert [(r.group, r.amount, r.loss) for r in read_runs([str(tmp_path)], AmpProblem())] == [
        ("f", 2, 0.5),
        ("f", 12, 0.1),
    ]


def test_what_ships_is_read_by_its_name():
    runs = read_runs(["shipped"], AmpProblem())
    assert len({run.group for run in runs}) >= 2
    assert all(run.loss > 0 and run.amount > 0 and run.architecture["type"] == "WaveNet" for run in runs)


def test_what_is_no_experience_is_refused_in_a_line(tmp_path):
    with pytest.raises(InputError, match=r"search\.experience=nowhere: no such folder.*or shipped"):
        read_runs(["nowhere"], AmpProblem())
    with pytest.raises(InputError, match="no finished run of problem=amp"):
        read_runs([str(tmp_path)], AmpProblem())
    (tmp_path / "text.gz").write_text("text")
    with pytest.raises(InputError, match="is no file of experience"):
        read_runs([str(tmp_path / "text.gz")], AmpProblem())
