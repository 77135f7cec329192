"""The benchmark's figures in the record."""

import sys

import pytest

from voxnas.callbacks.benchmark import Benchmark
from voxnas.engine.cost.profile import plugin_cost
from voxnas.engine.make import make_engine
from voxnas.export.nam import read_nam, write_nam
from voxnas.models.wavenet import stack
from voxnas.records.record import Record
from voxnas.utils.errors import InputError


def told(record: Record) -> tuple[object, object]:
    """The block size and the engine of the record's costs, which are the same for all of them."""
    conditions = {(cost["block_size"], cost["engine"]) for cost in record.cost.values()}
    (only,) = conditions
    return only


def test_the_first_block_size_gives_the_figures_and_all_are_kept(finished):
    record = finished.end_with(Benchmark(block_sizes=[128, 64], blocks=20, engine="torch"))
    assert told(record) == (128, "torch")
    assert 0 < record.value("cpu_median_ms") <= record.value("cpu_p99_ms") <= record.value("cpu_max_ms")
    assert record.value("cpu_rtf") == pytest.approx(record.value("cpu_median_ms") / (1000 * 128 / 8000))
    assert record.value("cpu_realtime_capable") is (record.value("cpu_rtf") < 0.8)
    assert [timing["block_size"] for timing in record.details["benchmarks"]] == [128, 64]
    assert all(timing["blocks"] >= 20 and timing["threads"] == 1 for timing in record.details["benchmarks"])
    assert record.details["benchmarks"][0]["mean_ms"] == record.value("cpu_mean_ms")


def test_by_default_the_record_says_which_engine_it_was(finished):
    record = finished.end_with(Benchmark(block_sizes=[64], blocks=20))
    assert told(record)[1] == record.details["benchmarks"][0]["engine"] == make_engine(stack(1, 1)).name


def test_the_plug_in_s_profile_is_recorded_at_its_own_block_size(finished):
    record = finished.end_with(Benchmark([512, 64], engine="profile", profile_build="avx512"))
    cost = plugin_cost(finished.module.network.architecture(), "avx512")
    assert (told(record), len(record.details["benchmarks"])) == ((64, "profile-avx512-2026-09"), 1)
    assert record.value("cpu_rtf") == pytest.approx(
        cost.rtf * 8000 / 48000
    )  # a block lasts six times as long at 8 kHz
    assert record.value("cpu_median_ms") == pytest.approx(cost.rtf * 64 / 48)
    assert (record.value("cpu_p99_ms"), record.value("cpu_max_ms")) == (None, None)
    assert "Sapphire Rapids" in record.details["benchmarks"][0]["cpu_model"]


def test_another_program_is_asked_on_the_exported_file(finished, tmp_path):
    tool, kept = tmp_path / "tool.py", tmp_path / "seen" / "amp.nam"
    kept.parent.mkdir()
    tool.write_text("import shutil, sys; shutil.copy(sys.argv[1], sys.argv[2]); print(sys.argv[3], 'us')")
    run = [sys.executable, str(tool), "{model}", str(kept), "{block_size}"]
    command = {"run": run, "pattern": "(.*) us", "unit": "us_per_block", "samples": None}
    record = finished.end_with(Benchmark([128, 64], engine="command", command=command, write_model=write_nam))
    assert told(record)[1].startswith("command:python")
    assert (told(record)[0], record.value("cpu_median_ms")) == (128, pytest.approx(0.128))
    assert [t["median_ms"] for t in record.details["benchmarks"]] == pytest.approx([0.128, 0.064])
    assert record.details["benchmarks"][0]["round_medians_ms"] == pytest.approx([0.128] * 3)
    assert read_nam(kept).network.num_parameters == finished.module.network.num_parameters
    assert not list(finished.folder.glob("*.nam"))


def test_what_the_profile_does_not_cover_is_refused_before_training(finished):
    finished.module.network = stack(2, 4, activation="Hardswish")
    with pytest.raises(InputError, match="Hardswish"):
        Benchmark([64], engine="profile").on_fit_start(finished.trainer, finished.module)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"engine": "warp"}, "unknown engine 'warp'; known are auto, native, torch, command, profile"),
        ({"block_sizes": []}, "block_sizes"),
        ({"block_sizes": [64, 0]}, "block_sizes"),
        ({"profile_build": "neon"}, "profile_build=neon"),
        ({"engine": "command"}, "needs command.run"),
        ({"engine": "command", "command": {"run": "python3 {model}", "speed": 3}}, "speed"),
        ({"engine": "command", "command": {"run": "python3 {model}"}}, "has no {block_size}"),
    ],
)
def test_settings_that_cannot_be_are_refused_at_once(settings, words):
    with pytest.raises(InputError) as caught:
        Benchmark(**settings)
    assert words in str(caught.value)
