"""Whole files, and what is said when they cannot be written."""

import errno
import os
import re

import pytest

from voxnas.utils.errors import InputError, StorageError, storage_error
from voxnas.utils.files import remove_temporaries, replacing, write_bytes, write_text


def test_what_fails_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_where_readers_block_a_file_is_replaced_when_they_are_done(tmp_path, monkeypatch):
    path, replace, refused = tmp_path / "a.txt", os.replace, iter([True, True, False])

    def busy(source, target):
        if next(refused):
            raise PermissionError(errno.EACCES, "used by another process", str(target))
        replace(source, target)

    monkeypatch.setattr("voxnas.utils.files.READERS_BLOCK", True)
    monkeypatch.setattr(os, "replace", busy)
    write_text(path, "new")
    assert path.read_text() == "new"


def test_a_file_that_may_not_be_replaced_is_an_error_at_once_elsewhere(tmp_path, monkeypatch):
    tried = []

    def refuse(source, target):
        tried.append(target)
        raise PermissionError(errno.EACCES, "no", str(target))

    monkeypatch.setattr("voxnas.utils.files.READERS_BLOCK", False)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError):
        write_text(tmp_path / "a.txt", "new")
    assert len(tried) == 1


def test_a_temporary_file_has_the_ending_of_what_it_becomes(tmp_path):
    with replacing(tmp_path / "new" / "a.wav") as temporary:
        assert re.fullmatch(r"\.tmp-[0-9a-f]{8}-a\.wav", temporary.name)
        temporary.touch()
    assert (tmp_path / "new/a.wav").exists()


def test_whoever_s_temporary_file_is_removed_does_not_replace_anything(tmp_path):
    path = tmp_path / "deep" / "a.bin"
    write_bytes(path, b"new owner")

    def late() -> None:
        with replacing(path) as temporary:
            temporary.write_bytes(b"old owner")
            remove_temporaries(tmp_path)

    with pytest.raises(FileNotFoundError):
        late()
    assert path.read_bytes() == b"new owner"


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (errno.ENOSPC, "No space left on device: free some and run again: /logs/a.json"),
        (errno.EDQUOT, "Disk quota exceeded: free some and run again: /logs/a.json"),
        (errno.EROFS, "Read-only file system: make it writable and run again: /logs/a.json"),
        (errno.EACCES, "Permission denied: make it writable and run again: /logs/a.json"),
        (errno.EIO, "Input/output error: see to the disk and run again: /logs/a.json"),
    ],
)
def test_trouble_with_the_disk_is_told_apart_and_names_the_file(number, line):
    error = OSError(number, os.strerror(number), "/logs/a.json")
    wrapped = RuntimeError("while saving")
    wrapped.__cause__ = error
    for given in (error, wrapped):
        found = storage_error(given, "/elsewhere")
        assert isinstance(found, InputError)
        assert str(found) == line
        assert storage_error(found, "") is found


def test_the_folder_stands_for_a_file_that_is_not_named_and_other_errors_are_none():
    assert "run again: /logs" in str(storage_error(OSError(errno.ENOSPC, "full"), "/logs"))
    assert storage_error(FileNotFoundError(errno.ENOENT, "gone"), "/logs") is None
    assert storage_error(ValueError(), "/logs") is None
    assert isinstance(storage_error(StorageError("full"), ""), StorageError)
