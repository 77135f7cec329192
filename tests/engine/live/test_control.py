"""Keys do what the screen says, the screen shows what is, and a session ends as it should."""

import io
import os
import time
from contextlib import contextmanager

import numpy as np
import pytest
from rich.console import Console

from voxnas.engine.live import control
from voxnas.engine.live.control import press, run
from voxnas.engine.live.keys import keyboard
from voxnas.engine.live.model_bank import ModelBank, Slot
from voxnas.engine.live.player import Bypass
from voxnas.engine.live.screen import KEYS, figures, screen, summary

RATE = 48000


@pytest.fixture
def bank() -> ModelBank:
    return ModelBank([Slot(name, Bypass, RATE) for name in ("clean", "lead", "fuzz")], RATE, 480)


class FakeDriver:
    """Plays a constant block whenever it is asked whether it is active."""

    def __init__(
        self, bank: ModelBank, blocks: int, level: float = 0.5, error: Exception | None = None
    ) -> None:
        self.bank, self.left, self.level, self.error, self.within = bank, blocks, level, error, False

    def __enter__(self):
        self.within = True
        return self

    def __exit__(self, *_):
        self.within = False

    @property
    def active(self) -> bool:
        assert self.within
        self.left -= 1
        self.bank.player.process(np.full(480, self.level, np.float32))
        return self.left > 0

    def check(self) -> None:
        if self.error:
            raise self.error


def said(console: Console) -> str:
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.fixture
def console():
    return Console(file=io.StringIO(), force_terminal=False, width=100)


@pytest.fixture
def keys(monkeypatch):
    """Lets the test press keys: one per look at the keyboard, then none."""

    def pressing(pressed):
        rest = iter(pressed)

        @contextmanager
        def fake():
            yield lambda seconds: next(rest, "")

        monkeypatch.setattr(control, "keyboard", fake)

    return pressing


@pytest.mark.parametrize(
    ("pressed", "playing"),
    [
        ("2", "lead"),
        ("9", "clean"),
        ("n", "lead"),
        ("nn", "fuzz"),
        ("p", "fuzz"),
        ("b", "bypass"),
        ("bb", "clean"),
    ],
)
def test_keys_choose_what_plays(bank, pressed, playing):
    for key in pressed:
        press(bank, key)
    assert bank.playing == playing


def test_keys_set_the_gains_and_others_do_nothing(bank):
    for key in ["]", "]", "[", "+", "=", "-", "-", "-", "", "x", "\x1b"]:
        press(bank, key)
    assert (bank.player.input_gain_db, bank.player.output_gain_db) == (1, -1)
    assert bank.playing == "clean"


def test_q_ends_the_session(bank, console, keys):
    keys(["n", "", "q", "n"])
    run(FakeDriver(bank, 100), bank, console)
    assert bank.playing == "lead"
    assert said(console).splitlines() == ["0.0 s: clean", "0.0 s: lead"]


def test_it_ends_with_the_file_or_after_so_many_seconds(bank, console, keys):
    keys([])
    run(FakeDriver(bank, 7), bank, console)
    assert bank.player.load.blocks == 7
    run(FakeDriver(bank, 100), bank, console, seconds=0.2)
    assert bank.player.load.seconds == pytest.approx(0.2)


def test_models_take_turns_when_asked(bank, console, keys):
    keys([])
    run(FakeDriver(bank, 36), bank, console, switch_every=0.1)
    assert [line.split(": ")[1] for line in said(console).splitlines()] == ["clean", "lead", "fuzz", "clean"]


def test_ctrl_c_is_a_way_to_end_and_an_error_is_not(bank, console, keys, monkeypatch):
    def interrupted():
        raise KeyboardInterrupt
        yield

    driver = FakeDriver(bank, 100)
    keys(interrupted())
    run(driver, bank, console)
    assert not driver.within
    keys([])
    with pytest.raises(RuntimeError, match="broken"):
        run(FakeDriver(bank, 3, error=RuntimeError("broken")), bank, console)


def test_the_screen_shows_levels_clips_models_and_load(bank):
    console = Console(width=110, record=True, file=io.StringIO())
    for _ in range(100):
        bank.player.process(np.full(480, 0.5, np.float32))
    bank.player.output_gain_db = 12
    for _ in range(100):
        bank.player.process(np.full(480, 0.5, np.float32))
    bank.player.load.xruns = 3
    console.print(screen(bank))
    text = console.export_text()
    lines = text.splitlines()
    assert "peak   -6.0  RMS   -6.0 dBFS  gain +0 dB" in lines[0]
    assert "CLIP" not in lines[0]
    assert "gain +12 dB  CLIP" in lines[1]
    assert lines[2].split() == ["1", "clean", "2", "lead", "3", "fuzz"]
    assert lines[3].startswith("2.0 s   load ")
    assert lines[3].endswith("deadline misses 0   xruns 3")
    assert lines[4].strip() == KEYS
    assert summary(bank)[-1].startswith("note: the output clipped in 100 blocks (peak 1.99)")


def test_the_figures_are_those_of_the_summary(bank):
    for _ in range(10):
        bank.player.process(np.full(480, 0.5, np.float32))
    got = figures(bank)
    assert (got["blocks"], got["block_size"], got["sample_rate"]) == (10, 480, RATE)
    assert (got["deadline_misses"], got["xruns"], got["switches"]) == (0, 0, 0)
    assert "played 0.1 s in 10 blocks of 480 samples (10.00 ms at 48000 Hz), 0 switches" in summary(bank)[0]


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are Unix's")
def test_keys_come_from_a_terminal_without_enter_and_it_is_put_back():
    import pty
    import termios

    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    with keyboard(slave) as key:
        os.write(master, b"n2")
        assert [key(1), key(1), key(0.01)] == ["n", "2", ""]
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


def test_without_a_terminal_there_are_no_keys(tmp_path):
    with (tmp_path / "in").open("w+") as file, keyboard(file.fileno()) as key:
        start = time.monotonic()
        assert key(0.05) == ""
        assert time.monotonic() - start >= 0.05
