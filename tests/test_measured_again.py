"""Studies whose finished runs are measured in another way: nothing is trained, and figures compare again."""

import json
import shutil
from pathlib import Path

import pytest

from voxnas.problems.amp.module import AmpModule
from voxnas.records.record import Record
from voxnas.search.identity import schema1_run_identity

QUICK = ["callbacks.benchmark.blocks=10", "callbacks.preview=null", "logger=csv", "trainer.max_epochs=1"]
NETWORK = ["model.num_layers=2", "model.channels=3", "name=amp"]


@pytest.fixture
def run(run_here, tiny_pair):
    def start(*overrides: str):
        return run_here(
            "train", "-m", "search=phase1", "study=tiny", *NETWORK, *tiny_pair, *QUICK, *overrides
        )

    return start


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the study stays that the first test trains, for the others to begin with."""
    return tmp_path_factory.mktemp("kept") / "nas"


@pytest.fixture
def trained(run, log_dir, kept, monkeypatch) -> Path:
    """The folder of a finished run, after which no step is trained any more."""
    if kept.is_dir():
        shutil.copytree(kept, log_dir / "nas")
    else:
        done = run("callbacks.benchmark.block_sizes=[128,64]")
        assert done.code == 0, done.err
        shutil.copytree(log_dir / "nas", kept)

    def fails(*_) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(AmpModule, "training_step", fails)
    return log_dir / "nas/tiny/phase1/amp"


def rows(record: Record) -> list[tuple]:
    return [(timing["block_size"], timing["engine"]) for timing in record.details["benchmarks"]]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (["callbacks.benchmark.block_sizes=[64,32]"], [(64, None), (32, None)]),
        (["callbacks.benchmark.block_sizes=[64,128]"], [(64, None), (128, None)]),
        (
            ["callbacks.benchmark.engine=torch", "callbacks.benchmark.block_sizes=[128]"],
            [(128, "torch")],
        ),
        (["callbacks.benchmark.engine=profile"], [(64, "profile-default-2026-09")]),
    ],
)
def test_other_settings_of_the_benchmark_measure_anew_and_the_same_do_nothing(run, trained, settings, found):
    before = Record.read(trained)
    done = run(*settings)
    assert done.code == 0, done.err
    assert "(measured again)" in done.out
    after = Record.read(trained)
    assert [size for size, _ in rows(after)] == [size for size, _ in found]
    assert all(engine in (None, row[1]) for (_, engine), row in zip(found, rows(after), strict=True))
    assert after.cost["cpu_rtf"]["block_size"] == found[0][0]
    assert after.value("cpu_rtf") == after.details["benchmarks"][0]["rtf"]
    own = {name: cost for name, cost in after.cost.items() if name != "plugin_rtf"}
    assert {cost["engine"] for cost in own.values()} == {rows(after)[0][1]}
    assert after.cost["plugin_rtf"] == before.cost["plugin_rtf"]
    for same in ("identity", "status", "score", "history", "created", "architecture", "exports"):
        assert getattr(after, same) == getattr(before, same)
    assert after.metrics == pytest.approx(before.metrics)

    written = (trained / "record.json").read_bytes()
    again = run(*settings)
    assert "(done before)" in again.out
    assert (trained / "record.json").read_bytes() == written


def test_how_many_blocks_are_timed_is_no_other_way(run, trained):
    written = (trained / "record.json").read_bytes()
    done = run("callbacks.benchmark.block_sizes=[128,64]", "callbacks.benchmark.blocks=20")
    assert "(done before)" in done.out
    assert (trained / "record.json").read_bytes() == written


def test_other_settings_of_a_program_measure_anew(run, trained, tmp_path):
    (tmp_path / "tool.sh").write_text("#!/bin/sh\necho $2 ms\n")
    (tmp_path / "tool.sh").chmod(0o700)
    given = ["callbacks.benchmark.engine=command", "callbacks.benchmark.block_sizes=[64]"]
    for ms in (1, 2):
        command = f"callbacks.benchmark.command.run='{tmp_path}/tool.sh {{model}} {ms}'"
        assert "(measured again)" in run(*given, command).out
        assert Record.read(trained).value("cpu_rtf") == pytest.approx(ms / 8)  # a block lasts 8 ms at 8 kHz
        assert "(done before)" in run(*given, command).out


def test_where_the_figure_cannot_be_had_the_finished_run_stays_so(run, trained, tmp_path):
    written = (trained / "record.json").read_bytes()
    (tmp_path / "tool.sh").write_text("#!/bin/sh\necho nothing\n")
    (tmp_path / "tool.sh").chmod(0o700)
    given = ["callbacks.benchmark.engine=command", "callbacks.benchmark.block_sizes=[64]"]
    done = run(*given, f"callbacks.benchmark.command.run='{tmp_path}/tool.sh {{model}}'")
    assert done.code == 1
    assert "amp  failed: measured again: " in done.out
    assert (trained / "record.json").read_bytes() == written


def test_without_its_weights_a_run_keeps_its_figures(run, trained):
    written = (trained / "record.json").read_bytes()
    (trained / "checkpoints/best.ckpt").unlink()
    done = run("callbacks.benchmark.block_sizes=[32]")
    assert "amp: measured in another way, and its weights are gone" in done.err
    assert "(done before)" in done.out
    assert (trained / "record.json").read_bytes() == written


@pytest.fixture
def of_then(trained, composed, tiny_pair) -> Path:
    """The run as the first edition had it: its figures in one list, its identity by the rule of then."""
    new = json.loads((trained / "record.json").read_bytes())
    overrides = [*NETWORK, *tiny_pair, *QUICK, "search=phase1", "study=tiny"]
    groups = ("metrics", "shape", "cost", "estimate", "details", "problem", "kind", "maximise", "score")
    old = {name: value for name, value in new.items() if name not in groups}
    old |= new["metrics"] | new["shape"] | new["details"] | {"best_val_loss": new["score"]}
    old |= {name: cost["value"] for name, cost in new["cost"].items()}
    old |= {"cost": new["estimate"], "block_size": 128, "engine": new["cost"]["cpu_rtf"]["engine"]}
    old["history"] = [{k.replace("score", "val_esr"): v for k, v in e.items()} for e in new["history"]]
    known = Record.read(trained)
    old |= {"schema_version": 1, "identity": schema1_run_identity(composed("train", *overrides), known)}
    assert old["identity"] != new["identity"]
    (trained / "record.json").write_text(json.dumps(old))
    return trained


def test_a_finished_run_of_the_first_edition_is_found_and_left_as_it_is(run, of_then):
    written = (of_then / "record.json").read_bytes()
    done = run("callbacks.benchmark.block_sizes=[128,64]")
    assert "(done before)" in done.out, done.err
    assert (of_then / "record.json").read_bytes() == written


def test_measured_again_it_becomes_one_of_this_edition_with_the_identity_of_then(run, of_then):
    before = Record.read(of_then)
    done = run("callbacks.benchmark.block_sizes=[32]")
    assert "(measured again)" in done.out, done.err
    after = Record.read(of_then)
    assert (after.schema_version, after.identity) == (2, before.identity)
    assert (after.score, after.shape, after.history) == (before.score, before.shape, before.history)
    assert rows(after)[0][0] == after.cost["cpu_rtf"]["block_size"] == 32
    written = (of_then / "record.json").read_bytes()
    assert "(done before)" in run("callbacks.benchmark.block_sizes=[32]").out
    assert (of_then / "record.json").read_bytes() == written


def test_a_run_of_the_first_edition_with_other_settings_is_trained_anew(run, of_then, log_dir):
    done = run("callbacks.benchmark.block_sizes=[128,64]", "training.optimizer.lr=0.5")
    assert "trained again" in Record.read(of_then).reason
    assert done.code == 1
    assert len(list((log_dir / "replaced").rglob("record.json"))) == 1
