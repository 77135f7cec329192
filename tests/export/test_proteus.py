"""Proteus's files: what that player makes of them, the way there and back, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import rtneural_reference
import torch

from voxnas.export.files import CannotHold
from voxnas.export.load import load_model
from voxnas.export.proteus import write_proteus
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.wavenet import stack
from voxnas.utils.errors import InputError

NOISE = 0.5 * np.random.default_rng(2).standard_normal(120)


def seeded(hidden_size: int = 40, kind: type = LSTM, **further) -> LSTM:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return kind(hidden_size, **{"skip": True, **further}).eval()


@torch.no_grad()
def from_zeros(network: LSTM) -> np.ndarray:
    state = [torch.zeros_like(part) for part in network.initial_state()]
    return network.stream(torch.from_numpy(NOISE).float()[None, None], state)[0][0, 0].numpy()


def as_the_player_plays(content: dict) -> np.ndarray:
    """It transposes the weights for RTNeural's layers, and adds the input."""
    state = {key: np.array(values) for key, values in content["state_dict"].items()}
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    inputs, units, *biases = (state[f"rec.{name}"] for name in names)
    if content["model_data"]["unit_type"] == "GRU":
        inputs, units, *biases = (zrc(part) for part in (inputs, units, *biases))
        recurrent = rtneural_reference.gru(NOISE[:, None], [inputs.T, units.T, np.array(biases)], {})
    else:
        recurrent = rtneural_reference.lstm(NOISE[:, None], [inputs.T, units.T, sum(biases)], {})
    return rtneural_reference.dense(recurrent, [state["lin.weight"].T, state["lin.bias"]], {})[:, 0] + NOISE


def zrc(gates: np.ndarray) -> np.ndarray:
    """Gates in RTNeural's order."""
    reset, update, new = np.split(gates, 3)
    return np.concatenate([update, reset, new])


@pytest.fixture
def content(tmp_path) -> dict:
    return json.loads(write_proteus(seeded(), tmp_path / "given.json", 44100).read_text())


def store(folder: Path, content: dict) -> Path:
    path = folder / "changed.json"
    path.write_text(json.dumps(content))
    return path


def test_a_file_plays_as_its_network_and_comes_back_as_it_was(tmp_path, content):
    np.testing.assert_allclose(from_zeros(seeded()), as_the_player_plays(content), rtol=0, atol=1e-5)
    model = load_model(tmp_path / "given.json")
    assert (model.sample_rate, model.metadata) == (None, {})
    expected = seeded().state_dict()
    assert all(torch.equal(tensor, expected[key]) for key, tensor in model.network.state_dict().items())


def test_the_file_says_what_the_player_asks_for(content):
    assert content["model_data"] == {
        "model": "SimpleRNN",
        "input_size": 1,
        "skip": 1,
        "output_size": 1,
        "unit_type": "LSTM",
        "num_layers": 1,
        "hidden_size": 40,
        "bias_fl": True,
    }
    shapes = {key: np.shape(values) for key, values in content["state_dict"].items()}
    assert shapes == {
        "rec.weight_ih_l0": (160, 1),
        "rec.weight_hh_l0": (160, 40),
        "rec.bias_ih_l0": (160,),
        "rec.bias_hh_l0": (160,),
        "lin.weight": (1, 40),
        "lin.bias": (1,),
    }


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
@pytest.mark.parametrize("hidden_size", [3, 8, 40])
def test_any_number_of_units_is_read_and_a_gru_too(tmp_path, kind, hidden_size):
    network = seeded(hidden_size, kind={"LSTM": LSTM, "GRU": GRU}[kind])
    names = {"rec.weight_ih_l0", "rec.weight_hh_l0", "rec.bias_ih_l0", "rec.bias_hh_l0"}
    state = {name: network.state_dict()[name.replace("rec.", "units.")].tolist() for name in names}
    state |= {"lin.weight": network.head.weight.tolist(), "lin.bias": network.head.bias.tolist()}
    data = {"model": "SimpleRNN", "input_size": 1, "skip": 1, "output_size": 1, "unit_type": kind}
    content = {
        "model_data": {**data, "num_layers": 1, "hidden_size": hidden_size, "bias_fl": True},
        "state_dict": state,
    }
    read = load_model(store(tmp_path, content)).network
    assert read.architecture()["type"] == kind
    np.testing.assert_allclose(from_zeros(read), from_zeros(network), rtol=0, atol=1e-6)
    np.testing.assert_allclose(from_zeros(read), as_the_player_plays(content), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model_data", None, "model_data is missing"),
        ("model_data.input_size", 3, "weight_ih_l0.*1 entries for 3"),
        ("model_data.input_size", 99, "input_size is '99', not 1 and the knobs"),
        ("model_data.unit_type", "RNN", "unit_type is 'RNN', not one of LSTM, GRU"),
        ("model_data.unit_type", "GRU", r"weight_ih_l0.*160 entries for 120"),
        ("model_data.skip", 0, "skip is '0', not 1"),
        ("model_data.num_layers", 2, "num_layers"),
        ("model_data.hidden_size", 10**9, "hidden_size"),
        ("model_data.hidden_size", 39, r"weight_ih_l0.*160 entries for 156"),
        ("state_dict", [], "state_dict is not an object of"),
        ("state_dict.rec.bias_ih_l1", [0.0], "state_dict is not an object of"),
        ("state_dict.lin.bias", [0.0, 0.0], "lin.bias.*2 entries for 1"),
        ("state_dict.lin.bias", [1e300], "lin.bias holds numbers beyond float32"),
        ("state_dict.lin.weight", [["0"] * 40], "lin.weight"),
    ],
)
def test_what_is_damaged_or_cannot_be_played_is_refused_by_name(tmp_path, content, key, value, message):
    where, _, name = key.partition(".")
    if name:
        content[where][name] = value
    else:
        content[where] = value
    path = store(tmp_path, content)
    with pytest.raises(InputError, match=message) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}: ")


@pytest.mark.parametrize("network", [stack(2, 2), GRU(40, skip=True), LSTM(16, skip=True), LSTM(40, 2)])
def test_what_the_player_has_no_code_for_is_refused(tmp_path, network):
    with pytest.raises(CannotHold, match="one layer of LSTM with 40 units"):
        write_proteus(network, tmp_path / "a.json", 48000)
    with pytest.raises(CannotHold, match="skip=true"):
        write_proteus(seeded(skip=False), tmp_path / "a.json", 48000)
    assert not list(tmp_path.iterdir())
