"""The benchmark's figures in the record."""

import pytest

from voxnas.callbacks.benchmark import Benchmark
from voxnas.engine.make import make_engine
from voxnas.models.wavenet import stack


def test_the_first_block_size_gives_the_figures_and_all_are_kept(finished):
    record = finished.end_with(Benchmark(block_sizes=[128, 64], blocks=20, engine="torch"))
    assert (record.block_size, record.engine) == (128, "torch")
    assert 0 < record.cpu_median_ms <= record.cpu_p99_ms <= record.cpu_max_ms
    assert record.cpu_rtf == pytest.approx(record.cpu_median_ms / (1000 * 128 / 8000))
    assert record.cpu_realtime_capable is (record.cpu_rtf < 0.8)
    assert [timing["block_size"] for timing in record.benchmarks] == [128, 64]
    assert all(timing["blocks"] >= 20 and timing["threads"] == 1 for timing in record.benchmarks)
    assert record.benchmarks[0]["mean_ms"] == record.cpu_mean_ms


def test_by_default_the_record_says_which_engine_it_was(finished):
    record = finished.end_with(Benchmark(block_sizes=[64], blocks=20))
    assert record.engine == record.benchmarks[0]["engine"] == make_engine(stack(1, 1)).name
