"""The jobs of a ladder: what each run is asked for."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from voxnas.search.selection.rungs import make_rungs
from voxnas.search.sweepers.jobs import jobs_of

FIXED = ["name=mine", "seed=3", "model.channels=8", "space=poc", "+data.delay=0"]


@pytest.fixture
def jobs():
    proposer = SimpleNamespace(flat=SimpleNamespace(fixed=FIXED))
    return jobs_of(proposer, make_rungs([2, 10], 1), [], "study", Path("logs"), Path("logs/nas/study/rung1"))


def test_one_that_climbs_brings_its_model_along(jobs):
    assert jobs.promoted(1, "a") == [
        *("candidate=study/rung2/a", "name=mine", "seed=3", "+data.delay=0"),
        *("rung=rung2", "trainer.max_epochs=10"),
    ]
    assert jobs.group(1) == Path("logs/candidate/study/rung2")


def test_each_run_of_the_finals_starts_afresh_with_a_seed_and_a_name_of_its_own(jobs):
    assert jobs.final("a", 11) == [
        *("candidate=study/rung2/a", "+data.delay=0"),
        *("rung=final", "trainer.max_epochs=10", "init_from=null", "seed=11"),
    ]
