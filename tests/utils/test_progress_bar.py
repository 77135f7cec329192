"""A bar on a terminal, a line now and then elsewhere, nothing for what is soon over."""

import io

from rich.console import Console

from voxnas.utils import progress_bar as module
from voxnas.utils.progress_bar import progress_bar


def shown(terminal: bool, shares: list[float]) -> str:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    with progress_bar("take.wav", console) as show:
        for share in shares:
            show(share)
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_a_terminal_shows_a_bar_with_the_share():
    text = shown(True, [0.0, 0.25, 0.5])
    assert "take.wav" in text
    assert "50%" in text


def test_elsewhere_what_is_soon_over_says_nothing():
    assert shown(False, [0.0, 0.5, 1.0]) == ""


def test_elsewhere_a_line_comes_every_so_many_seconds(monkeypatch):
    clock = iter([100.0, 104.0, 111.0, 115.0, 122.0, 123.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    text = shown(False, [0.1, 0.25, 0.4, 0.5, 1.0])
    assert text.splitlines() == ["take.wav: 25%, 33 s left", "take.wav: 50%, 22 s left"]
