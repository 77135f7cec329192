"""`.nam` files: what the plug-in's engine makes of them, the way there and back, and what is refused."""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.nam import read_nam, write_nam
from voxnas.models.activations import ACTIVATIONS
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "nam"


def seeded(arrays: list[dict], head_scale: float = 0.1, seed: int = 0) -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return WaveNet(arrays, head_scale, name="seeded")


def output(network) -> np.ndarray:
    clip = 0.3 * np.random.default_rng(0).standard_normal(2000)
    return play(make_engine(network), clip.astype(np.float32))


@pytest.mark.parametrize("name", ["wavenet", "a1_standard", "a2_container"])
def test_the_plug_ins_own_examples_sound_as_in_its_engine(name):
    soundfile = pytest.importorskip("soundfile")
    if not SHARED.is_dir():
        pytest.skip(f"the plug-in's example files are not at {SHARED}")
    clip, _ = soundfile.read(SHARED / "input.wav", dtype="float32")
    expected, _ = soundfile.read(SHARED / f"{name}_expected.wav", dtype="float32")
    model = read_nam(SHARED / f"{name}.nam")
    assert np.abs(play(make_engine(model.network), clip) - expected).max() < 1e-4


def one_or_per_layer(draw, layers: int, of: st.SearchStrategy):
    return draw(st.one_of(of, st.lists(of, min_size=layers, max_size=layers)))


@st.composite
def forms(draw) -> list[dict]:
    """Layer arrays that fit each other, uniform or with everything per layer."""
    arrays = []
    channels = draw(st.integers(1, 5))
    count = draw(st.integers(1, 3))
    for i in range(count):
        dilations = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
        values = partial(one_or_per_layer, draw, len(dilations))
        head_size = 1 if i == count - 1 else draw(st.integers(1, 5))
        arrays.append(
            {
                "channels": channels,
                "dilations": dilations,
                "kernel_size": values(st.integers(1, 5)),
                "activation": values(st.sampled_from(sorted(ACTIVATIONS))),
                "gating": values(st.sampled_from(["none", "gated"])),
                "head_size": head_size,
                "head_kernel_size": draw(st.sampled_from([1, 1, 4])),
                "head_bias": draw(st.booleans()),
            }
        )
        channels = head_size
    return arrays


@given(arrays=forms(), head_scale=st.floats(-2, 2, width=32), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_any_form_sounds_the_same_when_read_back(tmp_path_factory, arrays, head_scale, seed):
    network = seeded(arrays, head_scale, seed)
    path = tmp_path_factory.mktemp("nam") / "model.nam"
    read = read_nam(write_nam(network, path, 44100)).network
    assert read.shapes == network.shapes
    np.testing.assert_allclose(output(read), output(network), rtol=0, atol=1e-5)


def test_the_old_layout_wherever_it_can_say_it(tmp_path):
    plain = [{"channels": 4, "dilations": [1, 2], "gating": "gated"}]
    content = json.loads(write_nam(seeded(plain), tmp_path / "a.nam", 48000).read_text())
    assert content["version"] == "0.5.4"
    assert content["config"]["layers"][0] == {
        "input_size": 1,
        "condition_size": 1,
        "channels": 4,
        "dilations": [1, 2],
        "head_size": 1,
        "kernel_size": 3,
        "activation": "Tanh",
        "gated": True,
        "head_bias": True,
    }
    assert content["config"]["head"] is None
    assert content["weights"][-1] == pytest.approx(content["config"]["head_scale"])
    for key, value in (("kernel_size", [3, 2]), ("head_kernel_size", 2), ("activation", ["Tanh", "ReLU"])):
        changed = seeded([{**plain[0], key: value}])
        assert json.loads(write_nam(changed, tmp_path / "b.nam", 48000).read_text())["version"] == "0.7.0"


def test_weights_lie_in_the_documented_order(tmp_path):
    network = seeded([{"channels": 2, "dilations": [1], "kernel_size": 2}])
    weights = json.loads(write_nam(network, tmp_path / "a.nam", 48000).read_text())["weights"]
    state = network.state_dict()
    names = ["rechannel.weight", "layers.0.conv.weight", "layers.0.conv.bias", "layers.0.mixin.weight"]
    names += ["layers.0.residual.weight", "layers.0.residual.bias", "head.weight", "head.bias"]
    expected = torch.cat([state[f"arrays.0.{name}"].flatten() for name in names]).tolist()
    assert weights == [*expected, pytest.approx(0.1)]


def test_metadata_and_sample_rate_come_back(tmp_path):
    path = write_nam(stack(2, 2), tmp_path / "a.nam", 96000, {"name": "Ämp", "loudness": -18.5})
    model = read_nam(path)
    assert model.sample_rate == 96000
    assert model.metadata == {"name": "Ämp", "loudness": -18.5}
    content = json.loads(path.read_text())
    del content["sample_rate"]
    path.write_text(json.dumps(content))
    assert read_nam(path).sample_rate is None


def container(tmp_path) -> Path:
    small, large = (write_nam(stack(2, c), tmp_path / f"{c}.nam", 48000) for c in (2, 3))
    models = [{"max_value": v, "model": json.loads(p.read_text())} for v, p in ((0.5, small), (1.0, large))]
    del models[1]["model"]["sample_rate"]
    config = {"submodels": models}
    content = {"version": "0.7.0", "architecture": "SlimmableContainer", "config": config, "weights": []}
    path = tmp_path / "container.nam"
    path.write_text(json.dumps({**content, "sample_rate": 44100.0, "metadata": {"name": "both"}}))
    return path


def test_a_container_plays_its_largest_or_the_one_asked_for(tmp_path):
    path = container(tmp_path)
    assert [read_nam(path, i).network.summary()["channels"] for i in (None, 0, 1)] == [3, 2, 3]
    assert read_nam(path).sample_rate == 44100  # the container's, where the model does not tell
    with pytest.raises(InputError, match=r"no submodel 2; it holds 0 to 1"):
        read_nam(path, 2)


def old_file(tmp_path) -> dict:
    return json.loads(write_nam(stack(2, 2), tmp_path / "old.nam", 48000).read_text())


def new_file(tmp_path) -> dict:
    return json.loads(write_nam(stack(2, 2, head_kernel_size=2), tmp_path / "new.nam", 48000).read_text())


BAD_OLD = {
    "version": ("0.8.0", "version '0.8.0'"),
    "version ": ("1", "version '1'"),
    "architecture": ("GRU", "'GRU'"),
    "weights": ([1.0] * 5, r"5 weights, but its config needs \d+"),
    "weights ": (None, "weights is not a list of numbers"),
    "sample_rate": ("fast", "sample_rate"),
    "config": (None, "config is not an object"),
    "config.head": ({"channels": 2}, "config.head"),
    "config.condition_dsp": ({"architecture": "LSTM"}, "config.condition_dsp"),
    "config.layers": ([], "config.layers"),
    "config.layers.0": (None, r"config.layers\[0\] is not an object"),
    "config.layers.0.channels": (-2, r"layers\[0\].channels"),
    "config.layers.0.channels ": (10**9, r"layers\[0\].channels"),
    "config.layers.0.channels  ": (2**17, "too large to play"),
    "config.layers.0.dilations": ([-1, 2], r"layers\[0\].dilations"),
    "config.layers.0.dilations ": ([1, 2**18], "receptive field"),
    "config.layers.0.dilations  ": ([1] * 10**5, r"layers\[0\].dilations"),
    "config.layers.0.kernel_size": (2.5, r"layers\[0\].kernel_size"),
    "config.layers.0.kernel_sizes": ([3, 3], "beside kernel_size"),
    "config.layers.0.activation": ("GELU", "'GELU'"),
    "config.layers.0.activation ": ({"type": "LeakyReLU", "negative_slope": 0.2}, "negative_slope = 0.2"),
    "config.layers.0.gated": ("yes", r"layers\[0\].gated"),
    "config.layers.0.head_bias": (None, r"layers\[0\].*bias"),
    "config.layers.0.head_size": (3, "head_size is 1"),
    "config.layers.0.input_size": (2, "input_size"),
    "config.layers.0.condition_size": (2, "condition_size"),
    "config.layers.0.surprise": ({"active": True}, r"layers\[0\].surprise"),
}
BAD_NEW = {
    "bottleneck": (1, "bottleneck"),
    "head1x1": ({"active": True, "out_channels": 1, "groups": 1}, "head1x1"),
    "layer1x1": ({"active": False, "groups": 1}, "layer1x1"),
    "layer1x1 ": ({"active": True, "groups": 2}, "layer1x1"),
    "groups_input": (2, "groups_input"),
    "groups_input_mixin": (2, "groups_input_mixin"),
    "conv_pre_film": ({"active": True, "shift": True, "groups": 1}, "conv_pre_film"),
    "head1x1_post_film": ({"active": True, "shift": True, "groups": 1}, "head1x1_post_film"),
    "gating_mode": (["none", "blended"], "'blended'"),
    "gating_mode ": (["none"], "1 entries for 2 layers"),
    "secondary_activation": ("Tanh", "secondary_activation"),
    "kernel_sizes": ([3], "1 entries for 2 layers"),
    "head": ({"out_channels": 1, "kernel_size": 0, "bias": True}, "head.kernel_size"),
    "slimmable": ({"method": "slice"}, "slimmable"),
}


def refuses(path: Path, content: dict, message: str) -> None:
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=message) as error:
        read_nam(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", BAD_OLD)
def test_what_is_damaged_or_cannot_be_played_is_refused_by_name(tmp_path, key):
    value, message = BAD_OLD[key]
    content = old_file(tmp_path)
    *parents, last = key.strip().split(".")
    place = content
    for parent in parents:
        place = place[int(parent) if parent.isdigit() else parent]
    place[int(last) if last.isdigit() else last] = value
    refuses(tmp_path / "bad.nam", content, message)


@pytest.mark.parametrize("key", BAD_NEW)
def test_so_is_what_only_the_new_layout_can_say(tmp_path, key):
    value, message = BAD_NEW[key]
    content = new_file(tmp_path)
    layer = content["config"]["layers"][0]
    if key == "secondary_activation":
        layer["gating_mode"] = ["gated", "gated"]
    layer[key.strip()] = value
    refuses(tmp_path / "bad.nam", content, message)


@pytest.mark.parametrize("weight", [None, "1.0", True, [1.0], 1e300, 10**400])
def test_weights_that_are_no_float32_are_refused(tmp_path, weight):
    content = old_file(tmp_path)
    content["weights"][3] = weight
    refuses(tmp_path / "bad.nam", content, "weights")


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"weights": [NaN]}', "[" * 100_000, "\0\xff"])
def test_what_is_not_a_json_object_is_refused(tmp_path, text):
    path = tmp_path / "bad.nam"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(str(path))):
        read_nam(path)


@given(cut=st.integers(0, 1000), garbage=st.binary(max_size=3))
@settings(max_examples=50, deadline=None)
def test_a_truncated_or_scribbled_file_is_refused_or_read(tmp_path_factory, cut, garbage):
    folder = tmp_path_factory.mktemp("nam")
    whole = write_nam(stack(2, 2), folder / "model.nam", 48000).read_bytes()
    (folder / "model.nam").write_bytes(whole[:cut] + garbage)
    with pytest.raises(InputError):
        read_nam(folder / "model.nam")


@pytest.mark.parametrize("key", ["version", "architecture", "config", "weights"])
def test_a_missing_key_is_refused(tmp_path, key):
    content = old_file(tmp_path)
    del content[key]
    refuses(tmp_path / "bad.nam", content, key)


def test_nothing_is_written_of_a_diverged_model_and_the_old_file_stays(tmp_path):
    path = tmp_path / "model.nam"
    path.write_text("before")
    network = stack(2, 2)
    with torch.no_grad():
        next(network.parameters())[0] = torch.nan
    with pytest.raises(InputError, match="NaN"):
        write_nam(network, path, 48000)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_reading_draws_no_random_numbers(tmp_path):
    path = write_nam(stack(2, 2), tmp_path / "a.nam", 48000)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    read_nam(path)
    assert torch.rand(1) == expected
