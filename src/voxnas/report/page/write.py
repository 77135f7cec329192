"""`report.html`, written: content, sounds and files as far as they fit, and the scripts, in one file."""

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.report.page.content import content, ordered
from voxnas.report.page.files import packed_file
from voxnas.report.page.join import WEB, joined
from voxnas.report.page.sounds import inside, playable, shared_sound
from voxnas.report.review import Review
from voxnas.utils.files import write_text

if TYPE_CHECKING:
    import pandas as pd

FILE = "report.html"
MOST_BYTES = 5 * 2**20
MOST_LOADED = 300  # networks, that are looked at whether they fit
LARGEST_FILE = 64 * 2**20  # bytes; a larger one is linked


def write_page(
    result: Review,
    eliminated: "pd.DataFrame",
    output_dir: Path,
    answer: str = "",
    answers: Sequence[Any] = (),
) -> Path:
    """Write the page beside the other files of a report, at most `MOST_BYTES` large, and return its path.

    For the arguments see `page_data`.
    """
    path = output_dir / FILE
    write_text(path, page(page_data(result, eliminated, output_dir, answer, answers)))
    return path


def page_data(
    result: Review,
    eliminated: "pd.DataFrame",
    output_dir: Path,
    answer: str = "",
    answers: Sequence[Any] = (),
) -> dict[str, Any]:
    """What the page holds beside its scripts, as plain values.

    Room goes to the sounds, then to the networks, the frontier's first, then to exported files; other files
    are linked to where they lie, relative to `output_dir`. `answer` is what the search was asked for, and
    got; `answers` are what listeners said: parts with `words`, `header`, `rows`.
    """
    frame = ordered(result)
    data = content(result, frame, eliminated, output_dir, answer) | {"answers": list(answers)}
    room = MOST_BYTES - len(page(data).encode())
    room = _add_sounds(data, frame, result, room)
    _add_files(data, frame, room)
    return data


def page(data: dict[str, Any], live: bool = False) -> str:
    """The page as text; `live` lets it ask the server that it comes from."""
    script = joined("main")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    parts = {
        "title": html.escape(f"voxnas: {data['study'] or 'study'}"),
        "heading": html.escape(data["study"] or "Search results"),
        "notices": "".join(f'<p class="notice">{html.escape(text)}</p>' for text in data["notices"]),
        "style": (WEB / "page.css").read_text(encoding="utf-8"),
        "hash": f"sha256-{digest}",
        "connect": "'self'" if live else "'none'",
        "data": _quoted(data),
        "worklet": joined("worklet"),
        "worker": joined("worker"),
        "script": script,
    }
    before, *rest = (WEB / "page.html").read_text(encoding="utf-8").split("{{")
    pieces = (piece.split("}}", 1) for piece in rest)
    return before + "".join(parts[name] + text for name, text in pieces)


def _quoted(data: dict[str, Any]) -> str:
    """JSON that ends no element of a page, whatever it holds."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _add_sounds(data: dict[str, Any], frame: "pd.DataFrame", result: Review, room: int) -> int:
    sound = shared_sound(frame, result.sections.sounds)
    if sound is None or (room := room - _size(sound)) < 0:
        return room
    data["sound"] = sound
    full = "There was no room for it in this page; its files are beside it."
    rows = zip(data["candidates"], frame.iterrows(), strict=True)
    for number, (candidate, (_, row)) in enumerate(rows):
        found = playable(row, sound) if room > 0 and number < MOST_LOADED else full
        if isinstance(found, dict) and _size(found) > room:
            found = full
        candidate["play" if isinstance(found, dict) else "mute"] = found
        room -= _size(found) if isinstance(found, dict) else 0
    playing = [c for c in data["candidates"] if "play" in c]
    data["cheapest"] = _cheapest(data, playing)
    return room


def _cheapest(data: dict[str, Any], playing: list[dict[str, Any]]) -> str | None:
    """The anchor of blind tests: the least by the page's horizontal figure."""
    axis = data["axes"][0]
    known = [c for c in playing if isinstance(c["values"].get(axis), float)]
    return min(known, key=lambda c: c["values"][axis])["name"] if known else None


def _add_files(data: dict[str, Any], frame: "pd.DataFrame", room: int) -> None:
    """The first format of all candidates, then the second: one file of each serves more readers."""
    rows = list(zip(data["candidates"], (row["folder"] for _, row in frame.iterrows()), strict=True))
    for place in range(max((len(c["files"]) for c in data["candidates"]), default=0)):
        for candidate, folder in rows:
            if place >= len(candidate["files"]) or room <= 0:
                continue
            file = candidate["files"][place]
            path = inside(folder, file["name"])
            if path is None or path.stat().st_size > LARGEST_FILE:
                continue
            packed = packed_file(path.read_bytes())
            if _size(packed) <= room:
                file["packed"] = packed
                room -= _size(packed)


def _size(value: Any) -> int:
    return len(_quoted(value).encode()) + 64 if isinstance(value, dict) else 0
