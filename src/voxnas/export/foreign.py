"""Files that are no models at all, such as a download often leaves, known by how they begin."""

import pickle
from pathlib import Path

_DOWNLOAD = "download the file itself, and sign in first where its site asks for it"
_UNPACK = "unpack it and give the model in it"
_BEGINNINGS = (
    ((b"<!doctype html", b"<html", b"<head", b"<body", b"<script"), f"a web page, not a model: {_DOWNLOAD}"),
    ((b"<",), f"XML, not a model: {_DOWNLOAD}"),
    ((b"%pdf",), "a PDF, not a model"),
    ((b"pk\3\4", b"pk\5\6", b"\x1f\x8b", b"7z\xbc\xaf", b"rar!"), f"an archive, not a model: {_UNPACK}"),
    ((b"riff", b"flac", b"form", b"id3", b"oggs"), "a recording, not a model"),
    ((b"\x89png", b"\xff\xd8\xff", b"gif8"), "a picture, not a model"),
    ((b"version https://git-lfs",), "a Git LFS pointer, not the model: fetch it with git lfs pull"),
)
LENGTH = 1024  # bytes of a file's beginning that tell


def describe(beginning: bytes) -> str | None:
    """What a file is that begins so, and what to do; None if it is none of those that are known."""
    text = beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text.strip(b"\0"):
        return "empty, or holds nothing but blanks and zeros: download it again" if text else "empty"
    return next((what for beginnings, what in _BEGINNINGS if text.startswith(beginnings)), None)


def why_unreadable(path: Path, error: Exception) -> str:
    """Reason in a few words that PyTorch cannot read a file; its own advice is to trust the file."""
    if not path.is_file():
        return "no such file"
    with path.open("rb") as file:
        foreign = describe(file.read(LENGTH))
    if foreign and not foreign.startswith("an archive"):  # as every checkpoint is
        return foreign
    if isinstance(error, pickle.UnpicklingError):
        return "it is damaged, or holds more than plain weights"
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def is_cut_short(text: str, position: int, reason: str) -> bool:
    """Whether JSON that cannot be read from a position on, for a reason, ends there in the middle."""
    rest = text[position:].rstrip()
    begun = any(word.startswith(rest) for word in ("true", "false", "null", "-"))
    return text.lstrip().startswith("{") and (begun or reason.startswith("Unterminated string"))
