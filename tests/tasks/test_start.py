"""Weights to start from, of every kind of file: the sound is the file's, what does not fit is one line."""

import json

import pytest
import torch

from voxnas.export.formats import find_format
from voxnas.export.load import load_model
from voxnas.models.base import StreamingNetwork
from voxnas.models.recurrent import GRU, LSTM
from voxnas.models.wavenet import stack
from voxnas.records.record import Record
from voxnas.tasks.start import start_weights
from voxnas.utils.errors import InputError

QUICK = [
    "callbacks.benchmark.blocks=10",
    "callbacks.benchmark.block_sizes=[512]",
    "callbacks.preview=null",
    "logger=csv",
    "trainer.max_epochs=1",
]
NETWORK = ["model.num_layers=2", "model.channels=3", "name=amp"]


def seeded(make, seed: int = 1) -> StreamingNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return make()


def output(network: StreamingNetwork) -> torch.Tensor:
    x = 0.3 * torch.randn(1, 1, 300, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return network.stream(x, network.initial_state())[0]


@pytest.mark.parametrize(
    ("format", "make"),
    [
        ("nam", lambda: stack(2, 3, head_scale=0.5)),
        ("json", lambda: stack(2, 3, head_scale=0.02)),
        ("nam", lambda: LSTM(8)),
        ("rtneural", lambda: LSTM(8)),
        ("rtneural", lambda: GRU(5)),
        ("aidax", lambda: GRU(8, skip=True)),
        ("proteus", lambda: LSTM(40, skip=True)),
    ],
)
def test_a_network_that_starts_from_a_file_sounds_as_it(tmp_path, format, make):
    trained, fresh = seeded(make), seeded(make, 2)
    path = find_format(format).write(trained, tmp_path / f"amp{find_format(format).suffix}", 48000, {})
    if hasattr(fresh, "head_scale"):
        fresh.head_scale = 0.02
    fresh.load_state_dict(start_weights(str(path), fresh))
    torch.testing.assert_close(output(fresh), output(load_model(path).network), rtol=0, atol=1e-5)


def checkpoint(tmp_path, network: StreamingNetwork, **further):
    state = {f"network.{name}": value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state, **further}, tmp_path / "best.ckpt")
    return tmp_path / "best.ckpt"


@pytest.mark.parametrize("told", [True, False])
def test_weights_of_another_shape_or_kind_are_one_line(tmp_path, told):
    network = stack(2, 4)
    known = {"voxnas": {"architecture": network.architecture()}} if told else {}
    path = checkpoint(tmp_path, network, **known)
    for other in (stack(2, 3), stack(20, 4), LSTM(8)):
        with pytest.raises(InputError) as error:
            start_weights(str(path), other)
        assert str(error.value).startswith(f"{path}: ")
        assert len(str(error.value)) < 300
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none.ckpt", None, "no such file"),
        ("none.nam", None, "no such model"),
        ("page.ckpt", b"<!DOCTYPE html>", "a web page, not a model"),
        ("noise.ckpt", b"\x80\x02garbage", "it is damaged, or holds more than plain weights"),
        ("amp.nam", b"{", "ends in the middle"),
    ],
)
def test_what_cannot_be_read_is_one_line_without_advice_to_trust_it(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as error:
        start_weights(str(tmp_path / name), stack(2, 3))
    assert "weights_only" not in str(error.value)
    assert len(str(error.value)) < 300 + len(str(tmp_path))


def test_training_goes_on_from_an_exported_file(run_here, tiny_pair, log_dir, tmp_path):
    path = tmp_path / "own amp.nam"
    trained = seeded(lambda: stack(2, 3))
    find_format("nam").write(trained, path, 8000, {})

    def train(*overrides: str):
        given = ["-m", "search=phase1", "study=tiny", *NETWORK, *tiny_pair, *QUICK]
        return run_here("train", *given, *overrides)

    nothing = ["training.optimizer.lr=1e-12", f"init_from='{path}'"]
    done = train(*nothing)
    assert done.code == 0, done.err
    record = log_dir / "nas/tiny/phase1/amp/record.json"
    assert Record.read(record).status == "ok"
    found = load_model(record.parent).network
    torch.testing.assert_close(output(found), output(load_model(path).network), rtol=0, atol=1e-5)
    before = Record.read(record).identity
    assert "done before" in train(*nothing).out  # the file is known by what it holds
    content = json.loads(path.read_text())
    content["weights"][0] += 0.5
    path.write_text(json.dumps(content))
    assert train(*nothing).code == 0
    assert Record.read(record).identity != before


def test_a_start_that_does_not_fit_is_said_before_anything_is_written(run_here, tiny_pair, log_dir, tmp_path):
    path = find_format("nam").write(stack(2, 7), tmp_path / "amp.nam", 8000, {})
    done = run_here("train", "study=tiny", *NETWORK, *tiny_pair, *QUICK, f"init_from={path}")
    assert done.code == 2
    assert done.err.startswith(f"error: {path}: does not fit the network that is to be trained")
    assert done.err.count("\n") == 1
    assert not list(log_dir.rglob("record.json"))
