"""Promotion: who goes on, and that the next rung gets the very same network."""

from pathlib import Path

import pytest
from hydra.utils import instantiate

from voxnas.models.wavenet import stack
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record, measured
from voxnas.search.selection.candidates import best, read_rung, write_candidates
from voxnas.search.selection.score import ByScore
from voxnas.utils.errors import InputError


def record(name: str, esr: float | None = 0.1, cpu_rtf=None, macs_per_sample=None, **figures) -> Record:
    values = {"candidate": name, "study": "s", "rung": "phase1", "status": "ok", "identity": "x"}
    cost, shape = measured({"cpu_rtf": cpu_rtf}), {"macs_per_sample": macs_per_sample}
    return Record(**(values | {"score": esr, "cost": cost, "shape": shape} | figures))


def chosen(records: list[Record], keep: float) -> list[str]:
    selection = ByScore(["score", "cpu_rtf", "macs_per_sample"], AmpProblem())
    return [path.name for path in best({Path(r.candidate): r for r in records}, selection, keep)]


LADDER = [record(name, esr) for name, esr in zip("dacbe", (0.4, 0.1, 0.3, 0.2, 0.5), strict=True)]


@pytest.mark.parametrize(
    ("keep", "expected"), [(0.5, "ab"), (0.01, "a"), (0.99, "abcd"), (1, "a"), (3, "abc"), (9, "abcde")]
)
def test_the_best_are_kept_by_share_or_number(keep, expected):
    assert chosen(LADDER, keep) == list(expected)


def test_ties_go_to_the_cheaper_by_time_then_by_multiply_adds():
    tied = [
        record("slow", cpu_rtf=0.5, macs_per_sample=1),
        record("unmeasured", macs_per_sample=1),
        record("heavy", cpu_rtf=0.2, macs_per_sample=20),
        record("light", cpu_rtf=0.2, macs_per_sample=10),
    ]
    assert chosen(tied, 4) == ["light", "heavy", "slow", "unmeasured"]


def test_what_did_not_finish_does_not_count():
    others = [record(s, 0.01, status=s) for s in ("failed", "rejected", "running", "interrupted")]
    assert chosen([*others, *LADDER[:2], record("unknown", None)], 0.5) == ["a"]
    with pytest.raises(InputError, match=r"no candidate finished \(failed, .*running\): nothing to promote"):
        chosen(others, 0.5)


@pytest.mark.parametrize("keep", [0, -1])
def test_keeping_nothing_is_refused(keep):
    with pytest.raises(InputError, match=r"give a share \(0.5\) or a number"):
        chosen(LADDER, keep)


def test_a_rung_without_records_is_named(tmp_path):
    with pytest.raises(InputError, match=r"phase1: no run records; run src/train\.py"):
        read_rung(tmp_path / "phase1")


def finished_run(folder: Path, name: str = "amp_lr-0.5", **figures) -> Path:
    network = stack(num_layers=3, channels=5, kernel_size=4, activation="ReLU", gating="gated")
    figures |= {"architecture": network.architecture(), "shape": {"sample_rate": 8000}}
    record(name, **figures).write(folder / name)
    return folder / name


def test_the_written_candidate_composes_to_the_same_network_with_its_settings(composed, log_dir):
    settings = {"training.optimizer.lr": 0.5, "seed": 3, "training.loss.esr": 2.0}
    run = finished_run(log_dir / "nas/mine/phase1", settings=settings)
    write_candidates([run], log_dir / "promoted/candidate/mine/phase2")
    config = composed("train", "search=phase2", "study=mine", "candidate=mine/phase2/amp_lr-0.5")
    network = instantiate(config.model, _convert_="all")
    assert network.architecture() == Record.read(run).architecture
    assert (config.training.optimizer.lr, config.seed, config.training.loss.esr) == (0.5, 3, 2.0)
    assert (config.name, config.rung) == ("amp_lr-0.5", "phase2")
    assert config.init_from == str(run / "checkpoints/best.ckpt")
    assert config.data.seed == 3


def test_the_next_rung_can_override_what_was_promoted_and_its_name_says_so(composed, log_dir):
    run = finished_run(log_dir / "nas/mine/phase1", settings={"training.optimizer.lr": 0.5})
    write_candidates([run], log_dir / "promoted/candidate/mine/phase2")
    given = ["search=phase2", "study=mine", "candidate=mine/phase2/amp_lr-0.5"]
    afresh = composed("train", *given, "init_from=null", "seed=4")
    assert (afresh.init_from, afresh.seed, afresh.name) == (None, 4, "amp_lr-0.5_seed-4")
    assert composed("train", *given, "training.optimizer.lr=0.5").name == "amp_lr-0.5"


def test_the_next_rung_sweeps_over_the_survivors(composed, log_dir):
    runs = [finished_run(log_dir / "nas/mine/phase1", name) for name in ("b", "a")]
    write_candidates(runs, log_dir / "promoted/candidate/mine/phase2")
    config = composed("train", "search=phase2", "study=mine")
    assert config.hydra.sweeper.params.candidate == "mine/phase2/a,mine/phase2/b"


def test_who_no_longer_survives_is_removed(tmp_path):
    first, second = (finished_run(tmp_path, name) for name in ("first", "second"))
    group = tmp_path / "group"
    write_candidates([first, second], group)
    assert write_candidates([second], group) == [group / "second.yaml"]
    assert [path.name for path in group.iterdir()] == ["second.yaml"]


def test_the_script_names_the_survivors(run_here, log_dir):
    rung = log_dir / "nas/mine/phase1"
    for name, esr in (("good", 0.01), ("fair", 0.02), ("poor", 0.5)):
        finished_run(rung, name, esr=esr)
    done = run_here("promote", "study=mine", "keep=2")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "promoted 2 of 3 candidates from phase1 to phase2:",
        "  good  ESR 0.01",
        "  fair  ESR 0.02",
    ]
    assert sorted(p.stem for p in (log_dir / "promoted/candidate/mine/phase2").iterdir()) == ["fair", "good"]


def test_the_script_on_a_study_that_is_not_there_is_one_line(run_here):
    done = run_here("promote", "study=nope")
    assert done.code == 2
    assert "nope/phase1: no run records" in done.err
    assert done.err.count("\n") == 1
