"""AIDA-X's files: what that player makes of them, the way there and back, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import rtneural_reference
import torch

from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.aidax import HIDDEN_SIZES, write_aidax
from voxnas.export.files import CannotHold
from voxnas.export.formats import find_format
from voxnas.export.load import load_model
from voxnas.models.base import Network
from voxnas.models.build import build
from voxnas.models.conv_net import ConvNet
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.wavenet import stack
from voxnas.utils.errors import InputError

NOISE = 0.5 * np.random.default_rng(1).standard_normal(120)
METADATA = {
    "name": "My amp",
    "modeled_by": "Me",
    "gear_make": "Acme",
    "gear_model": "JTM 12",
    "tone_type": "crunch",
    "training": {"validation_esr": 0.01},
    "input_level_dbu": 12.0,
}


def seeded(kind: str, hidden_size: int = 8, **further) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        return build({"type": kind, "hidden_size": hidden_size, **further}).eval()


@torch.no_grad()
def from_zeros(network: Network) -> np.ndarray:
    state = [torch.zeros_like(part) for part in network.initial_state()]
    return network.stream(torch.from_numpy(NOISE).float()[None, None], state)[0][0, 0].numpy()


def as_the_player_plays(content: dict) -> np.ndarray:
    """Its order of things: the gain, the network, the gained input added, the other gain."""
    x = NOISE * 10 ** (content.get("in_gain", 0) / 20)
    y = rtneural_reference.run(content, x) + content.get("in_skip", 0) * x
    return y * 10 ** (content.get("out_gain", 0) / 20)


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_a_file_plays_as_its_network_and_comes_back_as_it_was(tmp_path, kind, skip):
    network = seeded(kind, 12, skip=skip)
    path = write_aidax(network, tmp_path / "amp.aidax.json", 44100, METADATA)
    content = json.loads(path.read_text())
    np.testing.assert_allclose(from_zeros(network), as_the_player_plays(content), rtol=0, atol=1e-5)
    model = load_model(path)
    assert model.sample_rate == 44100
    assert model.network.architecture() == {**network.architecture(), "name": "My amp"}
    np.testing.assert_allclose(from_zeros(model.network), from_zeros(network), rtol=0, atol=1e-6)


def test_metadata_has_the_player_s_names_there_and_ours_here(tmp_path):
    path = write_aidax(seeded("GRU"), tmp_path / "a.json", 48000, METADATA)
    assert json.loads(path.read_text())["metadata"] == {
        "name": "My amp",
        "samplerate": 48000,
        "source": "voxnas",
        "style": "crunch",
        "based": "Acme JTM 12",
        "author": "Me",
        "esr": 0.01,
    }
    ours = {"name": "My amp", "modeled_by": "Me", "tone_type": "crunch", "gear_model": "Acme JTM 12"}
    assert load_model(path).metadata == ours


@pytest.fixture
def content(tmp_path) -> dict:
    return json.loads(write_aidax(seeded("LSTM"), tmp_path / "given.json", 48000).read_text())


def store(folder: Path, content: dict, name: str = "changed.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(content))
    return path


@pytest.mark.parametrize(
    ("skip", "in_gain", "out_gain"),
    [(0, -12, 6.5), (0, 3.1, 0), (1, 6, -6), (1, 0, 0), (0, -200, 0), (1, -6, 3), (1, 4, 4)],
)
def test_gains_are_in_the_weights(tmp_path, content, skip, in_gain, out_gain):
    content |= {"in_skip": skip, "in_gain": in_gain, "out_gain": out_gain}
    network = load_model(store(tmp_path, content)).network
    np.testing.assert_allclose(from_zeros(network), as_the_player_plays(content), rtol=0, atol=1e-5)


@pytest.mark.parametrize("format", ["aidax", "json"])
def test_a_skip_of_another_gain_comes_back_as_it_was(tmp_path, content, format):
    content |= {"in_skip": 1, "in_gain": -6.0, "out_gain": 3.0}
    network = load_model(store(tmp_path, content)).network
    path = find_format(format).write(network, tmp_path / "again.json", 48000, {})
    np.testing.assert_allclose(from_zeros(load_model(path).network), from_zeros(network), rtol=0, atol=1e-6)
    clip = NOISE.astype(np.float32)
    native, torch_ = (play(make_engine(network, engine), clip) for engine in ("auto", "torch"))
    np.testing.assert_allclose(native, torch_, rtol=0, atol=1e-5)


def test_a_gain_that_the_player_takes_for_silence_is_not_written(tmp_path):
    with pytest.raises(CannotHold, match="cannot add its input with a gain of 1e-06"):
        write_aidax(seeded("LSTM", skip=True, skip_gain=1e-6), tmp_path / "a.json", 48000)


@pytest.mark.parametrize("suffix", [".json", ".aidax", ".AIDAX", ".aidadspmodel"])
def test_every_suffix_of_such_files_is_read(tmp_path, content, suffix):
    assert load_model(store(tmp_path, content, f"amp{suffix}")).sample_rate == 48000


@pytest.mark.parametrize(("said", "meant"), [("48000", 48000), (44100.0, 44100), ("", None), (None, None)])
def test_the_rate_may_stand_in_quotes_or_be_left_out(tmp_path, content, said, meant):
    content["metadata"] = {} if said is None else {"samplerate": said}
    assert load_model(store(tmp_path, content)).sample_rate == meant


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"in_skip": 2}, "in_skip is neither 0 nor 1"),
        ({"in_skip": True}, "in_skip is neither 0 nor 1"),
        ({"in_gain": "loud"}, "in_gain is not a number"),
        ({"out_gain": 1e6}, "out_gain of 1e.06 dB is more than 120"),
        ({"metadata": [1]}, "metadata is not an object"),
        ({"metadata": {"samplerate": "fast"}}, "sample_rate is not a rate"),
        ({"metadata": {"samplerate": "٤٨٠٠٠"}}, "sample_rate is not a rate"),
        ({"in_shape": [None, None, 2]}, "1 entries for 2"),
        ({"in_shape": [None, None, 99]}, "99 inputs, 32 at most"),
        ({"layers": []}, "layers"),
    ],
)
def test_what_is_damaged_or_cannot_be_played_is_refused_by_name(tmp_path, content, changes, message):
    path = store(tmp_path, content | changes)
    with pytest.raises(InputError, match=message) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_a_skip_around_convolutions_is_refused(tmp_path, content):
    conv = {"type": "dense", "shape": [1], "weights": [[[1.0]], [0.0]]}
    path = store(tmp_path, content | {"layers": [conv], "in_skip": 1})
    with pytest.raises(InputError, match="added to the output of convolutions"):
        load_model(path)


@pytest.mark.parametrize("network", [stack(2, 2), ConvNet(2, [1]), LSTM(8, num_layers=2), GRU(9)])
def test_what_the_player_has_no_code_for_is_refused(tmp_path, network):
    with pytest.raises(CannotHold, match="AIDA-X plays"):
        write_aidax(network, tmp_path / "a.json", 48000)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("hidden_size", HIDDEN_SIZES)
def test_every_size_that_the_player_has_is_written(tmp_path, hidden_size):
    path = write_aidax(seeded("GRU", hidden_size), tmp_path / "a.json", 48000)
    assert json.loads(path.read_text())["layers"][0]["shape"] == [None, None, hidden_size]
