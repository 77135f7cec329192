"""Limits of measured cost in whole runs: who is decided on once stays so, whatever is measured later."""

import json
from pathlib import Path

import pytest

from voxnas.search.cost.streaming import CostMeter
from voxnas.search.spaces.choosers import RandomChooser
from voxnas.search.spaces.plugin import PluginSpace

QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "trainer.max_epochs=2",
]
LIMIT = 0.006


@pytest.fixture
def run_at(run_here, tiny_pair, tmp_path, monkeypatch):
    """Trains a tiny network on a machine that measures this cost and has forgotten what it was before."""

    def run(cpu_rtf: float, *overrides: str):
        monkeypatch.setattr(CostMeter, "measure", lambda *_: cpu_rtf)
        monkeypatch.setattr(CostMeter, "_unit", lambda *_: 1.0)
        monkeypatch.setattr("voxnas.search.cost.cache.cache_folder", lambda: tmp_path / f"{cpu_rtf}")
        (tmp_path / f"{cpu_rtf}").mkdir(exist_ok=True)
        shape = ["model.num_layers=2", "model.channels=3"]
        return run_here("train", "-m", "search=phase1", "study=tiny", *shape, *tiny_pair, *QUICK, *overrides)

    return run


def record_of(log_dir: Path) -> tuple[dict, bytes]:
    (path,) = (log_dir / "nas/tiny/phase1").glob("*/record.json")
    return json.loads(path.read_bytes()), path.read_bytes()


def test_who_was_rejected_stays_so_where_a_later_figure_would_pass(run_at, log_dir):
    assert run_at(0.0061, f"constraints.max_cpu_rtf={LIMIT}").code == 0
    record, first = record_of(log_dir)
    assert (record["status"], record["epochs"]) == ("rejected", None)
    assert record["reason"] == "0.0061 of real time in our own engine at block 64 > max_cpu_rtf 0.006"
    assert record["estimate"]["cpu_rtf"] == 0.0061
    assert "done before" in run_at(0.0059, f"constraints.max_cpu_rtf={LIMIT}").out
    assert record_of(log_dir)[1] == first


def test_who_passed_stays_trained_where_a_later_figure_would_not_pass(run_at, log_dir):
    assert run_at(0.0059, f"constraints.max_cpu_rtf={LIMIT}").code == 0
    record, first = record_of(log_dir)
    assert (record["status"], record["epochs"]) == ("ok", 2)
    assert "done before" in run_at(0.0061, f"constraints.max_cpu_rtf={LIMIT}").out
    assert record_of(log_dir)[1] == first


def test_another_limit_decides_anew_by_the_same_figure_and_keeps_what_was_trained(run_at, log_dir):
    run_at(0.0059, f"constraints.max_cpu_rtf={LIMIT}")
    run_at(0.0001, "constraints.max_cpu_rtf=0.005")
    record, _ = record_of(log_dir)
    assert record["reason"] == "0.0059 of real time in our own engine at block 64 > max_cpu_rtf 0.005"
    (replaced,) = (log_dir / "replaced/nas/tiny/phase1").iterdir()
    assert json.loads((replaced / "record.json").read_text())["status"] == "ok"
    assert (replaced / "checkpoints/best.ckpt").exists()


def test_the_identity_of_the_rejected_holds_no_figure(run_at, log_dir):
    identities = []
    for cpu_rtf in (0.0061, 0.0062):
        run_at(cpu_rtf, f"constraints.max_cpu_rtf={LIMIT}")
        identities.append(record_of(log_dir)[0]["identity"])
        next((log_dir / "nas/tiny/phase1").glob("*/record.json")).unlink()
    assert identities[0] == identities[1]


def test_a_limit_that_nothing_can_keep_ends_a_sweep_in_one_line(run_at):
    done = run_at(0.001, "constraints.max_us_per_block=-3")
    assert done.code == 2
    assert "error: constraints.max_us_per_block=-3: give a number above 0" in done.err
    assert "Traceback" not in done.err


def test_whose_cost_cannot_be_told_fails_alone(run_here, tiny_pair, log_dir):
    given = ["-m", "search=phase1", "study=tiny", "model=gru", "model.hidden_size=2", *tiny_pair, *QUICK]
    done = run_here("train", *given, "callbacks.benchmark.engine=profile", "constraints.max_cpu_rtf=1")
    assert done.code == 1
    record, _ = record_of(log_dir)
    assert record["status"] == "failed"
    assert record["reason"].startswith(
        "the cost cannot be told: the profile of the plug-in's engine does not"
    )


PROPOSALS = [
    PluginSpace(channels=[1, 4], layers=[1, 4], max_receptive_field=100).propose(RandomChooser(seed))
    for seed in (0, 1)
]


def check_proposals(log_dir: Path, code: int) -> None:
    """Each was trained in a folder that has its name, and after it what else was set for this recording."""
    assert code == 0
    paths = list((log_dir / "nas/tiny/phase1").glob("*/record.json"))
    names = {text.partition("name:")[2].partition(",")[0] for _, text in PROPOSALS}
    assert {path.parent.name.partition("_")[0] for path in paths} == names
    assert len(paths) == len(names) == 2
    for path in paths:
        record = json.loads(path.read_text())
        assert (record["status"], record["candidate"]) == ("ok", path.parent.name)
        assert record["architecture"]["name"] == path.parent.name.partition("_")[0]
        assert (path.parent / record["exports"]["nam"]).exists()


def swept() -> list[str]:
    """Both proposals as one sweep: a list of architectures."""
    architectures = ",".join(text.partition("=")[2] for _, text in PROPOSALS)
    return ["-m", "search=phase1", "study=tiny", PROPOSALS[0][0], f"model.architecture={architectures}"]


def test_proposals_are_swept_over_in_folders_of_their_names(run_here, tiny_pair, log_dir):
    check_proposals(log_dir, run_here("train", *swept(), *tiny_pair, *QUICK).code)


@pytest.mark.slow
def test_proposals_reach_the_processes_of_a_launcher(run_here, tiny_pair, log_dir):
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    check_proposals(log_dir, run_here("train", *swept(), *tiny_pair, *QUICK, *launcher).code)


def test_a_space_without_a_grid_says_which_searches_take_it(run_here, log_dir):
    done = run_here("train", "-m", "search=phase1", "space=plugin", "study=tiny")
    assert done.code == 2
    assert done.err == "error: this space is too large to try all of it; add search=ladder or search=optuna\n"
    assert "wavenet-l8" not in done.out
