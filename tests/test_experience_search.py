"""Searches that learn from earlier ones, as a user runs them."""

import json

import pytest

from voxnas.models.wavenet import stack
from voxnas.search.experience.runs import KnownRun, write_runs

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
SPACE = ["model.num_layers=2,3,4,5", "model.channels=2,3,4,5,6,7,8", "model.kernel_size=2,3"]
QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "name=${model.name}",
]
LADDER = ["search=ladder", "search.rungs=[1]", "search.keep=1", "search.candidates=4", "objectives=[score]"]


@pytest.fixture
def search(run_here, tiny_pair):
    def run(*overrides: str):
        return run_here("train", "-m", "study=tiny", *LADDER, *SPACE, *tiny_pair, *QUICK, *overrides)

    return run


def test_an_evolution_begins_with_what_did_well_elsewhere(search, tmp_path, log_dir):
    runs = []
    for layers in range(2, 6):
        for channels in range(2, 9):
            net = stack(layers, channels)
            shape = {"parameters": net.num_parameters}
            runs.append(KnownRun("elsewhere", 9.0, channels**-2.0, net.architecture(), shape))
    write_runs(runs, tmp_path / "runs.gz", "amp")
    done = search("search.source=evolution", "search.generations=1", f"search.experience={tmp_path}/runs.gz")
    assert done.code == 0, done.err
    (drawn,) = (log_dir / "nas/tiny").glob("candidates-*.json")
    candidates = json.loads(drawn.read_text())
    assert {candidate["choices"]["model.channels"] for candidate in candidates} == {"8"}
    assert len({candidate["name"] for candidate in candidates}) == 4


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["search.source=evolution", "search.experience=logs/nas/nowhere"], "no such folder or file"),
        (["search.source=grid", "search.experience=shipped"], "search.source=grid learns from none"),
        (["search.source=evolution", "search.experience=7.5"], "search.experience"),
    ],
)
def test_experience_that_cannot_be_is_one_line(search, log_dir, overrides, said):
    done = search(*overrides)
    assert done.code == 2
    assert said in done.err.strip().splitlines()[-1]
    assert not list((log_dir / "nas/tiny").glob("rung1/*/record.json"))
