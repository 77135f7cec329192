"""Containers: several models in one `.nam` file, in the order of their cost, each as it was alone."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.engine.cost.profile import plugin_cost
from voxnas.engine.make import make_engine
from voxnas.engine.play import play
from voxnas.export.container_costs import costs_of
from voxnas.export.convert import convert
from voxnas.export.load import load_model, load_models
from voxnas.export.nam import read_nam, write_nam
from voxnas.export.nam_container import positions
from voxnas.export.pack import FORMAT
from voxnas.export.record_json import write_record_json
from voxnas.models.base import StreamingNetwork
from voxnas.models.conv_net import ConvNet, Linear
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.wavenet import WaveNet, stack
from voxnas.records.record import Record
from voxnas.utils.errors import InputError

SHARED = Path(__file__).parents[3] / "shared" / "data" / "nam"
RATE = 48000
CLIP = (0.3 * np.random.default_rng(0).standard_normal(3000)).astype(np.float32)


def output(network: StreamingNetwork) -> np.ndarray:
    return play(make_engine(network), CLIP)


def pack(paths: list, output: Path, **others) -> dict:
    convert(None, FORMAT, str(output), models=[str(path) for path in paths], **others)
    return json.loads(output.read_text())


def limits(content: dict) -> list[float]:
    return [entry["max_value"] for entry in content["config"]["submodels"]]


networks = st.one_of(
    st.builds(
        stack,
        st.integers(1, 4),
        st.sampled_from([2, 3, 8]),
        activation=st.sampled_from(["Tanh", "LeakyReLU", "SiLU"]),
        gating=st.sampled_from(["none", "gated"]),
        head_kernel_size=st.sampled_from([1, 4]),
        head_scale=st.just(0.5),
    ),
    st.builds(LSTM, st.sampled_from([8, 12, 16]), num_layers=st.integers(1, 2)),
    st.builds(ConvNet, channels=st.just(4), dilations=st.just([1, 2]), kernel_size=st.just(2)),
    st.builds(Linear, st.sampled_from([64, 1024])),
)


@given(members=st.lists(networks, min_size=1, max_size=4), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_each_sounds_as_alone_and_they_lie_in_the_order_of_their_cost(tmp_path_factory, members, seed):
    folder = tmp_path_factory.mktemp("pack")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for network in members:
            for parameter in network.parameters():
                torch.nn.init.uniform_(parameter, -0.3, 0.3)
    levels = [{"loudness": -20.0 - i, "gain": 0.5, "name": f"m{i}"} for i in range(len(members))]
    paths = [write_nam(network, folder / f"{i}.nam", RATE, levels[i]) for i, network in enumerate(members)]
    content = pack(paths, folder / "all.nam")
    costs = [plugin_cost(network.architecture()).rtf for network in members]
    order = sorted(range(len(members)), key=costs.__getitem__)
    assert limits(content) == [(i + 1) / len(members) for i in range(len(members))]
    assert limits(content)[-1] == 1
    assert (content["architecture"], content["weights"]) == ("SlimmableContainer", [])
    for place, i in enumerate(order):
        alone, held = read_nam(paths[i]), read_nam(folder / "all.nam", place)
        np.testing.assert_allclose(output(held.network), output(alone.network), rtol=0, atol=1e-6)
        model, before = content["config"]["submodels"][place]["model"], json.loads(paths[i].read_text())
        assert model | {"weights": ()} == before | {"weights": ()}
        assert held.sample_rate == content["sample_rate"] == RATE
    assert read_nam(folder / "all.nam").place == len(members) - 1
    assert (
        content["metadata"]["loudness"] == levels[order[-1]]["loudness"]
    )  # of the one that plays when loaded


def test_slim_values_share_the_slider_evenly():
    assert positions(4) == ["0 to 0.25", "0.25 to 0.5", "0.5 to 0.75", "0.75 to 1"]
    assert positions(3) == ["0 to 0.333", "0.333 to 0.667", "0.667 to 1"]


def test_runs_and_files_of_any_format_go_together_and_the_gear_of_all_is_the_container_s(tmp_path, capsys):
    gear = {"gear_make": "Acme", "input_level_dbu": 12.0}
    small, large = stack(2, 2, name="small"), stack(6, 8, name="large")
    write_record_json(
        large, tmp_path / "run" / "model.json", RATE, {**gear, "name": "large", "loudness": 1.0}
    )
    Record("large", "s", "phase1", "ok", identity="x", score=0.25).write(tmp_path / "run")
    training = {"settings": {"epochs": 3}, "data": {"latency": 2}, "validation_esr": 0.5}
    own = {**gear, "name": "small", "loudness": -9.0, "gain": 0.25, "training": training}
    write_nam(small, tmp_path / "small.nam", RATE, own)
    content = pack(
        [tmp_path / "run", tmp_path / "small.nam"], tmp_path / "all.nam", metadata={"name": "both"}
    )
    out = capsys.readouterr().out
    first, last = (entry["model"]["metadata"] for entry in content["config"]["submodels"])
    assert first == own
    assert last["training"]["validation_esr"] == 0.25
    assert last["loudness"] < 0  # a run's is measured
    outer = content["metadata"]
    assert (outer["name"], outer["gear_make"], outer["input_level_dbu"]) == ("both", "Acme", 12.0)
    assert (outer["loudness"], outer["gain"]) == (last["loudness"], last["gain"])
    assert "training" not in outer
    assert out.index(f"slim 0 to 0.5: {tmp_path / 'small.nam'}, real-time") < out.index(
        f"slim 0.5 to 1: {tmp_path / 'run'}"
    )
    assert "without a cross-fade" in out


def container(folder: Path) -> Path:
    """A container whose models say things of their own, beside what it says of them."""
    levels = {c: {"loudness": -c, "gain": 0.5, "training": {"data": c}} for c in (2, 4)}
    paths = [write_nam(stack(2, c), folder / f"{c}.nam", RATE, said) for c, said in levels.items()]
    content = pack(paths, folder / "both.nam")
    content["metadata"] = {
        "input_level_dbu": 14.76,
        "loudness": -33.0,
        "name": "both",
        "date": {"year": 1999},
    }
    (folder / "both.nam").write_text(json.dumps(content))
    return folder / "both.nam"


def test_a_container_that_is_written_anew_keeps_all_models_and_all_metadata(tmp_path):
    path = container(tmp_path)
    before = json.loads(path.read_text())
    convert(str(path), FORMAT, str(tmp_path / "again.nam"), metadata={"gear_make": "Acme", "name": None})
    after = json.loads((tmp_path / "again.nam").read_text())
    assert after["config"] == before["config"]
    year = after["metadata"].pop("date")["year"]
    assert year > 1999
    kept = {key: value for key, value in before["metadata"].items() if key != "date"}
    assert after["metadata"] == {**kept, "gear_make": "Acme", "gain": 0.5}


def test_a_container_among_others_gives_all_that_it_holds_and_what_it_said_of_them(tmp_path):
    middle = write_nam(stack(2, 3), tmp_path / "middle.nam", RATE, {"loudness": -3, "gain": 0.5})
    content = pack([container(tmp_path), middle], tmp_path / "three.nam")
    models = [entry["model"] for entry in content["config"]["submodels"]]
    found = {model["metadata"]["loudness"]: model["metadata"].get("input_level_dbu") for model in models}
    assert found == {-2: 14.76, -3: None, -4: 14.76}
    assert "input_level_dbu" not in content["metadata"]
    convert(None, FORMAT, str(tmp_path / "one.nam"), 0, models=[str(tmp_path / "both.nam")])
    assert load_model(tmp_path / "one.nam").network.summary()["channels"] == 4  # cheaper than 2
    assert load_models(tmp_path / "one.nam")[1] is None


@pytest.mark.parametrize("name", ["a2_container", "wavenet"])
def test_the_plug_in_s_own_container_sounds_as_before_when_written_anew(tmp_path, name):
    soundfile = pytest.importorskip("soundfile")
    if not SHARED.is_dir():
        pytest.skip(f"the plug-in's example files are not at {SHARED}")
    clip, _ = soundfile.read(SHARED / "input.wav", dtype="float32")
    expected, _ = soundfile.read(SHARED / f"{name}_expected.wav", dtype="float32")
    convert(str(SHARED / f"{name}.nam"), FORMAT, str(tmp_path / "again.nam"))
    before, _ = load_models(SHARED / f"{name}.nam")
    after, outer = load_models(tmp_path / "again.nam")
    assert len(after) == len(before)
    for model, own in zip(after, before, strict=True):
        np.testing.assert_allclose(output(model.network), output(own.network), rtol=0, atol=1e-6)
    if outer is not None:
        assert outer["input_level_dbu"] == 14.76
        assert [model.metadata for model in after] == [model.metadata for model in before]
    assert np.abs(play(make_engine(after[-1].network), clip) - expected).max() < 1e-4


def test_networks_that_the_cost_model_does_not_know_are_ordered_by_multiply_adds(tmp_path, capsys):
    grouped = WaveNet([{"channels": 4, "dilations": [1], "groups_input": 2}], 0.1)
    small, large = stack(1, 1), stack(8, 8)
    costs = costs_of([n.architecture() for n in (large, grouped, small)])
    assert costs.values == [n.macs_per_sample for n in (large, grouped, small)]
    paths = [write_nam(n, tmp_path / f"{i}.nam", RATE) for i, n in enumerate((large, grouped, small))]
    pack(paths, tmp_path / "all.nam")
    out = capsys.readouterr().out
    assert (
        "note: in the order of multiply-adds: the profile of the plug-in's engine does not cover groups"
        in out
    )
    assert [read_nam(tmp_path / "all.nam", i).network.num_parameters for i in range(3)] == [
        n.num_parameters for n in (small, grouped, large)
    ]


def refusal(*arguments, **others) -> str:
    with pytest.raises(InputError) as error:
        convert(*arguments, **others)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_what_does_not_go_into_one_file_is_named_in_a_line(tmp_path):
    paths = {
        "wave": write_nam(stack(2, 2), tmp_path / "wave.nam", RATE),
        "slow": write_nam(stack(2, 3), tmp_path / "slow.nam", 44100),
        "gru": write_record_json(GRU(8), tmp_path / "gru.json", RATE),
        "skip": write_record_json(LSTM(8, skip=True), tmp_path / "skip.json", RATE),
    }
    names = {name: str(path) for name, path in paths.items()}
    out = str(tmp_path / "all.nam")
    line = refusal(None, FORMAT, out, models=[names["wave"], names["slow"]])
    assert line.endswith(f"one file: {names['wave']} 48000 Hz, {names['slow']} 44100 Hz")
    line = refusal(None, FORMAT, out, models=[names["wave"], names["gru"]])
    assert line == f"{out}: not written: {names['gru']}: a .nam file cannot hold a GRU; leave it out"
    assert names["skip"] in refusal(names["wave"], FORMAT, out, models=[names["skip"]])
    assert "no such model" in refusal(None, FORMAT, out, models=[str(tmp_path / "none.nam")])
    assert "65 models, 64 at most" in refusal(None, FORMAT, out, models=[names["wave"]] * 65)
    assert "is one of the models itself" in refusal(names["wave"], FORMAT, None)
    assert "give output=PATH" in refusal(None, FORMAT, None, models=[names["wave"], names["slow"]])
    assert "format=nam holds one" in refusal(None, "nam", out, models=[names["wave"]])
    assert "give model=PATH" in refusal(None, "nam")
    assert not (tmp_path / "all.nam").exists()
    convert(None, FORMAT, out, sample_rate=44100, models=[names["wave"], names["slow"]])
    assert {model.sample_rate for model in load_models(out)[0]} == {44100}
