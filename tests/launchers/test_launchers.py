"""The launchers for several machines, as far as one process shows them; the rest is in whole sweeps."""

import pickle
import sys

import pytest
from hydra.core.plugins import Plugins
from hydra.core.utils import JobStatus
from hypothesis import given
from hypothesis import strategies as st

from voxnas.launchers.base import lost
from voxnas.launchers.remote_run import project_environment, source_path
from voxnas.launchers.submitit import MissingJobs
from voxnas.utils.app import ROOT, RunError
from voxnas.utils.errors import Stop

SWEEP = ["-m", "search=phase1", "model.num_layers=2,3"]
LAUNCHERS = ["submitit_local", "submitit_slurm", "ray"]


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_every_launcher_s_config_names_a_plugin_that_hydra_finds(composed, launcher):
    config = composed("train", f"hydra/launcher={launcher}")
    plugin = Plugins.instance()._instantiate(config.hydra.launcher)
    assert plugin.settings.keys() == config.hydra.launcher.keys() - {"_target_"}


@pytest.mark.parametrize(
    ("launcher", "module", "extra"),
    [("submitit_local", "submitit", "slurm"), ("ray", "ray", "ray")],
)
def test_an_extra_that_is_not_installed_is_named(run_here, monkeypatch, tiny_pair, launcher, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    done = run_here("train", *SWEEP, *tiny_pair, f"hydra/launcher={launcher}")
    assert done.code == 2
    assert done.err.splitlines()[-1].endswith(f"python -m voxnas setup {extra}")


def test_where_there_is_no_slurm_a_line_says_so(run_here, monkeypatch, tiny_pair, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = run_here("train", *SWEEP, *tiny_pair, "hydra/launcher=submitit_slurm")
    assert (done.code, done.err) == (
        2,
        "error: hydra/launcher=submitit_slurm: sbatch is not on the PATH\n",
    )


def test_a_job_is_gone_when_it_has_been_missing_for_long_enough():
    missing = MissingJobs(patience_s=60)
    assert missing.overdue([1, 2], present=[1, 2], now=0) == []
    assert missing.overdue([1, 2], present=[1], now=10) == []
    assert missing.overdue([1, 2], present=None, now=1000) == []  # nobody knows
    assert missing.overdue([1, 2], present=[1, 2], now=1010) == []  # it was queued again
    assert missing.overdue([1, 2], present=[1], now=1020) == []
    assert missing.overdue([1, 2], present=[1], now=1080) == [2]


@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1), st.integers(0, 5))
def test_a_job_is_gone_if_it_was_missing_throughout_the_last_so_many_seconds(looks, patience):
    jobs = MissingJobs(patience)
    for now, there in enumerate(looks):
        gone = jobs.overdue(range(3), [job for job in range(3) if there[job]], now)
        for job in range(3):
            missing = [look[job] for look in looks[: now + 1]][::-1]
            since = missing.index(True) if True in missing else len(missing)
            assert (job in gone) == (since > patience)


def test_what_a_process_elsewhere_needs_to_know_goes_with_the_run(monkeypatch):
    monkeypatch.setenv("VOXNAS_LOG_DIR", "/shared/logs")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert project_environment()["VOXNAS_LOG_DIR"] == "/shared/logs"
    assert "PYTHONPATH" not in project_environment()
    assert source_path() == f"{ROOT / 'src'}:/elsewhere"


def test_an_exit_with_its_message_comes_back_whole_from_another_process():
    stop = pickle.loads(pickle.dumps(Stop("dry.wav: no such file", 2)))
    assert (stop.message, stop.code) == ("dry.wav: no such file", 2)


def test_a_lost_run_is_one_that_failed_and_says_how_to_go_on():
    result = lost(2, "job 7_2 ended without a result")
    assert result.status == JobStatus.FAILED
    with pytest.raises(RunError, match="run 3: job 7_2 ended without a result; the same command goes on"):
        _ = result.return_value
