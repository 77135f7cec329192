"""LSTM, ConvNet, Linear and containers in `.nam` files, against the plug-in's mathematics in plain numpy."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from plugin_others import Numbers, conv_net, linear, lstm
from streams import clip, seeded

from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.nam import NamModel, read_nam, write_nam
from voxnas.utils.errors import InputError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "nam"
Signal = NDArray[np.float64]


REFERENCE = {"LSTM": lstm, "ConvNet": conv_net, "Linear": linear}


def expected(content: dict, x: NDArray[np.float32]) -> Signal:
    numbers = Numbers(content["weights"])
    y = REFERENCE[content["architecture"]](content["config"], numbers, x.astype(np.float64))
    assert not numbers.left.size
    return y


def file(tmp_path: Path, architecture: str, config: dict, count: int, seed: int = 0) -> tuple[Path, dict]:
    """Of random weights, none of which our own writer has touched."""
    weights = (0.4 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32).tolist()
    content = {"version": "0.5.4", "architecture": architecture, "config": config, "weights": weights}
    path = tmp_path / "model.nam"
    path.write_text(json.dumps(content))
    return path, content


def assert_sounds_as(path: Path, content: dict) -> None:
    x = clip(500)
    y = expected(content, x)
    for kind in ("auto", "torch"):
        error = np.abs(play(make_engine(read_nam(path).network, kind), x) - y).max()
        assert error <= 1e-5 * max(1.0, np.abs(y).max())


def lstm_size(units: int, layers: int) -> int:
    inputs = [1, *[units] * (layers - 1)]
    return sum(4 * units * (n + units + 1) + 2 * units for n in inputs) + units + 1


def test_the_plug_in_s_own_lstm_sounds_as_in_its_engine():
    soundfile = pytest.importorskip("soundfile")
    if not SHARED.is_dir():
        pytest.skip(f"the plug-in's example files are not at {SHARED}")
    x, _ = soundfile.read(SHARED / "input.wav", dtype="float32")
    y, _ = soundfile.read(SHARED / "lstm_expected.wav", dtype="float32")
    network = read_nam(SHARED / "lstm.nam").network
    for kind in ("auto", "torch"):
        assert np.abs(play(make_engine(network, kind), x) - y).max() < 1e-4


def test_all_models_of_the_plug_in_s_own_container_are_read():
    if not SHARED.is_dir():
        pytest.skip(f"the plug-in's example files are not at {SHARED}")
    models = submodels(SHARED / "a2_container.nam", 2)
    assert [model.network.summary()["channels"] for model in models] == [3, 8]
    assert {model.sample_rate for model in models} == {48000}


@pytest.mark.parametrize(("units", "layers"), [(1, 1), (3, 2), (16, 1), (5, 4)])
def test_an_lstm_s_file_is_understood(tmp_path, units, layers):
    config = {"input_size": 1, "hidden_size": units, "num_layers": layers}
    assert_sounds_as(*file(tmp_path, "LSTM", config, lstm_size(units, layers)))


@pytest.mark.parametrize("activation", ["Tanh", "ReLU", "Sigmoid"])
@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("batchnorm", [False, True])
def test_a_conv_net_s_file_is_understood(tmp_path, activation, channels, batchnorm):
    config = {"channels": channels, "dilations": [1, 2, 5], "batchnorm": batchnorm, "activation": activation}
    config |= {"groups": 1, "in_channels": 1}
    behind = 4 * channels + 1 if batchnorm else channels
    counts = [2 * channels * n + behind for n in (1, channels, channels)]
    path, content = file(tmp_path, "ConvNet", config, sum(counts) + channels + 1)
    if batchnorm:  # variances are above zero
        content["weights"] = [abs(weight) + 0.1 for weight in content["weights"]]
        path.write_text(json.dumps(content))
    assert_sounds_as(path, content)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("taps", [1, 2, 700])
def test_an_impulse_response_s_file_is_understood(tmp_path, taps, bias):
    config = {"receptive_field": taps, "bias": bias, "implementation": "fft"}
    assert_sounds_as(*file(tmp_path, "Linear", config, taps + bias))


@settings(max_examples=25, deadline=None)
@given(
    form=st.one_of(
        st.fixed_dictionaries(
            {"type": st.just("LSTM"), "hidden_size": st.integers(1, 20), "num_layers": st.integers(1, 3)}
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("ConvNet"),
                "channels": st.integers(1, 9),
                "dilations": st.lists(st.integers(1, 60), min_size=1, max_size=5),
                "activation": st.sampled_from(["Tanh", "ReLU", "Sigmoid"]),
            }
        ),
        st.fixed_dictionaries(
            {"type": st.just("Linear"), "taps": st.integers(1, 500), "bias": st.booleans()}
        ),
    ),
    seed=st.integers(0, 1000),
)
def test_what_is_written_sounds_the_same_in_the_plug_in_and_when_read_back(tmp_path_factory, form, seed):
    network = seeded(seed, **form)
    path = write_nam(network, tmp_path_factory.mktemp("nam") / "model.nam", 44100)
    content = json.loads(path.read_text())
    assert content["version"] == "0.5.4"
    x = clip(300)
    y = play(make_engine(network), x)
    np.testing.assert_allclose(expected(content, x), y, rtol=0, atol=1e-5)
    read = read_nam(path).network
    assert {**read.architecture(), "name": ""} == {**network.architecture(), "name": ""}
    np.testing.assert_allclose(play(make_engine(read), x), y, rtol=0, atol=1e-5)


def test_an_lstm_s_file_holds_the_state_that_silence_leaves(tmp_path):
    network = seeded(type="LSTM", hidden_size=4)
    content = json.loads(write_nam(network, tmp_path / "a.nam", 48000).read_text())
    with torch.no_grad():
        hidden, cell = network.initial_state()
    state = [*hidden.flatten().tolist(), *cell.flatten().tolist()]
    assert content["weights"][-5 - 8 : -5] == pytest.approx(state, abs=1e-7)
    assert max(map(abs, state)) > 0.01
    read = read_nam(tmp_path / "a.nam").network
    torch.testing.assert_close(read.start, torch.stack([hidden, cell])[:, :, 0], rtol=0, atol=1e-7)


def test_a_written_file_has_the_plug_in_s_keys(tmp_path):
    def config(**form) -> dict:
        return json.loads(write_nam(seeded(**form), tmp_path / "a.nam", 48000).read_text())["config"]

    assert config(type="LSTM", hidden_size=3) == {"input_size": 1, "hidden_size": 3, "num_layers": 1}
    assert config(type="Linear", taps=5) == {"receptive_field": 5, "bias": False}
    assert config(type="ConvNet", channels=2, dilations=[1, 4]) == {
        "channels": 2,
        "dilations": [1, 4],
        "batchnorm": False,
        "activation": "Tanh",
    }


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"type": "GRU"}, "cannot hold a GRU; use format=json"),
        ({"type": "LSTM", "skip": True}, "skip"),
        ({"type": "ConvNet", "kernel_size": 3}, "kernels of 2"),
        ({"type": "ConvNet", "activation": "PReLU"}, "'PReLU'"),
        ({"type": "ConvNet", "activation": {"type": "LeakyReLU", "negative_slope": 0.2}}, "0.2"),
    ],
)
def test_what_the_plug_in_has_not_is_not_written(tmp_path, form, message):
    with pytest.raises(InputError, match=message) as error:
        write_nam(seeded(**form), tmp_path / "a.nam", 48000)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


CONFIGS = {
    "LSTM": ({"input_size": 1, "hidden_size": 2, "num_layers": 1}, lstm_size(2, 1)),
    "ConvNet": ({"channels": 2, "dilations": [1], "batchnorm": False, "activation": "Tanh"}, 9),
    "Linear": ({"receptive_field": 3, "bias": True}, 4),
}
BAD = [
    ("LSTM", "input_size", 2, "config.input_size = 2 "),
    ("LSTM", "input_size", None, "config.input_size"),
    ("LSTM", "hidden_size", -1, "config.hidden_size"),
    ("LSTM", "hidden_size", 2**30, "config.hidden_size"),
    ("LSTM", "hidden_size", 2**17, "too large to play"),
    ("LSTM", "hidden_size", 3, r"\d+ weights, but its config needs \d+"),
    ("LSTM", "num_layers", 1.5, "config.num_layers"),
    ("LSTM", "num_layers", 10**6, "config.num_layers"),
    ("LSTM", "skip", True, "config.skip"),
    ("LSTM", "out_channels", 2, "config.out_channels = 2"),
    ("ConvNet", "groups", 2, "config.groups = 2"),
    ("ConvNet", "channels", 0, "config.channels"),
    ("ConvNet", "dilations", [], "config.dilations"),
    ("ConvNet", "dilations", [1, -1], "config.dilations"),
    ("ConvNet", "dilations", [1] * 1000, "config.dilations"),
    ("ConvNet", "dilations", [2**18], "receptive field"),
    ("ConvNet", "batchnorm", True, r"9 weights, but its config needs 16"),
    ("ConvNet", "batchnorm", 1, "config.batchnorm"),
    ("ConvNet", "activation", "GELU", "'GELU'"),
    ("ConvNet", "activation", "PReLU", "'PReLU'"),
    ("ConvNet", "activation", {"type": "Tanh"}, "config.activation"),
    ("ConvNet", "film", {"active": True}, "config.film"),
    ("Linear", "receptive_field", 0, "config.receptive_field"),
    ("Linear", "receptive_field", 4, "4 weights, but its config needs 5"),
    ("Linear", "bias", None, "config.bias"),
    ("Linear", "implementation", 3, "config.implementation"),
    ("Linear", "in_channels", 2, "config.in_channels = 2"),
]


@pytest.mark.parametrize(("architecture", "key", "value", "message"), BAD)
def test_what_is_damaged_or_cannot_be_played_is_refused_by_name(tmp_path, architecture, key, value, message):
    config, count = CONFIGS[architecture]
    assert read_nam(file(tmp_path, architecture, config, count)[0])  # good as it is
    path, _ = file(tmp_path, architecture, {**config, key: value}, count)
    with pytest.raises(InputError, match=message) as error:
        read_nam(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_a_variance_that_is_none_is_refused(tmp_path):
    config, _ = CONFIGS["ConvNet"]
    path, content = file(tmp_path, "ConvNet", {**config, "batchnorm": True}, 16)
    content["weights"] = [-1.0] * 16
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="block 0 has a variance that is not above zero"):
        read_nam(path)


def submodels(path: Path, count: int) -> list[NamModel]:
    return [read_nam(path, submodel) for submodel in range(count)]


def container(tmp_path: Path, values: list, models: list | None = None) -> Path:
    config, count = CONFIGS["Linear"]
    _, model = file(tmp_path, "Linear", config, count)
    models = models or [model] * len(values)
    entries = [{"max_value": value, "model": model} for value, model in zip(values, models, strict=True)]
    content = {"version": "0.7.0", "architecture": "SlimmableContainer", "weights": []}
    path = tmp_path / "container.nam"
    path.write_text(json.dumps({**content, "config": {"submodels": entries}, "sample_rate": 44100}))
    return path


def test_a_container_s_models_are_all_read_in_their_order(tmp_path):
    files = [file(tmp_path, "Linear", {"receptive_field": n, "bias": False}, n)[1] for n in (1, 2, 3)]
    path = container(tmp_path, [0.3, 0.5, 1], files)
    models = submodels(path, 3)
    assert [model.network.receptive_field for model in models] == [1, 2, 3]
    assert {model.sample_rate for model in models} == {44100}
    with pytest.raises(InputError, match="no submodel 3; it holds 0 to 2"):
        read_nam(path, 3)
    path, _ = file(tmp_path, "Linear", {"receptive_field": 7, "bias": False}, 7)
    assert submodels(path, 1)[0].network.receptive_field == 7


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, 0.5], r"submodels\[1\].max_value"),
        ([1.0, 0.5], r"submodels\[1\].max_value"),
        (["all"], r"submodels\[0\].max_value"),
        ([True], r"submodels\[0\].max_value"),
        ([0.2, 0.9], "ends with a max_value of 0.9"),
        ([], "not a list of 1 to 64 models"),
    ],
)
def test_a_container_of_doubtful_order_is_refused(tmp_path, values, message):
    path = container(tmp_path, values)
    for submodel in (None, 0):
        with pytest.raises(InputError, match=message):
            read_nam(path, submodel)


def test_a_container_s_containers_are_read_in_their_place(tmp_path):
    small, middle, large = (
        file(tmp_path, "Linear", {"receptive_field": n, "bias": False}, n)[1] for n in (1, 2, 3)
    )
    inner = json.loads(container(tmp_path, [0.5, 1.0], [small, middle]).read_text())
    models = submodels(container(tmp_path, [0.5, 1.0], [inner, large]), 3)
    assert [model.network.receptive_field for model in models] == [1, 2, 3]


def test_containers_in_one_another_without_end_are_refused(tmp_path):
    path = container(tmp_path, [1.0])
    for _ in range(8):
        path = container(tmp_path, [1.0], [json.loads(path.read_text())])
    with pytest.raises(InputError, match="more than 8 deep"):
        read_nam(path)
