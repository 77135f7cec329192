"""The profile of the plug-in's engine, held against measurements that are not in its fit."""

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from voxnas.engine.cost import profile
from voxnas.engine.cost.profile import plugin_cost
from voxnas.engine.cost.work import BUILDS, PLAIN, WITH_EXP, work
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import stack
from voxnas.utils.errors import InputError

ROOT = Path(__file__).parents[3]
MEASUREMENTS = ROOT.parent / "shared/data/plugin_cost.csv"
CONTENT = json.loads(Path(profile.__file__).with_name("plugin.json").read_text())
LIMITS = {"default": (0.97, 0.10), "avx512": (0.95, 0.15)}  # rank correlation, median error
shared_data = pytest.mark.skipif(not MEASUREMENTS.exists(), reason=f"needs {MEASUREMENTS}")


def architecture(*arrays: dict) -> dict:
    return {"type": "WaveNet", "name": "amp", "layer_arrays": list(arrays), "head_scale": 0.02}


def rtf(*arrays: dict, build: str = "default") -> float:
    return plugin_cost(architecture(*arrays), build).rtf


@pytest.fixture(scope="module")
def fitting():
    return runpy.run_path(str(ROOT / "benchmarks/fit_plugin_cost.py"))


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.read_csv(MEASUREMENTS)


@pytest.mark.parametrize("build", BUILDS)
def test_networks_measured_one_by_one_are_within_a_tenth_of_what_the_fit_says(build):
    costs = CONTENT["builds"][build]["coefficients"]
    errors = []
    for row in CONTENT["measured"]:
        if row["type"] == "WaveNet":
            steps = work([LayerArray.of(**array) for array in row["layer_arrays"]], BUILDS[build])
            fitted = sum(count * costs[step] for step, count in steps.items())
            errors.append(abs(fitted / row[build] - 1))
    assert len(errors) == 15
    assert max(errors) < 0.10
    assert np.median(errors) < 0.05


@pytest.mark.parametrize("build", BUILDS)
def test_a_network_that_was_measured_gets_what_was_measured(build):
    for row in CONTENT["measured"]:
        cost = plugin_cost(row, build)
        assert (cost.rtf, cost.basis) == (row[build], "measured"), row["name"]
    names = {row["name"] for row in CONTENT["measured"]}
    assert {"standard", "lite", "feather", "nano", "LSTM 1x8", "LSTM 1x16", "LSTM 1x24"} <= names


def test_the_shipped_presets_are_the_measured_ones():
    from omegaconf import OmegaConf

    for name, measured in [("standard", 0.097), ("lite", 0.07), ("feather", 0.037), ("nano", 0.028)]:
        config = OmegaConf.to_container(OmegaConf.load(ROOT / f"configs/model/{name}.yaml"))
        assert rtf(*config["layer_arrays"]) == measured


@shared_data
@pytest.mark.parametrize("build", BUILDS)
def test_shapes_kept_back_are_ranked_and_told_within_the_limits(build, fitting, table):
    networks = [fitting["shapes_of"](row) for row in table.itertuples()]
    steps = fitting["design"](networks, build).to_numpy()
    measured = table[f"rtf_block64_{build}_build"].to_numpy()
    scores = fitting["cross_validate"](steps, measured)
    rank, error = LIMITS[build]
    assert scores["worst_spearman"] >= rank
    assert scores["worst_median_error"] <= error
    assert scores == pytest.approx(CONTENT["builds"][build]["kept_back"], abs=0.002)


@shared_data
@pytest.mark.parametrize("build", BUILDS)
def test_the_shipped_costs_are_what_the_script_fits(build, fitting, table):
    networks = [fitting["shapes_of"](row) for row in table.itertuples()]
    steps, measured = fitting["design"](networks, build), table[f"rtf_block64_{build}_build"].to_numpy()
    fitted = steps.to_numpy() @ fitting["fit"](steps.to_numpy(), measured)
    told = [plugin_cost(architecture(*map(_arguments, shapes)), build).rtf for shapes in networks]
    np.testing.assert_allclose(told, fitted, rtol=0.02)


def _arguments(shape: LayerArray) -> dict:
    from voxnas.models.layer_array import as_arguments

    return as_arguments(shape)


def test_narrower_can_cost_more_and_the_builds_differ():
    twelve, sixteen = (stack(6, channels, backend="torch").architecture() for channels in (12, 16))
    assert plugin_cost(twelve, "avx512").rtf > plugin_cost(sixteen, "avx512").rtf
    assert plugin_cost(twelve, "default").rtf < plugin_cost(sixteen, "default").rtf


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("activation", sorted(PLAIN | WITH_EXP))
@pytest.mark.parametrize("gated", [False, True])
def test_every_kind_of_the_fit_is_covered_and_costs_more_with_more_layers(build, activation, gated):
    for channels in (1, 3, 8, 17, 24):
        one = {"channels": channels, "activation": activation, "gating": "gated" if gated else "none"}
        short, long = ({**one, "dilations": [1] * layers} for layers in (3, 7))
        assert 0 < rtf(short, build=build) < rtf(long, build=build) < 1
        assert plugin_cost(architecture(long), build).basis == "fitted"


def test_what_is_only_made_up_of_known_steps_says_so():
    assert plugin_cost(architecture({"channels": 4, "dilations": [1], "head_kernel_size": 4})).basis == (
        "extrapolated"
    )
    assert plugin_cost(architecture({"channels": 25, "dilations": [1], "gating": "gated"})).basis == (
        "extrapolated"
    )


def test_an_lstm_between_two_measured_sizes_lies_between_them():
    cost = plugin_cost({"type": "LSTM", "num_layers": 1, "hidden_size": 12, "name": "amp"})
    assert (cost.rtf, cost.basis) == (pytest.approx(0.0125), "interpolated")


def test_a_form_of_layer_that_the_steps_do_not_know_is_refused_by_its_name(monkeypatch):
    monkeypatch.setattr(profile, "_KNOWN", profile._KNOWN - {"head_bias"})
    assert rtf({"channels": 4, "dilations": [1], "head_bias": True}) > 0
    with pytest.raises(InputError, match="does not cover head_bias=False; True is"):
        rtf({"channels": 4, "dilations": [1], "head_bias": False})


@pytest.mark.parametrize(
    ("network", "build", "words"),
    [
        ({"type": "GRU", "hidden_size": 8}, "default", "type 'GRU'; WaveNet and LSTM are"),
        ({"type": "ConvNet"}, "default", "type 'ConvNet'"),
        ({}, "default", "type None"),
        (
            {"type": "LSTM", "num_layers": 2, "hidden_size": 8},
            "default",
            "LSTM of 2 × 8; one layer of 8 to 24",
        ),
        ({"type": "LSTM", "num_layers": 1, "hidden_size": 40}, "default", "LSTM of 1 × 40"),
        (architecture({"channels": 33, "dilations": [1]}), "default", "33 channels; up to 32 are"),
        (
            architecture({"channels": 4, "dilations": [1, 2], "activation": ["Tanh", "Fasttanh"]}),
            "default",
            "activation 'Fasttanh'; Hardtanh",
        ),
        (architecture({"channels": 4, "dilations": [1]}), "avx2", "unknown build 'avx2'"),
    ],
)
def test_what_was_not_measured_is_refused_by_name(network, build, words):
    with pytest.raises(InputError) as caught:
        plugin_cost(network, build)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
