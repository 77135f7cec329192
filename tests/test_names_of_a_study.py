"""What runs of a sweep are called: after what differs within it, whatever was called otherwise before."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("error:Callback")

QUICK = ["callbacks.benchmark=null", "callbacks.aliasing=null", "callbacks.preview=null", "logger=csv"]
SMALL = ["model.num_layers=2", "model.channels=3", "trainer.max_epochs=1"]
SECTIONS = ["data.train=0:2", "data.val=2:2.5", "data.test=2.5:3"]
FOLDER = "nas/tiny/phase1"


@pytest.fixture
def sweep(run_here, tiny_pair, log_dir):
    """A sweep of the study `tiny`; the names of the runs that its folder has then, and what was said."""

    def run(*overrides: str) -> tuple[set[str], str]:
        pair = [override for override in tiny_pair if not override.startswith("data.delay")]
        done = run_here("train", "-m", "search=phase1", "study=tiny", *SMALL, *pair, *QUICK, *overrides)
        assert done.code == 0, done.err
        return names(log_dir / FOLDER), done.out

    return run


def names(folder: Path) -> set[str]:
    found = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/record.json")}
    assert all(record["candidate"] == name for name, record in found.items())
    return set(found)


BASE = "wavenet-l2-c3-k3_batch_size-8_segment_length-512"


def test_what_the_command_line_fixes_for_all_is_in_no_name(sweep, log_dir):
    found, _ = sweep(*SECTIONS, "seed=3", "model.kernel_size=2,3")
    assert found == {"wavenet-l2-c3-k2", "wavenet-l2-c3-k3"}
    assert (log_dir / FOLDER / "wavenet-l2-c3-k2/wavenet-l2-c3-k2.nam").exists()
    record = json.loads((log_dir / FOLDER / "wavenet-l2-c3-k2/record.json").read_text())
    assert record["settings"]["data.train"] == "0:2"
    assert record["settings"]["seed"] == 3


def test_the_same_command_finds_what_is_done_and_other_settings_have_other_names(sweep, log_dir):
    sweep(*SECTIONS, "seed=3")
    assert "done before" in sweep(*SECTIONS, "seed=3")[1]
    other = sweep("data.train=0:1.5", *SECTIONS[1:], "seed=3")[0]
    assert other == {"wavenet-l2-c3-k3", "wavenet-l2-c3-k3_train-0--1.5"}
    seeds, said = sweep(*SECTIONS, "seed=3,4")
    assert seeds - other == {"wavenet-l2-c3-k3_seed-4"}
    assert said.count("done before") == 1
    assert sweep(*SECTIONS)[0] - seeds == {"wavenet-l2-c3-k3_seed-0"}  # what is not said is the default
    assert not (log_dir / "replaced").exists()


def test_a_sweep_over_sections_keeps_them_apart_and_one_of_them_is_found_again(sweep):
    found, _ = sweep("data.train=0:1.5,0:2", *SECTIONS[1:])
    assert found == {"wavenet-l2-c3-k3_train-0--1.5", "wavenet-l2-c3-k3_train-0--2"}
    again, said = sweep("data.train=0:2", *SECTIONS[1:])
    assert again == found
    assert "done before" in said


def test_an_old_study_goes_on_under_its_names(sweep, log_dir, monkeypatch):
    with monkeypatch.context() as before:
        before.setattr("voxnas.callbacks.names.write_common", lambda *_: None)
        old, _ = sweep(*SECTIONS)
    assert old == {f"{BASE}_test-2.5--3_train-0--2_val-2--2.5"}
    again, said = sweep(*SECTIONS)
    assert again == old
    assert "done before" in said
    more, _ = sweep(*SECTIONS, "seed=1")
    assert more - old == {f"{BASE}_test-2.5--3_train-0--2_val-2--2.5_seed-1"}


def test_a_command_that_was_refused_names_nothing(sweep, run_here, tiny_pair, log_dir):
    wrong = ["data.train=0:200", *SECTIONS[1:]]
    given = ["-m", "search=phase1", "study=tiny", *SMALL, *tiny_pair, *QUICK]
    assert run_here("train", *given, *wrong).code != 0
    assert sweep(*SECTIONS)[0] == {"wavenet-l2-c3-k3"}


def test_those_that_climb_keep_their_names(sweep, run_here, tiny_pair, log_dir):
    phase1, _ = sweep(*SECTIONS, "seed=3", "model.kernel_size=2,3")
    assert run_here("promote", "study=tiny", "keep=2").code == 0
    given = ["-m", "search=phase2", "study=tiny", "trainer.max_epochs=1", *tiny_pair, *QUICK, *SECTIONS]
    done = run_here("train", *given)
    assert done.code == 0, done.err
    assert names(log_dir / "nas/tiny/phase2") == phase1


def test_a_ladder_leaves_out_what_is_fixed_on_every_rung(run_here, tiny_pair, log_dir):
    given = [
        "tradeoff=[score,parameters]",
        "search.rungs=[1,1]",
        "search.keep=1",
        "search.candidates=2",
        "model.channels=2,3",
    ]
    fixed = ["model.activation=ReLU", "training/optimizer=adam", *SECTIONS]
    ladder = ["-m", "search=ladder", "search.source=grid", "study=tiny", "model.num_layers=2"]
    done = run_here("train", *ladder, *given, *fixed, *tiny_pair, *QUICK)
    assert done.code == 0, done.err
    first, second = names(log_dir / "nas/tiny/rung1"), names(log_dir / "nas/tiny/rung2")
    assert first == {"wavenet-l2-c2-k3", "wavenet-l2-c3-k3"}
    assert len(second) == 1
    assert second < first
