"""What a network costs before training: measured once on a machine, and kept."""

import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import pytest

from voxnas.engine.cost.profile import plugin_cost
from voxnas.export.nam import write_nam
from voxnas.export.record_json import FILE_NAME, write_record_json
from voxnas.models.recurrent import GRU
from voxnas.models.wavenet import stack
from voxnas.search.cost import streaming
from voxnas.search.cost.base import CostUnknown
from voxnas.search.cost.cache import cached, keep_lower
from voxnas.utils.errors import InputError

CostMeter = partial(streaming.CostMeter, reference=stack(8, 8, name="reference"), write_model=write_nam)
AT_48, AT_44 = {"sample_rate": 48000}, {"sample_rate": 44100}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """Figures are kept here; libraries stay where they are, for compiling them takes seconds."""
    monkeypatch.setattr("voxnas.search.cost.cache.cache_folder", lambda: tmp_path)
    return tmp_path / "costs"


def figures(own_cache):
    """All but those of reference models."""
    return [path for path in own_cache.glob("*.json") if not path.name.startswith("reference-")]


def small(name: str = "small", **arguments):
    return stack(2, 4, name=name, **arguments)


def test_the_figure_is_one_that_the_engine_takes(own_cache):
    meter = CostMeter()
    cheap, dear = meter.cost(small(), AT_48), meter.cost(stack(8, 32), AT_48)
    assert 0 < cheap.value < dear.value < 0.8
    assert (dear.conditions["block_size"], dear.conditions["sample_rate"]) == (64, 48000)
    assert dear.figures["us_per_block"] == pytest.approx(dear.value * 1e6 * 64 / 48000)
    assert len(figures(own_cache)) == 2


def test_a_network_is_measured_once_whatever_its_name_and_weights():
    first = CostMeter().cost(small(), AT_48)
    assert CostMeter().cost(small("another"), AT_48) == first


@pytest.mark.parametrize(
    ("settings", "network", "shape"),
    [
        ({"block_size": 128}, {}, AT_48),
        ({"engine": "torch"}, {}, AT_48),
        ({}, {"activation": "ReLU"}, AT_48),
        ({}, {}, AT_44),
        ({"reference": stack(4, 8, name="another")}, {}, AT_48),
    ],
)
def test_other_conditions_have_figures_of_their_own(own_cache, settings, network, shape):
    CostMeter().cost(small(), AT_48)
    CostMeter(**settings).cost(small(**network), shape)
    assert len(figures(own_cache)) == 2


def test_what_the_run_s_record_says_stands(own_cache):
    meter, network = CostMeter(), small()
    known = json.loads(json.dumps(meter.cost(network, AT_48).as_values() | {"cpu_rtf": 0.123}))
    assert meter.cost(network, AT_48, known).value == 0.123


@pytest.mark.parametrize("other", [{"cpu_model": "another"}, {"block_size": 32}, {"engine": "torch"}])
def test_what_was_measured_elsewhere_or_otherwise_does_not_stand(other):
    meter, network = CostMeter(), small()
    known = meter.cost(network, AT_48).as_values() | {"cpu_rtf": 0.123} | other
    assert meter.cost(network, AT_48, known).value != 0.123


def test_the_plug_in_s_profile_tells_without_measuring(own_cache):
    cost = CostMeter(engine="profile", profile_build="avx512").cost(small(), AT_48)
    assert cost.value == pytest.approx(plugin_cost(small().architecture(), "avx512").rtf)
    assert not own_cache.exists()


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"of": "plugin"}, "in the plug-in's engine (default build)"),
        ({"engine": "profile", "profile_build": "avx512"}, "in the plug-in's engine (avx512 build)"),
        ({"of": "own"}, "in our own engine"),
    ],
)
def test_a_cost_says_in_which_engine_it_is(settings, where):
    said = CostMeter(**settings).cost(small(), AT_48).said
    assert said["cpu_rtf"].endswith(f" of real time {where} at block 64")
    assert said["us_per_block"].endswith(f" µs {where} at block 64")


def test_what_the_profile_does_not_cover_has_no_cost():
    with pytest.raises(CostUnknown, match="does not cover"):
        CostMeter(engine="profile").cost(GRU(8), AT_48)


def test_a_program_can_tell(tmp_path):
    script = tmp_path / "bench.sh"
    script.write_text('#!/bin/sh\ntest -s "$1" && echo x >> "$0.calls" && echo 0.25 ms\n')
    script.chmod(0o700)
    meter = CostMeter(engine="command", command={"run": f"{script} {{model}}"})
    cost = meter.cost(small(), AT_48)
    assert cost.value == pytest.approx(0.25 / (1000 * 64 / 48000))
    calls = (tmp_path / "bench.sh.calls").read_text()
    assert meter.cost(small("again"), AT_48) == cost
    assert (tmp_path / "bench.sh.calls").read_text() == calls
    other = CostMeter(engine="command", command={"run": [str(script), "{model}", "other"]})
    assert other.cost(small(), AT_48).conditions["engine"] != cost.conditions["engine"]


def test_settings_that_cannot_be_are_refused_at_once():
    with pytest.raises(InputError, match="block_sizes"):
        CostMeter(block_size=0)


def test_measured_again_it_costs_about_the_same(own_cache, tmp_path):
    meter, network = CostMeter(), stack(8, 16)
    first = meter.cost(network, AT_48).value
    write_record_json(network, tmp_path / "run" / FILE_NAME, 48000)
    assert meter.again(tmp_path / "run") == pytest.approx(first, rel=0.25)
    assert len(figures(own_cache)) == 1


def test_figures_of_slow_minutes_are_those_of_a_fast_machine_once_there_was_one(own_cache):
    before = CostMeter().cost(small(), AT_48).value
    (unit,) = own_cache.glob("reference-*.json")
    least = json.loads(unit.read_text())
    keep_lower(unit.stem, 0.98 * least)  # by chance
    assert CostMeter().cost(small(), AT_48).value == before
    keep_lower(unit.stem, 0.5 * least)
    assert CostMeter().cost(small(), AT_48).value == pytest.approx(before / 2)
    keep_lower(unit.stem, least)
    assert CostMeter().cost(small(), AT_48).value == pytest.approx(before / 2)


@pytest.mark.parametrize("content", ["", "{", "null", "-1.0", "NaN", '"0.1"', "[0.1]"])
def test_a_damaged_file_is_measured_again(own_cache, content):
    assert cached("a", lambda: 0.25) == 0.25
    (own_cache / "a.json").write_text(content)
    assert cached("a", lambda: 0.5) == 0.5
    assert cached("a", lambda: 0.75) == 0.5


def test_where_nothing_can_be_kept_the_figure_is_measured(tmp_path, caplog, monkeypatch):
    (tmp_path / "costs").write_text("in the way")
    assert cached("a", lambda: 0.25) == 0.25
    assert "cannot be kept" in caplog.text


def test_an_error_in_the_measurement_is_the_caller_s(own_cache):
    def fail() -> float:
        raise CostUnknown("no")

    with pytest.raises(CostUnknown):
        cached("a", fail)
    assert cached("a", lambda: 0.25) == 0.25


def _measure(_: int) -> list[float]:
    def measure() -> float:
        time.sleep(0.02)  # long enough for the others to come by
        return float(os.getpid())

    return [cached(str(key), measure) for key in range(8)]


def test_processes_agree_on_every_figure():
    with ProcessPoolExecutor(3, multiprocessing.get_context("fork")) as pool:
        figures = list(pool.map(_measure, range(3)))
    assert figures[0] == figures[1] == figures[2]
