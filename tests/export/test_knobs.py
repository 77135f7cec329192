"""Models with knobs in the files of plug-ins: folded, on the player's slider, or with the knobs they have."""

import json

import numpy as np
import pytest
import torch
from knobbed import shaken

from voxnas.engine.make import make_engine
from voxnas.export.aidax import write_aidax
from voxnas.export.convert import convert
from voxnas.export.files import CannotHold
from voxnas.export.load import load_model, load_models
from voxnas.export.nam import write_nam
from voxnas.export.proteus import write_proteus
from voxnas.export.record_json import write_record_json
from voxnas.models.controls import Control
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.wavenet import stack
from voxnas.utils.errors import InputError

RATE = 48000
CONTROLS = [Control("drive", 0, 10), Control("tone", 0, 1)]
NOISE = (0.3 * np.random.default_rng(0).standard_normal(2000)).astype(np.float32)


@pytest.fixture(params=["film", "weights"])
def network(request):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = stack(4, 4, head_scale=0.5, conditioning=request.param)
        network.follow(CONTROLS)
        return shaken(network).eval()


@pytest.fixture
def file(network, tmp_path):
    return str(write_record_json(network, tmp_path / "model.json", RATE))


def played(network, **setting) -> np.ndarray:
    engine = make_engine(network)
    engine.set_controls(setting, glide=0)
    engine.reset()
    return engine.process(NOISE)


def test_a_folded_file_plays_as_the_model_with_its_knobs_there(network, file, tmp_path):
    convert(file, "nam", controls={"drive": "7", "tone": 0.25})
    written = tmp_path / "wavenet-l4-c4-k3-drive7-tone0.25.nam"
    assert json.loads(written.read_text())["version"] == "0.5.4"  # as plain as any
    folded = load_model(written).network
    assert not folded.controls
    np.testing.assert_allclose(played(folded), played(network, drive=7, tone=0.25), rtol=0, atol=1e-6)


def test_a_knob_that_is_not_folded_stays_where_the_format_has_any(network, file, tmp_path):
    convert(file, "json", str(tmp_path / "one.json"), controls={"tone": 1})
    one = load_model(tmp_path / "one.json").network
    assert [control.name for control in one.controls] == ["drive"]
    np.testing.assert_allclose(played(one, drive=2), played(network, drive=2, tone=1), rtol=0, atol=1e-6)


def test_a_swept_knob_is_the_players_slider(network, file, tmp_path, capsys):
    convert(file, "nam_container", str(tmp_path / "all.nam"), controls={"drive": "sweep:11", "tone": 0.5})
    content = json.loads((tmp_path / "all.nam").read_text())
    limits = [submodel["max_value"] for submodel in content["config"]["submodels"]]
    assert limits == pytest.approx([place / 11 for place in range(1, 12)])
    models, _ = load_models(tmp_path / "all.nam")
    for place, model in enumerate(models):
        expected = played(network, drive=place, tone=0.5)
        np.testing.assert_allclose(played(model.network), expected, rtol=0, atol=1e-5)
        assert model.metadata["name"].endswith(f"drive={place}")
    assert "slim 0 to 0.0909: drive=0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("format", "controls", "message"),
    [
        ("nam", {}, r"no knobs \(drive, tone\).*controls.drive=5 controls.tone=0.5.*controls.drive=sweep:11"),
        ("nam", {"drive": 3}, r"no knobs \(tone\): give them values, such as controls.tone=0.5"),
        ("nam", {"drive": 11}, "drive=11: the knob goes from 0 to 10"),
        ("nam", {"gain": 1}, r"controls\.gain: the model has no such control; it has drive, tone"),
        ("nam", {"drive": "sweep:5", "tone": 0}, "add format=nam_container"),
        ("rtneural", {}, r"RTNeural file has no knobs"),
        ("nam_container", {"drive": "sweep:5"}, r"controls\.tone is left over.*controls.tone=0.5"),
        ("nam_container", {"drive": 5, "tone": 1}, "sweeps one of them, such as drive=sweep:11"),
        ("nam_container", {"drive": "sweep:5", "tone": "sweep:5"}, "drive and tone are swept"),
        ("nam_container", {"drive": "sweep:1", "tone": 0}, "two positions or more"),
        ("nam_container", {"drive": "sweep:999", "tone": 0}, "64 positions at most"),
    ],
)
def test_what_no_file_can_hold_is_refused_with_the_way_out(file, tmp_path, format, controls, message):
    with pytest.raises(InputError, match=message):
        convert(file, format, str(tmp_path / "out.nam"), controls=controls)
    assert not (tmp_path / "out.nam").exists()


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_aidax_and_proteus_files_have_their_knobs_both_ways(kind, tmp_path):
    torch.manual_seed(2)
    network = kind(40, skip=True, controls=[Control("gain"), Control("tone")]).eval()
    files = [write_aidax(network, tmp_path / "a.json", RATE)]
    assert json.loads(files[0].read_text())["in_shape"][-1] == 3
    if kind is LSTM:
        files.append(write_proteus(network, tmp_path / "p.json", 44100))
        assert json.loads(files[1].read_text())["model_data"]["input_size"] == 3
    for file in files:
        again = load_model(file).network
        assert [control.name for control in again.controls] == ["knob1", "knob2"]
        expected = played(network, gain=0.2, tone=0.9)
        np.testing.assert_allclose(played(again, knob1=0.2, knob2=0.9), expected, rtol=0, atol=1e-5)


def test_aidax_says_how_many_knobs_it_has(tmp_path):
    network = LSTM(8, controls=[Control(name) for name in "abc"])
    with pytest.raises(
        CannotHold, match=r"2 knobs at most; fix others of a, b, c, such as controls\.c=VALUE"
    ):
        write_aidax(network, tmp_path / "a.json", RATE)


def test_an_lstm_of_the_plugin_is_folded_too(tmp_path):
    network = LSTM(8, controls=[Control("gain")]).eval()
    with pytest.raises(CannotHold, match="no knobs"):
        write_nam(network, tmp_path / "a.nam", RATE)
    again = load_model(write_nam(network.fold({"gain": 0.3}), tmp_path / "a.nam", RATE)).network
    np.testing.assert_allclose(played(again), played(network, gain=0.3), rtol=0, atol=1e-6)
