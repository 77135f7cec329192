"""RTNeural's files: what that library would play of them, the way there and back, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import rtneural_reference
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.export.files import CannotHold
from voxnas.export.load import load_model
from voxnas.export.rtneural import write_rtneural
from voxnas.models.activations import PReLU
from voxnas.models.base import Network
from voxnas.models.build import build
from voxnas.models.conv_net import ConvNet, Linear
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.wavenet import stack
from voxnas.utils.errors import InputError

NOISE = 0.5 * np.random.default_rng(0).standard_normal(160)
ACTIVATIONS = ["Tanh", "ReLU", "Sigmoid", "PReLU", "LeakyReLU", {"type": "LeakyReLU", "negative_slope": 0.3}]


def seeded(architecture: dict, seed: int = 0) -> Network:
    """With slopes of their own for every channel."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(architecture)
        for module in network.modules():
            if isinstance(module, PReLU):
                torch.nn.init.uniform_(module.slopes, -0.5, 0.5)
    return network.eval()


@torch.no_grad()
def from_zeros(network: Network, x: np.ndarray = NOISE) -> np.ndarray:
    state = [torch.zeros_like(part) for part in network.initial_state()]
    return network.stream(torch.from_numpy(x).float()[None, None], state)[0][0, 0].numpy()


def plays_as_its_file(network: Network, path: Path) -> None:
    expected = rtneural_reference.run(json.loads(path.read_text()), NOISE)
    np.testing.assert_allclose(from_zeros(network), expected, rtol=0, atol=1e-5)


@st.composite
def chains(draw) -> dict:
    """An architecture that such a file can hold."""
    kind = draw(st.sampled_from(["LSTM", "GRU", "ConvNet", "Linear"]))
    if kind == "Linear":
        return {"type": kind, "taps": draw(st.integers(1, 20)), "bias": draw(st.booleans())}
    if kind == "ConvNet":
        dilations = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
        kernels = draw(st.lists(st.integers(1, 4), min_size=len(dilations), max_size=len(dilations)))
        sizes = {"channels": draw(st.integers(1, 6)), "dilations": dilations, "kernel_size": kernels}
        return {"type": kind, **sizes, "activation": draw(st.sampled_from(ACTIVATIONS))}
    return {"type": kind, "hidden_size": draw(st.integers(1, 12)), "num_layers": draw(st.integers(1, 4))}


@given(architecture=chains(), seed=st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_file_plays_as_its_network_and_comes_back_as_it_was(tmp_path_factory, architecture, seed):
    network = seeded(architecture, seed)
    path = write_rtneural(network, tmp_path_factory.mktemp("rt") / "amp.rtneural.json", 48000)
    plays_as_its_file(network, path)
    model = load_model(path)
    assert (model.sample_rate, model.metadata) == (None, {})
    assert type(model.network) is type(network)
    assert model.network.receptive_field == network.receptive_field
    np.testing.assert_allclose(from_zeros(model.network), from_zeros(network), rtol=0, atol=1e-6)


def test_the_layout_is_keras_s(tmp_path):
    network = seeded({"type": "ConvNet", "channels": 2, "dilations": [3], "kernel_size": 2})
    content = json.loads(write_rtneural(network, tmp_path / "a.json", 48000).read_text())
    assert content["in_shape"] == [None, None, 1]
    conv, head = content["layers"]
    assert (conv["type"], conv["activation"], conv["shape"]) == ("conv1d", "tanh", [None, None, 2])
    assert (conv["kernel_size"], conv["dilation"]) == ([2], [3])
    weight = network.state_dict()["convolutions.0.weight"]  # (out, in, taps)
    assert conv["weights"][0] == weight.permute(2, 1, 0).tolist()
    assert (head["type"], head["shape"], np.shape(head["weights"][0])) == ("dense", [None, None, 1], (2, 1))


def layer(kind: str, outputs: int, *weights, activation: str = "", **further) -> dict:
    described = {"type": kind, "activation": activation, "shape": [None, None, outputs], **further}
    return {**described, "weights": [np.round(w, 3).tolist() for w in weights]}


def conv1d(inputs: int, outputs: int, taps: int = 2, dilation: int = 1, activation: str = "") -> dict:
    random = np.random.default_rng(inputs + 10 * outputs)
    sizes = {"kernel_size": [taps], "dilation": [dilation]}
    weights = random.standard_normal((taps, inputs, outputs)), random.standard_normal(outputs)
    return layer("conv1d", outputs, *weights, activation=activation, **sizes)


def dense(inputs: int, outputs: int, activation: str = "", kind: str = "dense") -> dict:
    random = np.random.default_rng(inputs + 10 * outputs)
    weights = random.standard_normal((inputs, outputs)), random.standard_normal(outputs)
    return layer(kind, outputs, *weights, activation=activation)


NORM = np.array([[1.5, 0.5, -1.0], [0.1, 0.2, 0.3], [-0.3, 0.0, 0.7], [0.5, 2.0, 1.0]])
HEAD = dense(3, 1)
TANH = layer("activation", 3, activation="tanh")
FOREIGN = {
    "a perceptron": [dense(1, 3, "tanh"), dense(3, 3, "tanh"), dense(3, 1)],
    "a dense layer by its other name": [dense(1, 3, "relu", "time-distributed-dense"), dense(3, 1)],
    "a convolution of one tap at the end": [conv1d(1, 3, activation="sigmoid"), conv1d(3, 1, taps=1)],
    "an activation layer": [conv1d(1, 3), TANH, HEAD],
    "one slope for all": [conv1d(1, 3), layer("prelu", 3, [[0.2]]), dense(3, 1)],
    "batch normalisation": [conv1d(1, 3), layer("batchnorm", 3, *NORM, epsilon=0.01), TANH, HEAD],
    "batch normalisation, plain": [conv1d(1, 3), layer("batchnorm", 3, *NORM[2:], epsilon=0.0), TANH, HEAD],
    "a dilated filter": [conv1d(1, 1, taps=3, dilation=4)],
    "a gain": [dense(1, 1)],
}


@pytest.mark.parametrize("layers", FOREIGN.values(), ids=FOREIGN)
def test_what_others_write_is_played_as_rtneural_does(tmp_path, layers):
    path = tmp_path / "foreign.json"
    path.write_text(json.dumps({"in_shape": [None, 1], "layers": layers, "by": "another program"}))
    plays_as_its_file(load_model(path).network, path)


CANNOT = {
    "a WaveNet": (stack(2, 2), "residual, skip or gate"),
    "a skip": (LSTM(4, skip=True), "skip=false"),
    "an activation": (ConvNet(2, [1], activation="Softsign"), "no activation Softsign"),
}


@pytest.mark.parametrize(("network", "message"), CANNOT.values(), ids=CANNOT)
def test_what_it_cannot_hold_is_refused_by_the_reason(tmp_path, network, message):
    with pytest.raises(CannotHold, match=message) as error:
        write_rtneural(network, tmp_path / "a.json", 48000)
    assert str(tmp_path / "a.json") in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("network", [GRU(3), ConvNet(2, [1]), Linear(4)])
def test_a_diverged_network_is_not_written(tmp_path, network):
    with torch.no_grad():
        next(network.parameters()).view(-1)[0] = torch.inf
    with pytest.raises(InputError, match="NaN or infinity"):
        write_rtneural(network, tmp_path / "a.json", 48000)
    assert not list(tmp_path.iterdir())


def lstm_file() -> dict:
    random = np.random.default_rng(0)
    sizes = ((1, 8), (2, 8), (8,))
    return {
        "in_shape": [None, None, 1],
        "layers": [layer("lstm", 2, *map(random.standard_normal, sizes)), dense(2, 1)],
    }


def conv_file() -> dict:
    return {
        "in_shape": [1],
        "layers": [conv1d(1, 3, activation="tanh"), conv1d(3, 3, 2, 2, "tanh"), dense(3, 1)],
    }


BAD = {
    "in_shape": ([None, None, 3], "1 entries for 3"),
    "in_shape   ": ([None, None, 99], "99 inputs, 32 at most"),
    "in_shape ": (None, "in_shape does not end"),
    "in_shape  ": ([None, None, 1.0], "in_shape does not end"),
    "layers": ([], "list of 1 to 256 layers"),
    "layers ": ({"type": "lstm"}, "list of 1 to 256 layers"),
    "layers  ": ([None] * 300, "list of 1 to 256 layers"),
    "layers.0": (3, r"layers\[0\] is not an object"),
    "layers.0.type": ("attention", r"layers\[0\].type 'attention' cannot be played"),
    "layers.0.type ": (["lstm"], r"layers\[0\].type"),
    "layers.0.type  ": ("gru", r"layers\[0\].weights\[0\] is not a list of 1 × 6 numbers"),
    "layers.0.type   ": ("prelu", "does not follow a plain dense or conv1d"),
    "layers.0.shape": ([None, None, 10**9], r"layers\[0\].shape"),
    "layers.0.shape ": ([None, None, -2], r"layers\[0\].shape"),
    "layers.0.shape  ": ([None, None, 4], r"8 entries for 16"),
    "layers.0.activation": ("relu", "'relu' cannot be played in a lstm"),
    "layers.0.weights": ([], "list of 3 arrays"),
    "layers.0.weights.1": ([[0.0] * 8], r"layers\[0\].weights\[1\].*1 entries for 2"),
    "layers.0.weights.1.0.3": ("0.5", "something in it is no number"),
    "layers.0.weights.1.0.4": (True, "something in it is no number"),
    "layers.0.weights.1.0.5": ([1.0], "something in it is no number"),
    "layers.0.weights.2.0": (1e300, "beyond float32"),
    "layers.0.weights.2.1": (10**400, "beyond float32"),
    "layers.1": (None, r"layers\[1\] is not an object"),
    "layers.1.activation": ("tanh", "last layer"),
    "layers.1.activation ": ("softmax", "'softmax' cannot be played"),
    "layers.1.shape": ([None, None, 2], r"layers\[1\].weights\[0\]"),
}
BAD_CONV = {
    "layers.0.kernel_size": ([0], "kernel_size"),
    "layers.0.kernel_size ": ([3], "2 entries for 3"),
    "layers.0.dilation": ([2**31], "dilation"),
    "layers.0.dilation ": ([2**18], "receptive field"),
    "layers.0.dilation  ": ([-1], "dilation"),
    "layers.0.groups": (3, r"layers\[0\].groups"),
    "layers.0.strides": ([2], r"layers\[0\].strides"),
    "layers.0.activation": ("elu", "'elu' cannot be played; known are tanh, relu, sigmoid"),
    "layers.0.activation ": ("relu", "one activation"),
    "layers.1.activation": ("", "one activation"),
    "layers.1": (dense(3, 3), "one activation"),
    "layers.2": (conv1d(3, 1, taps=2), "in this order"),
    "layers.2 ": (layer("prelu", 3, [[0.1]]), "does not follow a plain"),
    "layers.2  ": (dense(3, 2), "one output"),
}


@pytest.mark.parametrize("key", BAD)
def test_what_is_damaged_or_cannot_be_played_is_refused_by_name(tmp_path, key):
    refuses(tmp_path, lstm_file(), key, *BAD[key])


@pytest.mark.parametrize("key", BAD_CONV)
def test_so_it_is_in_convolutions(tmp_path, key):
    refuses(tmp_path, conv_file(), key, *BAD_CONV[key])


def refuses(tmp_path: Path, content: dict, key: str, value, message: str) -> None:
    *parents, last = [int(k) if k.isdigit() else k for k in key.strip().split(".")]
    place = content
    for parent in parents:
        place = place[parent]
    place[last] = value
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_layers_in_an_order_that_no_network_has_are_refused_by_name(tmp_path):
    recurrent = lstm_file()["layers"][0]
    path = tmp_path / "mixed.json"
    first = {**recurrent, "weights": [np.ones((3, 8)).tolist(), *recurrent["weights"][1:]]}
    layers = [conv1d(1, 3, activation="tanh"), first, dense(2, 1)]
    path.write_text(json.dumps({"in_shape": [1], "layers": layers}))
    with pytest.raises(InputError, match="conv1d, lstm, conv1d in this order"):
        load_model(path)


def test_a_variance_that_is_none_is_refused(tmp_path):
    layers = [conv1d(1, 3), layer("batchnorm", 3, *-np.abs(NORM), epsilon=0.001), dense(3, 1)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"in_shape": [1], "layers": layers}))
    with pytest.raises(InputError, match="variance"):
        load_model(path)
