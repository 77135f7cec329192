"""Checkpoints that are whole or not there."""

import errno

import pytest
import torch

from voxnas.training.checkpoint_io import WholeCheckpoints


def test_a_checkpoint_comes_back_and_lies_alone(tmp_path):
    path = tmp_path / "checkpoints" / "last.ckpt"
    WholeCheckpoints().save_checkpoint({"epoch": 3, "weights": torch.arange(4.0)}, str(path))
    found = WholeCheckpoints().load_checkpoint(path, weights_only=True)
    assert found["epoch"] == 3
    assert torch.equal(found["weights"], torch.arange(4.0))
    assert [p.name for p in path.parent.iterdir()] == ["last.ckpt"]


def test_without_room_the_one_before_stays(tmp_path, monkeypatch):
    path = tmp_path / "last.ckpt"
    WholeCheckpoints().save_checkpoint({"epoch": 3}, path)

    def full(self, content) -> int:
        with open(self, "wb") as file:
            file.write(bytes(content[:10]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        WholeCheckpoints().save_checkpoint({"epoch": 4}, path)
    assert caught.value.filename == str(path)
    assert torch.load(path, weights_only=True) == {"epoch": 3}
    assert [p.name for p in tmp_path.iterdir()] == ["last.ckpt"]
