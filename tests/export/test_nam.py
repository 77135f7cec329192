"""`.nam` files: what the plug-in's engine makes of them, the way there and back, and what is refused."""

import json
import re
from functools import partial
from pathlib import Path

import numpy as np
import plugin_wavenet
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.nam import read_nam, write_nam
from voxnas.models.activations import ACTIVATIONS, PReLU
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "nam"


def seeded(arrays: list[dict], head_scale: float = 0.1, seed: int = 0) -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return WaveNet(arrays, head_scale, name="seeded")


def with_random_slopes(network: WaveNet) -> WaveNet:
    """Each channel of its PReLUs with another."""
    for index, module in enumerate(network.modules()):
        if isinstance(module, PReLU):
            random = torch.Generator().manual_seed(index)
            torch.nn.init.uniform_(module.slopes, -0.5, 0.5, generator=random)
    return network


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


@pytest.mark.parametrize("name", ["wavenet", "a1_standard"])
def test_the_reference_of_these_tests_is_the_plug_ins_engine(name):
    soundfile = pytest.importorskip("soundfile")
    if not SHARED.is_dir():
        pytest.skip(f"the plug-in's example files are not at {SHARED}")
    clip, expected = (
        soundfile.read(SHARED / f"{file}.wav", frames=3000)[0] for file in ("input", f"{name}_expected")
    )
    content = json.loads((SHARED / f"{name}.nam").read_text())
    assert np.abs(plugin_wavenet.play(content, clip, 4093) - expected).max() < 1e-5


def one_or_per_layer(draw, layers: int, of: st.SearchStrategy):
    return draw(st.one_of(of, st.lists(of, min_size=layers, max_size=layers)))


slopes = st.floats(-0.5, 0.5, width=32)
specs = st.one_of(
    st.sampled_from(ACTIVATIONS),
    st.fixed_dictionaries({"type": st.just("LeakyReLU"), "negative_slope": slopes}),
    st.fixed_dictionaries({"type": st.just("LeakyHardtanh"), "min_val": slopes, "max_slope": slopes}),
)


@st.composite
def forms(draw) -> list[dict]:
    """Layer arrays that fit each other, uniform or with everything per layer."""
    widths = st.sampled_from([1, 2, 4, 6])
    arrays = []
    channels = draw(widths)
    count = draw(st.integers(1, 3))
    for i in range(count):
        dilations = draw(st.lists(st.integers(1, 20), min_size=1, max_size=4))
        values = partial(one_or_per_layer, draw, len(dilations))
        head_size = 1 if i == count - 1 else draw(widths)
        head1x1 = draw(st.sampled_from([None, channels]))
        bottleneck = channels if i and head1x1 is None else draw(widths)
        groups = st.sampled_from([g for g in (1, 2) if not (channels % g or bottleneck % g)])
        arrays.append(
            {
                "channels": channels,
                "dilations": dilations,
                "kernel_size": values(st.integers(1, 5)),
                "activation": values(specs),
                "gating": values(st.sampled_from(["none", "gated", "blended"])),
                "secondary_activation": values(specs),
                "bottleneck": bottleneck,
                "groups_input": draw(groups),
                "layer1x1": draw(st.booleans()),
                "layer1x1_groups": draw(groups),
                "head1x1_channels": head1x1,
                "head1x1_groups": draw(groups) if head1x1 else 1,
                "head_size": head_size,
                "head_kernel_size": draw(st.sampled_from([1, 1, 4])),
                "head_dilation": draw(st.sampled_from([1, 1, 3])),
                "head_bias": draw(st.booleans()),
            }
        )
        channels = head_size
    return arrays


@given(arrays=forms(), head_scale=st.floats(-2, 2, width=32), seed=st.integers(0, 1000))
@settings(max_examples=80, deadline=None)
def test_any_form_sounds_the_same_when_read_back(tmp_path_factory, arrays, head_scale, seed):
    network = with_random_slopes(seeded(arrays, head_scale, seed))
    folder = tmp_path_factory.mktemp("nam")
    read = read_nam(write_nam(network, folder / "model.nam", 44100)).network
    np.testing.assert_allclose(output(read), output(network), rtol=0, atol=1e-5)
    # what a file does not say, since it does not count, does not come back either
    again = write_nam(read, folder / "again.nam", 44100)
    assert again.read_text() == (folder / "model.nam").read_text()


@given(arrays=forms(), seed=st.integers(0, 1000))
@settings(max_examples=80, deadline=None)
def test_a_file_says_what_the_format_means(tmp_path_factory, arrays, seed):
    network = with_random_slopes(seeded(arrays, 0.5, seed))
    path = write_nam(network, tmp_path_factory.mktemp("nam") / "model.nam", 44100)
    clip = 0.3 * np.random.default_rng(0).standard_normal(300).astype(np.float32)
    expected = plugin_wavenet.play(json.loads(path.read_text()), clip, network.receptive_field)
    error = np.abs(play(make_engine(network), clip) - expected).max()
    assert error < 1e-5 * max(1, np.abs(expected).max())


ONLY_NEW = {
    "kernel_size": [3, 2],
    "head_kernel_size": 2,
    "activation": ["Tanh", "ReLU"],
    "activation ": {"type": "LeakyReLU", "negative_slope": 0.2},
    "activation  ": "PReLU",  # with the slopes it starts with, which are not the engine's default
    "secondary_activation": "Tanh",
    "gating": "blended",
    "gating ": ["gated", "none"],
    "bottleneck": 2,
    "groups_input": 2,
    "layer1x1": False,
    "layer1x1_groups": 2,
    "head1x1_channels": 4,
}


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
    for key, value in ONLY_NEW.items():
        changed = seeded([{**plain[0], key.strip(): value}])
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
    "config.layers.0.activation ": ({"type": "Tanh", "slope": 0.2}, r"activation: .*Tanh has no .*'slope'"),
    "config.layers.0.secondary_activation": ("Tanh", "secondary_activation needs a gating_mode"),
    "config.layers.0.gated": ("yes", r"layers\[0\].gated"),
    "config.layers.0.head_bias": (None, r"layers\[0\].*bias"),
    "config.layers.0.head_size": (3, "head_size is 1"),
    "config.layers.0.input_size": (2, "input_size"),
    "config.layers.0.condition_size": (2, "condition_size"),
    "config.layers.0.surprise": ({"active": True}, r"layers\[0\].surprise"),
}
OFF = {"active": False, "shift": True, "groups": 1}
ON = {**OFF, "active": True}


def slimmed(kwargs: dict) -> dict:
    return {"method": "slice_channels_uniform", "kwargs": kwargs}


BAD_NEW = [
    ({"bottleneck": 0}, r"layers\[0\].bottleneck is not a whole number"),
    ({"bottleneck": 1}, r"\d+ weights, but its config needs \d+"),
    ({"head1x1": {"active": True, "out_channels": 0, "groups": 1}}, r"head1x1.out_channels"),
    ({"head1x1": {"active": True, "out_channels": 3, "groups": 2}}, "2 groups do not divide 2 into 3"),
    ({"head1x1": {"out_channels": 3, "groups": 2}}, "head1x1 is not an object with an active"),
    ({"head1x1": {"active": False, "surprise": 1}}, "head1x1.surprise"),
    ({"layer1x1": {"active": "no", "groups": 1}}, "layer1x1 is not an object with an active"),
    ({"layer1x1": None}, "layer1x1 is not an object"),
    ({"layer1x1": {"active": True, "groups": 3}}, "3 groups do not divide 2 into 2"),
    ({"layer1x1": {"active": True, "groups": -1}}, "layer1x1.groups"),
    ({"groups_input": 3}, "3 groups do not divide 2 into 2"),
    ({"groups_input": "2"}, "groups_input is not a whole number"),
    ({"groups_input_mixin": 2}, "groups_input_mixin"),
    *(({"conv_pre_film": value}, r"\d+ weights, but its config needs \d+") for value in (ON, {})),
    ({"conv_pre_film": 0}, "conv_pre_film is not an object"),
    ({"head1x1_post_film": ON}, "head1x1_post_film needs a head1x1 that is active"),
    ({"gating_mode": ["none", "mixed"]}, "gating_mode 'mixed' is not one of none, gated, blended"),
    ({"gating_mode": 3}, "gating_mode '3'"),
    ({"gating_mode": ["none"]}, "gating_mode has 1 entries for 2 layers"),
    ({"gating_mode": "gated", "secondary_activation": "GELU"}, r"secondary_activation: .*'GELU'"),
    ({"gating_mode": "gated", "secondary_activation": ["Tanh"]}, "secondary_activation has 1 entries"),
    ({"gating_mode": ["none", "blended"], "secondary_activation": [None, None]}, "secondary_activation: "),
    ({"kernel_sizes": [3]}, "kernel_sizes has 1 entries for 2 layers"),
    ({"head": {"out_channels": 1, "kernel_size": 0, "bias": True}}, "head.kernel_size"),
    ({"head": {"out_channels": 1, "kernel_size": 1, "bias": True, "groups": 2}}, "head.groups"),
    ({"head": {"out_channels": 1, "kernel_size": 2, "bias": True, "head_dilation": 0}}, "head.head_dilation"),
    ({"slimmable": {"method": "slice"}}, "slimmable"),
    ({"slimmable": slimmed({"allowed_channels": [1]})}, "slimmable"),  # it would play one of the two
    ({"activation": ["Tanh"]}, "activation has 1 entries for 2 layers"),
    ({"activation": {"type": ["Tanh"]}}, "activation: unknown activation"),
    ({"activation": {"negative_slope": 1.0}}, "activation: unknown activation 'None'"),
    ({"activation": {"type": "Hardtanh", "max_val": 2}}, "activation.max_val = 2 cannot be played"),
    ({"activation": {"type": "Hardtanh", "min_val": None}}, "activation.min_val = None"),
    ({"activation": {"type": "LeakyReLU", "negative_slope": "1"}}, "negative_slope is no sensible number"),
    ({"activation": {"type": "LeakyHardtanh", "min_val": 2}}, "min_val is above max_val"),
    ({"activation": {"type": "PReLU", "negative_slopes": [0.1]}}, "negative_slopes is not a list of 2"),
    ({"activation": {"type": "PReLU", "negative_slopes": 0.1}}, "negative_slopes is not a list of 2"),
    ({"activation": {"type": "PReLU", "negative_slopes": [0.1, None]}}, "negative_slopes is no sensible"),
    ({"activation": {"type": "PReLU", "negative_slope": True}}, "negative_slope is no sensible number"),
    ({"activation": {"type": "PReLU", "negative_slope": 10**400}}, "negative_slope is no sensible number"),
    ({"activation": {"type": "PReLU", "negative_slope": 0, "negative_slopes": [0, 0]}}, "stands beside"),
    ({"activation": {"type": "PReLU", "slope": 0.1}}, "PReLU has no parameter 'slope'"),
]


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


@pytest.mark.parametrize(("change", "message"), BAD_NEW, ids=[str(n) for n in range(len(BAD_NEW))])
def test_so_is_what_only_the_new_layout_can_say(tmp_path, change, message):
    content = new_file(tmp_path)
    content["config"]["layers"][0].update(change)
    refuses(tmp_path / "bad.nam", content, message)


SAME = [
    {"slimmable": None},
    {"slimmable": slimmed({})},
    {"slimmable": slimmed({"allowed_channels": [1, 2]})},
    {"gating_mode": None},
    {"head": {"out_channels": 1, "kernel_size": 2, "bias": True, "head_dilation": 1, "groups": 1}},
    {"conv_pre_film": False, "conv_post_film": None, "activation_pre_film": OFF},
    {"head1x1": None},
    {"head1x1": {"active": False, "out_channels": 7, "groups": 3}},
    {"groups_input": 1, "groups_input_mixin": 1, "gating_mode": "none", "secondary_activation": "GELU"},
    {"activation": "Tanh"},
    {"activation": {"type": "Tanh"}},
    {"gated": False},
]


@pytest.mark.parametrize("change", SAME, ids=[str(n) for n in range(len(SAME))])
def test_what_may_be_said_in_other_words_sounds_the_same(tmp_path, change):
    content = new_file(tmp_path)
    expected = output(read_nam(tmp_path / "new.nam").network)
    content["config"]["layers"][0].update(change)
    (tmp_path / "changed.nam").write_text(json.dumps(content))
    np.testing.assert_array_equal(output(read_nam(tmp_path / "changed.nam").network), expected)


def test_a_wrapped_slimmable_wavenet_plays_at_full_width(tmp_path):
    content = new_file(tmp_path)
    content |= {"architecture": "SlimmableWavenet", "config": {"model": content["config"]}}
    (tmp_path / "wrapped.nam").write_text(json.dumps(content))
    expected = output(read_nam(tmp_path / "new.nam").network)
    np.testing.assert_array_equal(output(read_nam(tmp_path / "wrapped.nam").network), expected)


@pytest.mark.parametrize("version", ["0.7.1", "0.7.12"])
def test_a_later_patch_of_the_format_is_read(tmp_path, version):
    (tmp_path / "later.nam").write_text(json.dumps(old_file(tmp_path) | {"version": version}))
    assert read_nam(tmp_path / "later.nam").sample_rate == 48000


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        *((unknown, None) for unknown in (-1.0, 0, "", " ", "-1", "0", None)),
        *(("48000", 48000), ("44100.0", 44100), ("48000 Hz", 48000), (96000.0, 96000)),
    ],
)
def test_a_rate_may_stand_in_quotes_and_an_unknown_one_is_unknown(tmp_path, said, meant):
    (tmp_path / "said.nam").write_text(json.dumps(old_file(tmp_path) | {"sample_rate": said}))
    assert read_nam(tmp_path / "said.nam").sample_rate == meant


@pytest.mark.parametrize("said", ["fast", 48, "48", True, [48000], "48000 kHz"])
def test_what_is_no_rate_is_refused(tmp_path, said):
    refuses(tmp_path / "said.nam", old_file(tmp_path) | {"sample_rate": said}, "sample_rate is not a rate")


def test_slopes_of_a_prelu_lie_in_the_config_and_not_among_the_weights(tmp_path):
    network = seeded([{"channels": 2, "dilations": [1], "activation": "PReLU", "gating": "gated",
                       "secondary_activation": "PReLU"}])  # fmt: skip
    layer = network.arrays[0].layers[0]
    with torch.no_grad():
        layer.activation.slopes.copy_(torch.tensor([0.5, -0.25]))
        layer.secondary.slopes.copy_(torch.tensor([0.125, 2.0]))
    content = json.loads(write_nam(network, tmp_path / "a.nam", 48000).read_text())
    array = content["config"]["layers"][0]
    assert content["version"] == "0.7.0"
    assert array["activation"] == [{"type": "PReLU", "negative_slopes": [0.5, -0.25]}]
    assert array["secondary_activation"] == [{"type": "PReLU", "negative_slopes": [0.125, 2.0]}]
    assert len(content["weights"]) == network.num_parameters - 4 + 1
    with torch.no_grad():
        layer.secondary.slopes[1] = torch.nan
    with pytest.raises(InputError, match="PReLUs hold NaN"):
        write_nam(network, tmp_path / "a.nam", 48000)


@pytest.mark.parametrize(
    ("value", "slopes"),
    [
        ("PReLU", [0.01, 0.01]),
        ({"type": "PReLU"}, [0.01, 0.01]),
        ({"type": "PReLU", "negative_slope": 0.5}, [0.5, 0.5]),
        ({"type": "PReLU", "negative_slopes": [0.5, 2]}, [0.5, 2]),
    ],
)
def test_a_prelu_has_the_slopes_that_its_file_says_or_the_engines_default(tmp_path, value, slopes):
    content = old_file(tmp_path)
    content["config"]["layers"][0]["activation"] = value
    path = tmp_path / "prelu.nam"
    path.write_text(json.dumps(content))
    network = read_nam(path).network
    assert network.arrays[0].layers[1].activation.slopes.tolist() == pytest.approx(slopes)
    # what the old layout can say, it says
    again = json.loads(write_nam(network, tmp_path / "again.nam", 48000).read_text())
    assert again["version"] == ("0.5.4" if slopes[0] == 0.01 else "0.7.0")


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
