"""The profile of the plug-in's engine, held against measurements that are not in its fit."""

import json
import runpy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from voxnas.engine.cost import profile
from voxnas.engine.cost.fast_path import has_fast_path
from voxnas.engine.cost.profile import plugin_cost
from voxnas.engine.cost.steps import BUILDS, PLAIN, WITH_EXP
from voxnas.engine.cost.work import wavenet_work
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError

ROOT = Path(__file__).parents[3]
MEASUREMENTS = ROOT.parent / "shared/data/plugin_cost_2.csv"
CONTENT = json.loads(Path(profile.__file__).with_name("plugin.json").read_text())
RANK, ERROR = 0.99, 0.03  # mean rank correlation and median error of thirds kept back
A2 = {
    "dilations": [1, 3, 7, 17, 41, 101, 239] * 2 + [1, 13] + [1, 3, 7, 17, 41, 101, 239],
    "kernel_size": [6] * 14 + [15] * 2 + [6] * 7,
    "activation": "LeakyReLU",
    "head_kernel_size": 16,
}
shared_data = pytest.mark.skipif(not MEASUREMENTS.exists(), reason=f"needs {MEASUREMENTS}")


def architecture(*arrays: dict) -> dict:
    return {"type": "WaveNet", "name": "amp", "layer_arrays": list(arrays), "head_scale": 0.02}


def rtf(*arrays: dict, build: str = "default") -> float:
    return plugin_cost(architecture(*arrays), build).rtf


@pytest.fixture(scope="module")
def fitting():
    return runpy.run_path(str(ROOT / "benchmarks/fit_plugin_cost.py"))


@pytest.fixture(scope="module")
def table(fitting) -> pd.DataFrame:
    return fitting["read"](MEASUREMENTS)


@pytest.mark.parametrize("build", BUILDS)
def test_presets_are_within_a_tenth_of_what_the_fit_says(build):
    costs = CONTENT["builds"][build]["coefficients"]
    errors = []
    for row in CONTENT["measured"]:
        if row["type"] == "WaveNet":
            shapes = [LayerArray.of(**array) for array in row["layer_arrays"]]
            if not has_fast_path(shapes):
                steps = wavenet_work(shapes, BUILDS[build])
                errors.append(sum(count * costs[step] for step, count in steps.items()) / row[build] - 1)
    assert len(errors) == 3
    assert max(np.abs(errors)) < 0.10


@pytest.mark.parametrize("build", BUILDS)
def test_a_network_that_was_measured_gets_what_was_measured(build):
    for row in CONTENT["measured"]:
        cost = plugin_cost(row, build)
        assert (cost.rtf, cost.basis) == (row[build], "measured"), row["name"]
    names = {row["name"] for row in CONTENT["measured"]}
    assert {"lite", "feather", "nano", "a2_3", "a2_8", "lstm_1x8", "lstm_2x16", "linear_512"} <= names


def test_the_shipped_presets_are_the_measured_ones():
    for name, measured in [("lite", 0.0653), ("feather", 0.0339), ("nano", 0.0272), ("standard", 0.0918)]:
        config = OmegaConf.to_container(OmegaConf.load(ROOT / f"configs/model/{name}.yaml"))
        assert rtf(*config["layer_arrays"]) == pytest.approx(measured, rel=0.05)


@pytest.mark.parametrize(
    ("name", "weights", "expected"), [("a2_lite", 1871, 0.0153), ("a2_full", 12146, 0.0784)]
)
def test_the_shipped_a2_are_those_that_the_engine_plays_by_code_of_their_own(name, weights, expected):
    config = OmegaConf.to_container(OmegaConf.load(ROOT / f"configs/model/{name}.yaml"))
    network = WaveNet(config["layer_arrays"], config["head_scale"])
    assert has_fast_path(network.shapes)
    assert (network.num_parameters + 1, network.receptive_field) == (
        weights,
        6347,
    )  # a file counts head_scale
    assert rtf(*config["layer_arrays"]) == pytest.approx(expected, rel=0.01)


def test_the_two_shapes_of_a2_are_told_as_the_engine_plays_them_and_their_neighbours_are_not():
    assert rtf({**A2, "channels": 3}) == pytest.approx(0.0153, rel=0.01)
    assert rtf({**A2, "channels": 8}) == pytest.approx(0.0784, rel=0.01)
    others = [
        {"activation": {"type": "LeakyReLU", "negative_slope": 0.02}},
        {"head_kernel_size": 8},
        {"head_bias": False},
        {"dilations": [40 if d == 41 else d for d in A2["dilations"]]},
    ]
    for other in others:
        assert rtf({**A2, "channels": 3, **other}) == pytest.approx(0.067, rel=0.05), other
    same = {"activation": [{"type": "LeakyReLU", "negative_slope": 0.01}] * 23, "bottleneck": 3}
    assert rtf({**A2, "channels": 3, **same}) == rtf({**A2, "channels": 3})


@shared_data
@pytest.mark.parametrize("build", BUILDS)
def test_networks_kept_back_are_ranked_and_told_within_the_limits(build, fitting, table):
    rows = fitting["of_the_fit"](table)
    steps = fitting["design"](list(rows["architecture"]), build).to_numpy()
    scores = fitting["cross_validate"](steps, rows[build].to_numpy())
    assert scores["spearman"] >= RANK
    assert scores["worst_median_error"] <= ERROR * 1.1
    assert scores["median_error"] <= ERROR
    assert scores == pytest.approx(CONTENT["builds"][build]["kept_back"], abs=0.002)


@shared_data
@pytest.mark.parametrize("build", BUILDS)
def test_the_shipped_costs_are_what_the_script_fits(build, fitting, table):
    rows = fitting["of_the_fit"](table)
    steps, measured = fitting["design"](list(rows["architecture"]), build), rows[build].to_numpy()
    fitted = steps.to_numpy() @ fitting["fit"](steps.to_numpy(), measured)
    told = [plugin_cost(one, build).rtf for one in rows["architecture"]]
    np.testing.assert_allclose(told, fitted, rtol=0.02)


def test_odd_widths_are_dearer_than_the_even_ones_above_them():
    def pair(first: int, second: int) -> float:
        one = {"dilations": [2**i for i in range(8)], "kernel_size": 5}
        return rtf({**one, "channels": first, "head_size": second}, {**one, "channels": second})

    assert pair(4, 4) < pair(4, 3)
    assert pair(8, 4) < pair(7, 4)


def test_narrower_can_cost_more_and_the_builds_differ():
    twelve, sixteen = (stack(6, channels, backend="torch").architecture() for channels in (12, 16))
    assert plugin_cost(twelve, "avx512").rtf > plugin_cost(sixteen, "avx512").rtf
    assert plugin_cost(twelve, "default").rtf < plugin_cost(sixteen, "default").rtf


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("activation", sorted(PLAIN | WITH_EXP))
@pytest.mark.parametrize("gated", [False, True])
def test_every_kind_of_the_fit_is_covered_and_costs_more_with_more_layers(build, activation, gated):
    for channels in (1, 3, 8, 13, 16):
        one = {"channels": channels, "activation": activation, "gating": "gated" if gated else "none"}
        short, long = ({**one, "dilations": [1] * layers} for layers in (3, 7))
        assert 0 < rtf(short, build=build) < rtf(long, build=build) < 1
        assert plugin_cost(architecture(long), build).basis == "fitted"


def test_what_is_only_made_up_of_known_steps_says_so():
    bases = [plugin_cost(architecture({"channels": n, "dilations": [1]})).basis for n in (16, 17)]
    assert bases == ["fitted", "extrapolated"]


def test_an_lstm_between_two_measured_sizes_lies_between_them():
    lstm = {"type": "LSTM", "num_layers": 1}
    sizes = {size: plugin_cost({**lstm, "hidden_size": size}) for size in (10, 12, 16)}
    assert sizes[10].rtf < sizes[12].rtf < sizes[16].rtf
    assert [cost.basis for cost in sizes.values()] == ["measured", "interpolated", "measured"]


@pytest.mark.parametrize("build", BUILDS)
def test_further_layers_of_an_lstm_and_chains_of_convolutions_are_told_by_their_steps(build):
    lstms = [plugin_cost({"type": "LSTM", "num_layers": n, "hidden_size": 20}, build) for n in (1, 2, 3, 4)]
    assert [cost.basis for cost in lstms] == ["measured", "fitted", "fitted", "fitted"]
    assert all(less.rtf < more.rtf for less, more in pairwise(lstms))
    chain = {"type": "ConvNet", "channels": 8, "activation": "Tanh"}
    short, long = ({**chain, "dilations": [1] * n, "kernel_size": [2] * n} for n in (4, 8))
    assert 0 < plugin_cost(short, build).rtf < plugin_cost(long, build).rtf
    assert plugin_cost({"type": "Linear", "taps": 300}, build).basis == "interpolated"


@pytest.mark.parametrize(
    "form", [{"bottleneck": 2}, {"head1x1_channels": 2}, {"gating": "blended"}, {"activation": "PReLU"}]
)
def test_forms_of_layers_that_were_measured_are_covered(form):
    assert 0 < rtf({"channels": 4, "dilations": [1, 2], **form}) < 1


def test_groups_are_refused_by_their_name():
    with pytest.raises(InputError, match="does not cover groups_input=2; 1 is"):
        rtf({"channels": 4, "dilations": [1], "groups_input": 2})


@pytest.mark.parametrize(
    ("network", "build", "words"),
    [
        ({"type": "GRU", "hidden_size": 8}, "default", "type 'GRU'; WaveNet, ConvNet, LSTM and Linear are"),
        ({"type": "Linear", "taps": 9000}, "default", "taps=9000; 64 to 8192 are"),
        ({}, "default", "type None"),
        (
            {"type": "LSTM", "num_layers": 5, "hidden_size": 8},
            "default",
            "LSTM of 5 × 8; 1 to 4 layers of 4 to 28 are",
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
