"""Everything that `model=PATH` may be, and everything that it may not."""

import json
import zipfile
from datetime import datetime

import pytest
import torch

from voxnas.export.load import load_model
from voxnas.export.metadata import nam_metadata
from voxnas.export.nam import write_nam
from voxnas.export.record_json import write_record_json
from voxnas.models.recurrent import LSTM
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError


@pytest.fixture
def network() -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return stack(3, 2)


def checkpoint(network: WaveNet) -> dict:
    weights = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    return {
        "state_dict": {**weights, "loss.window": torch.ones(3)},
        "voxnas": {"architecture": network.architecture(), "sample_rate": 44100},
        "epoch": 7,
    }


def same(a, b) -> bool:
    first, second = a.state_dict(), b.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def test_every_kind_of_model_is_loaded(network, tmp_path):
    torch.save(checkpoint(network), tmp_path / "best.ckpt")
    write_nam(network, tmp_path / "amp.nam", 44100, {"name": "amp"})
    folder = tmp_path / "run"
    write_record_json(network, folder / "model.json", 44100, {"name": "amp"})
    for path in (tmp_path / "best.ckpt", tmp_path / "amp.nam", folder, folder / "model.json", str(folder)):
        model = load_model(path)
        assert same(model.network, network)
        assert model.sample_rate == 44100
        assert not model.network.training


def test_a_folder_without_a_record_falls_back_to_its_nam_file(network, tmp_path):
    write_nam(network, tmp_path / "amp.nam", 48000)
    assert load_model(tmp_path).path == tmp_path / "amp.nam"
    write_nam(network, tmp_path / "other.nam", 48000)
    with pytest.raises(InputError, match=r"2 \.nam files; name the one"):
        load_model(tmp_path)


def test_what_is_loaded_can_be_trained_on(network, tmp_path):
    model = load_model(write_record_json(network, tmp_path / "model.json", 48000))
    model.network(torch.randn(1, 1, 100)).square().mean().backward()
    assert all(p.requires_grad for p in model.network.parameters())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.nam", None, "no such model"),
        ("song.wav", b"RIFF", "not a model"),
        ("noise.ckpt", b"\x80\x02garbage", "damaged, or not a checkpoint"),
        ("empty.ckpt", b"", r"damaged, or not a checkpoint \(empty\)"),
        ("page.ckpt", b"<!DOCTYPE html>", "a web page, not a model"),
        ("noise.json", b"\xff\xfe", "not readable as JSON"),
        ("other.json", b'{"a": 1}', "not a voxnas-model record, and neither a .nam, RTNeural, AIDA-X"),
        ("inf.json", b'{"format": "voxnas-model", "a": 1e999}', "beyond what a computer can hold"),
        ("many.json", b'{"a": [' + b"0," * 2**22 + b"0]}", "more values than any model"),
        ("lists.json", b'{"a": [' + b"[],[]," * 2**19 + b"[]]}", "more values than any model"),
    ],
)
def test_anything_else_is_refused_in_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        load_model(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("suffix", [".nam", ".json", ".aidax"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n\n<!DOCTYPE html><html><head></head></html>", "is a web page, not a model: download the file"),
        (b"\xef\xbb\xbf<HTML>", "is a web page, not a model"),
        (b"<?xml version='1.0'?><Error/>", "is XML, not a model"),
        (b"", "is empty$"),
        (b"\n ", "is empty$"),
        (b"\0" * 4096, "is empty, or holds nothing but blanks and zeros"),
        (b"PK\3\4\x14\0\0\0", "is an archive, not a model: unpack it"),
        (b"\x1f\x8b\x08\0", "is an archive, not a model"),
        (b"%PDF-1.7\n%\xe2\xe3", "is a PDF, not a model"),
        (b"RIFF\x24\0\0\0WAVE", "is a recording, not a model"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
        (b'{"version": "0.5.4", "weights": [1.0, -0.2', "ends in the middle"),
        (b'{"version": "0.5.4", "weights": [1.0, -', "ends in the middle"),
        (b'{"version": "0.5.4", "archit', "ends in the middle"),
        (b'{"skip": fal', "ends in the middle"),
        (b"{'version': 1}", "not readable as JSON"),
        (b"hello", "not readable as JSON"),
    ],
)
def test_what_a_download_leaves_instead_of_a_model_is_named(tmp_path, suffix, content, message):
    path = tmp_path / f"amp{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        load_model(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="did the run finish"):
        load_model(tmp_path)


class Exploit:
    """Would run code when unpickled."""

    def __reduce__(self):
        return (print, ("pwned",))


@pytest.mark.parametrize("foreign", [{"state_dict": {}}, {"voxnas": 3}, [1, 2], {"x": Exploit()}])
def test_a_foreign_checkpoint_is_refused_and_runs_no_code(tmp_path, foreign, capsys):
    torch.save(foreign, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="checkpoint"):
        load_model(tmp_path / "other.ckpt")
    assert "pwned" not in capsys.readouterr().out


def _change(record: dict, key: str, value) -> None:
    place = record
    *parents, last = key.split("/")
    for parent in parents:
        place = place[int(parent) if parent.isdigit() else parent]
    place[last] = value


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("schema_version", 99, "schema version 99"),
        ("architecture", None, "architecture is missing"),
        ("architecture/type", "Perceptron", "'Perceptron'"),
        ("architecture/head_scale", "loud", "architecture"),
        ("architecture/layer_arrays", "none", "WaveNet"),
        ("architecture/surprise", 1, "surprise"),
        ("architecture/layer_arrays/0/head_bias", 1, "head_bias is neither true nor false"),
        ("sample_rate", "fast", "sample_rate"),
        ("metadata", "none", "metadata"),
        ("weights", [], "weights is missing"),
        ("weights/arrays.0.head.bias", [1.0, 2.0], "do not fit"),
        ("weights/arrays.0.head.bias", ["a"], "arrays.0.head.bias"),
        ("weights/arrays.0.head.bias", [1e60], "arrays.0.head.bias"),
        ("weights/surplus", [1.0], "do not fit"),
    ],
)
def test_a_damaged_record_is_refused_by_name(network, tmp_path, key, value, message):
    path = write_record_json(network, tmp_path / "model.json", 48000)
    record = json.loads(path.read_text())
    _change(record, key, value)
    path.write_text(json.dumps(record))
    with pytest.raises(InputError, match=message) as error:
        load_model(path)
    assert "\n" not in str(error.value)


def test_a_message_is_one_line_of_some_length_whatever_the_file_holds(network, tmp_path):
    path = write_record_json(network, tmp_path / "model.json", 48000)
    record = json.loads(path.read_text())
    record["architecture"]["type"] = "a\nb" * 10**5
    path.write_text(json.dumps(record))
    with pytest.raises(InputError) as error:
        load_model(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600 + len(str(path))


@pytest.mark.parametrize("weight", [1e3, 1e30])
def test_finite_weights_that_play_infinity_or_next_to_it_are_refused(tmp_path, weight):
    network = stack(6, 2, activation="ReLU")
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(weight)
    with pytest.raises(InputError, match="output is NaN or endless"):
        load_model(write_nam(network, tmp_path / "loud.nam", 48000))


def test_a_nam_file_of_another_suffix_is_known_by_what_it_holds(network, tmp_path):
    path = write_nam(network, tmp_path / "amp.nam", 44100).rename(tmp_path / "amp.json")
    assert same(load_model(path).network, network)


@pytest.mark.parametrize(
    "architecture",
    [
        {"type": "LSTM", "hidden_size": 10**9},
        {"type": "LSTM", "num_layers": 10**6},
        {"type": "LSTM", "warm_up": 10**12},
        {"type": "LSTM", "warm_up": 0.5},
        {"type": "LSTM", "skip": "yes"},
        {"type": "LSTM", "hidden_size": float("1e9")},
        {"type": "WaveNet", "layer_arrays": [{"channels": 2, "dilations": [1], "head_bias": {}}]},
        {"type": "GRU", "hidden_size": 4000},
        {"type": "Linear", "taps": 2**30},
        {"type": "ConvNet", "dilations": [1] * 10**5},
        {"type": "ConvNet", "dilations": [2**31]},
        {"type": "WaveNet", "layer_arrays": [{"channels": 2, "dilations": [1] * 10**5}]},
    ],
)
def test_an_absurd_network_is_refused_before_it_is_built(tmp_path, architecture):
    path = tmp_path / "model.json"
    content = {"format": "voxnas-model", "schema_version": 1, "architecture": architecture, "weights": {}}
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"architecture|receptive field|too large|warm_up"):
        load_model(path)


def test_the_largest_recurrent_network_is_none_of_them(tmp_path):
    network = LSTM(128, num_layers=4)
    assert same(load_model(write_record_json(network, tmp_path / "model.json", 48000)).network, network)


@pytest.mark.parametrize(
    "tensor",
    [
        torch.ones(1).expand(10**12),
        torch.ones(2, 1, 1, device="meta"),
        torch.ones(2, 1, 1).to_sparse(),
        torch.ones(2, 1, 1, dtype=torch.complex64),
        torch.full((2, 1, 1), 1e300, dtype=torch.float64),
        "weights",
    ],
    ids=["endless", "nowhere", "sparse", "complex", "beyond float32", "text"],
)
def test_tensors_that_are_no_plain_weights_are_refused(network, tmp_path, tensor):
    content = checkpoint(network)
    name = next(iter(content["state_dict"]))
    content["state_dict"][name] = tensor
    torch.save(content, tmp_path / "odd.ckpt")
    with pytest.raises(InputError, match="weight"):
        load_model(tmp_path / "odd.ckpt")


def test_an_archive_that_unpacks_to_gigabytes_is_refused_unread(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.ckpt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(80 * 2**20))
    assert (tmp_path / "bomb.ckpt").stat().st_size < 10**6
    with pytest.raises(InputError, match="80 MiB are too much"):
        load_model(tmp_path / "bomb.ckpt")


@pytest.mark.parametrize("size", [{"channels": 10**7}, {"dilations": [10**12]}, {"kernel_size": 10**9}])
def test_an_absurd_size_costs_no_memory(network, tmp_path, size):
    path = write_record_json(network, tmp_path / "model.json", 48000)
    record = json.loads(path.read_text())
    record["architecture"]["layer_arrays"] = [{"channels": 2, "dilations": [1], **size}]
    path.write_text(json.dumps(record))
    with pytest.raises(InputError):
        load_model(path)


def test_metadata_holds_what_is_known_and_nothing_else(network):
    when = datetime(2026, 5, 4, 18, 36, 27)
    metadata = nam_metadata(network, 48000, validation_esr=0.01, name="Amp", input_level_dbu=12.5, date=when)
    assert metadata["date"] == {"year": 2026, "month": 5, "day": 4, "hour": 18, "minute": 36, "second": 27}
    assert metadata["training"] == {"settings": {}, "validation_esr": 0.01}
    assert (metadata["name"], metadata["input_level_dbu"]) == ("Amp", 12.5)
    assert -100 < metadata["loudness"] < 0
    assert 0 <= metadata["gain"] <= 1
    assert set(metadata) == {"date", "loudness", "gain", "name", "input_level_dbu", "training"}
    json.dumps(metadata, allow_nan=False)


def test_metadata_that_json_cannot_say_is_refused(network, tmp_path):
    with pytest.raises(InputError, match="NaN or infinity"):
        write_record_json(network, tmp_path / "model.json", 48000, {"loudness": float("nan")})
    assert not list(tmp_path.iterdir())


def test_a_byte_order_mark_is_no_damage(network, tmp_path):
    path = write_record_json(network, tmp_path / "model.json", 48000)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert same(load_model(path).network, network)
