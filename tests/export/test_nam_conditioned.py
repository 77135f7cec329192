"""FiLM, a condition_dsp and a head behind the arrays in `.nam` files, against the format in plain numpy."""

import json
import re
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import plugin_wavenet
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from plugin_others import Numbers, conv_net, linear
from streams import block_sizes, clip, exact, in_blocks, seeded

from voxnas.engine.native_engine import NativeEngine
from voxnas.engine.torch_engine import TorchEngine
from voxnas.export.load import load_model
from voxnas.export.nam import read_nam, write_nam
from voxnas.export.record_json import write_record_json
from voxnas.kernels.build import Unavailable, load
from voxnas.models.activations import ACTIVATIONS, PReLU
from voxnas.models.base import StreamingNetwork
from voxnas.models.film import SLOTS
from voxnas.utils.errors import InputError


@pytest.fixture(scope="module", autouse=True)
def native_code() -> None:
    try:
        load("graph_stream.cpp")
    except Unavailable as reason:
        pytest.skip(str(reason))


def film_of(draw: Any, condition: int) -> dict[str, Any]:
    groups = [g for g in (1, 2, 3) if condition % g == 0]
    return {"shift": draw(st.booleans()), "groups": draw(st.sampled_from(groups))}


def divisors(*sizes: int) -> list[int]:
    return [g for g in (1, 2, 3) if not any(size % g for size in sizes)]


@st.composite
def stacks(draw: Any, outputs: int = 1, depth: int = 0) -> dict[str, Any]:
    """Arguments of a conditioned WaveNet; every place may have a FiLM, and its condition is any network."""
    condition, width = None, 1
    if depth < 2 and draw(st.booleans()):
        condition, width = draw(conditions(depth + 1))
    head = None
    ends = outputs
    if draw(st.booleans()):
        ends = draw(st.integers(1, 3))
        kernels = draw(st.lists(st.integers(1, 4), min_size=1, max_size=3))
        sizes = {"channels": draw(st.integers(1, 4)), "kernel_sizes": kernels, "outputs": outputs}
        head = {**sizes, "activation": draw(st.sampled_from(ACTIVATIONS))}
    arrays, channels = [], draw(st.sampled_from([2, 6]))
    count = draw(st.integers(1, 2))
    for index in range(count):
        head1x1 = draw(st.sampled_from([None, channels]))
        layer1x1 = draw(st.booleans())
        free = head1x1 is not None or index == 0
        bottleneck = draw(st.sampled_from([2, 6])) if free and layer1x1 else channels
        dilations = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
        gating = [draw(st.sampled_from(["none", "gated", "blended"])) for _ in dilations]
        slots = draw(st.sets(st.sampled_from(SLOTS)))
        slots -= set() if layer1x1 else {"layer1x1_post"}
        slots -= set() if head1x1 else {"head1x1_post"}
        films = {slot: film_of(draw, width) for slot in slots}
        for slot, film in films.items():  # what it scales is shared out as well
            of = {"input_mixin_pre": width, "head1x1_post": head1x1 or 1}
            if of.get(slot, 6) % film["groups"] or channels % film["groups"] or bottleneck % film["groups"]:
                film["groups"] = 1
        head_size = ends if index == count - 1 else draw(st.sampled_from([2, 6]))
        arrays.append(
            {
                "channels": channels,
                "dilations": dilations,
                "kernel_size": draw(st.integers(1, 4)),
                "activation": [draw(st.sampled_from(ACTIVATIONS)) for _ in dilations],
                "gating": gating,
                "secondary_activation": draw(st.sampled_from(["Sigmoid", "PReLU", "Softsign"])),
                "bottleneck": bottleneck,
                "groups_input": draw(st.sampled_from(divisors(channels, bottleneck))),
                "layer1x1": layer1x1,
                "layer1x1_groups": draw(st.sampled_from(divisors(channels, bottleneck))) if layer1x1 else 1,
                "head1x1_channels": head1x1,
                "head_size": head_size,
                "head_kernel_size": draw(st.sampled_from([1, 3])),
                "head_dilation": draw(st.sampled_from([1, 2])),
                "head_bias": draw(st.booleans()),
                "films": films,
                "mixin_groups": draw(st.sampled_from(divisors(width, bottleneck))),
            }
        )
        channels = head_size
    return {"layer_arrays": arrays, "head_scale": 0.5, "head": head, "condition": condition}


@st.composite
def conditions(draw: Any, depth: int) -> tuple[dict[str, Any], int]:
    kind = draw(st.sampled_from(["WaveNet", "WaveNet", "ConvNet", "Linear"]))
    if kind == "ConvNet":
        return {"type": kind, "channels": 2, "dilations": [1, 4], "name": "condition"}, 1
    if kind == "Linear":
        taps, bias = draw(st.integers(1, 20)), draw(st.booleans())
        return {"type": kind, "taps": taps, "bias": bias, "name": "condition"}, 1
    outputs = draw(st.sampled_from([1, 2, 3, 4]))
    return {"type": "WaveNet", **draw(stacks(outputs, depth))}, outputs


def network_of(arguments: dict[str, Any], seed: int = 0) -> StreamingNetwork:
    """Weights around 0 and FiLMs that matter; every PReLU of the head has the same slopes."""
    network = seeded(seed, type="ConditionedWaveNet", name="film", **arguments)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.normal_(0, 0.4, generator=generator)
            if name.endswith("slopes") and "head.activations" in name:
                parameter.fill_(0.25)
    assert isinstance(network, StreamingNetwork)
    return network


def reference(content: dict[str, Any], x: np.ndarray, silence: int) -> np.ndarray:
    """By the numpy of the other files' tests where a condition is none of a WaveNet."""

    def told(content: dict[str, Any], x: np.ndarray) -> np.ndarray:
        inner = content["config"].get("condition_dsp")
        if inner is None:
            return plugin_wavenet.run(content, x)
        if inner["architecture"] == "WaveNet":
            return plugin_wavenet.run(content, x, told(inner, x))
        of = {"ConvNet": conv_net, "Linear": linear}[inner["architecture"]]
        return plugin_wavenet.run(content, x, of(inner["config"], Numbers(inner["weights"]), x[0])[None])

    return told(content, np.concatenate([np.zeros(silence), x])[None])[0, silence:]


def close(y: np.ndarray, expected: np.ndarray) -> bool:
    return bool(np.abs(y - expected).max() <= 2e-5 * max(1.0, np.abs(expected).max()))


@given(arguments=stacks(), seed=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_file_says_what_the_format_means(tmp_path_factory: Any, arguments: dict[str, Any], seed: int):
    network = network_of(arguments, seed)
    path = write_nam(network, tmp_path_factory.mktemp("nam") / "model.nam", 44100)
    content, x = json.loads(path.read_text()), clip(200)
    assert content["architecture"] == "WaveNet"
    expected = reference(content, x, 2 * network.receptive_field)
    for engine in (NativeEngine(network), TorchEngine(network)):
        assert close(engine.process(x), expected)
    read = read_nam(path).network
    assert close(NativeEngine(read).process(x), expected)
    again = write_nam(read, path.with_name("again.nam"), 44100)
    assert again.read_text() == path.read_text()


@given(arguments=stacks(), sizes=block_sizes)
@settings(max_examples=40, deadline=None)
def test_it_streams_exactly_at_any_block_length(arguments: dict[str, Any], sizes: list[int]):
    network, x = network_of(arguments), clip(sum(sizes))
    assert close(in_blocks(NativeEngine(network), x, sizes), exact(network, x))
    network.double()
    with torch.no_grad():
        padded = torch.from_numpy(np.pad(x, (network.receptive_field - 1, 0))).double()[None, None]
        offline = network(padded)[0, 0].numpy()
        state, parts = network.initial_state(), []
        for start, end in zip(accumulate(sizes, initial=0), accumulate(sizes), strict=False):
            y, state = network.stream(torch.from_numpy(x[start:end]).double()[None, None], state)
            parts.append(y[0, 0].numpy())
    np.testing.assert_allclose(np.concatenate(parts), offline, rtol=0, atol=1e-10)


SMALL: dict[str, Any] = {
    "layer_arrays": [
        {"channels": 2, "dilations": [1, 3], "head_size": 2, "head1x1_channels": 2, "films": {}}
    ],
    "head": {"channels": 3, "kernel_sizes": [2, 3], "activation": "PReLU"},
    "condition": {"type": "WaveNet", "layer_arrays": [{"channels": 2, "dilations": [4], "head_size": 2}]},
}
EVERY = {slot: {"shift": True, "groups": 1} for slot in SLOTS}


def small(films: dict[str, Any] = EVERY, seed: int = 0) -> StreamingNetwork:
    (array,) = SMALL["layer_arrays"]
    return network_of({**SMALL, "layer_arrays": [{**array, "films": films}]}, seed)


def test_counts_by_hand():
    network = small({"conv_post": {"shift": True}, "head1x1_post": {"shift": False}})
    layer = (2 * 2 * 3, 2 * 2, 2 * 2, 2 * 2, 2 * 4, 2 * 2)  # conv, mix-in, two 1×1, two FiLMs
    biases = 2 + 2 + 2 + 4 + 2
    inner = (2, 2 * 2 * 3, 2, 2 * 2, 2 * 2)
    post = (2 * 3 * 2, 3 * 1 * 3)
    macs = 2 + 2 * sum(layer) + 2 * 2 + sum(inner) + sum(post)
    assert network.macs_per_sample == macs + 2 * (2 + 2)  # each FiLM scales two channels
    slopes = 2 + 3
    assert network.num_parameters == macs + 2 * biases + 2 + 2 + 2 + 2 + 3 + 1 + slopes


def test_the_receptive_field_is_the_longest_way():
    assert small({}).receptive_field == 1 + max(2 * 4 + 2 * 3, 2 * (1 + 3)) + 1 + 2
    assert small({"conv_pre": {}}).receptive_field == 1 + 2 * 4 + 2 * (1 + 3) + 1 + 2


def test_it_is_kept_as_a_run_keeps_it(tmp_path: Path):
    network, x = small(), clip(100)
    read = load_model(write_record_json(network, tmp_path / "model.json", 48000)).network
    assert read.architecture() == network.architecture()
    np.testing.assert_array_equal(NativeEngine(read).process(x), NativeEngine(network).process(x))


def test_it_learns():
    network = small(seed=2)
    network(3 * torch.from_numpy(clip(600)).view(2, 1, 300)).square().sum().backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    last = "stack.arrays.0.layers.1."  # nothing hears the residual path behind the last layer
    assert all(
        re.match(rf"({last}(residual|films.layer1x1_post)|stack.condition.arrays.0.layers.0.residual)", name)
        for name in still
    )


def content_of(tmp_path: Path) -> dict[str, Any]:
    return json.loads(write_nam(small(), tmp_path / "model.nam", 48000).read_text())


def test_a_condition_is_a_file_of_its_own_at_the_same_rate(tmp_path: Path):
    content = content_of(tmp_path)
    inner = content["config"]["condition_dsp"]
    assert (inner["version"], inner["architecture"], inner["sample_rate"]) == ("0.7.0", "WaveNet", 48000)
    assert content["config"]["layers"][0]["condition_size"] == 2
    assert content["config"]["layers"][0]["conv_pre_film"] == {"active": True, "shift": True, "groups": 1}
    assert set(content["config"]["head"]) == {"channels", "out_channels", "kernel_sizes", "activation"}
    del inner["sample_rate"]  # then it is the file's
    (tmp_path / "model.nam").write_text(json.dumps(content))
    assert read_nam(tmp_path / "model.nam").sample_rate == 48000


SAME: list[tuple[str, Any]] = [
    ("layers.0.conv_pre_film", {}),  # an entry is active unless it says no
    ("layers.0.conv_pre_film", {"active": True}),
    ("head.in_channels", 2),
    ("in_channels", 1),
]
BAD: list[tuple[str, Any, str]] = [
    ("layers.0.conv_pre_film", 0, "conv_pre_film is not an object"),
    ("layers.0.conv_pre_film", {"shift": "yes"}, "conv_pre_film.shift is not true or false"),
    ("layers.0.conv_pre_film", {"groups": 0}, "conv_pre_film.groups is not a whole number"),
    ("layers.0.conv_pre_film", {"surprise": 1}, "conv_pre_film.surprise"),
    ("layers.0.conv_pre_film", {"groups": 4}, "conv_pre_film: 4 groups do not divide 2 into 4"),
    ("layers.0.conv_pre_film", None, r"\d+ weights, but its config needs \d+"),
    ("layers.0.layer1x1", {"active": False}, "layer1x1_post_film needs a layer1x1"),
    ("layers.0.head1x1", {"active": False}, "head1x1_post_film needs a head1x1"),
    ("layers.0.groups_input_mixin", 3, "groups_input_mixin do not divide 2"),
    ("layers.0.condition_size", 1, r"layers\[0\].condition_size is not 2"),
    ("in_channels", 2, "config.in_channels"),
    ("head", 3, "config.head is not an object"),
    ("head.in_channels", 3, "config.head.in_channels"),
    ("head.channels", 0, "config.head.channels is not a whole number"),
    ("head.out_channels", 2, "ends in one signal, not 2"),
    ("head.kernel_sizes", [], "config.head.kernel_sizes is a list of 1 to 64"),
    ("head.kernel_sizes", [2, 0], "config.head.kernel_sizes is not a whole number"),
    ("head.activation", "GELU", "config.head.activation: .*'GELU'"),
    ("head.activation", {"type": "PReLU", "negative_slopes": [0, 0]}, "not a list of 3 numbers"),
    ("head.surprise", 1, "config.head.surprise"),
    ("condition_dsp", 3, "config.condition_dsp: it is not an object"),
    ("condition_dsp.architecture", "LSTM", "condition_dsp: architecture 'LSTM' is none of WaveNet, ConvNet"),
    ("condition_dsp.version", "9.0.0", "config.condition_dsp: version '9.0.0'"),
    ("condition_dsp.weights", [1.0], "config.condition_dsp: 1 weights, but its config needs"),
    ("condition_dsp.weights", None, "config.condition_dsp: weights is not a list"),
    ("condition_dsp.config.layers", [], "config.condition_dsp: config.layers"),
    ("condition_dsp.config", None, "config.condition_dsp: config is not an object"),
    ("condition_dsp.sample_rate", 44100, "config.condition_dsp is of 44100 Hz, and the file of 48000"),
]


def changed(content: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    *parents, last = key.split(".")
    place = content["config"]
    for parent in parents:
        place = place[int(parent) if parent.isdigit() else parent]
    place[last] = value
    return content


@pytest.mark.parametrize(("key", "value"), SAME)
def test_what_may_be_said_in_other_words_sounds_the_same(tmp_path: Path, key: str, value: Any):
    expected, x = NativeEngine(small()).process(clip(50)), clip(50)
    (tmp_path / "said.nam").write_text(json.dumps(changed(content_of(tmp_path), key, value)))
    np.testing.assert_array_equal(NativeEngine(read_nam(tmp_path / "said.nam").network).process(x), expected)


@pytest.mark.parametrize(("key", "value", "message"), BAD)
def test_what_cannot_be_played_is_refused_in_one_line(tmp_path: Path, key: str, value: Any, message: str):
    path = tmp_path / "bad.nam"
    path.write_text(json.dumps(changed(content_of(tmp_path), key, value)))
    with pytest.raises(InputError, match=message) as error:
        read_nam(path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_conditions_in_one_another_without_end_are_refused(tmp_path: Path):
    content = content_of(tmp_path)
    for _ in range(9):
        outer = content_of(tmp_path)
        outer["config"]["condition_dsp"] = content
        content = outer
    (tmp_path / "deep.nam").write_text(json.dumps(content))
    with pytest.raises(InputError, match="is more than 8 deep"):
        read_nam(tmp_path / "deep.nam")


def test_a_head_whose_prelus_have_learnt_apart_is_not_written(tmp_path: Path):
    network = small()
    assert isinstance(network.stack.head.activations[0], PReLU)
    with torch.no_grad():
        network.stack.head.activations[0].slopes[0] = 0.5
    with pytest.raises(InputError, match="one activation for all of a head"):
        write_nam(network, tmp_path / "model.nam", 48000)
    assert not list(tmp_path.iterdir())
