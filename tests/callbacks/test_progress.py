"""The one display of a sweep, as plain lines and on a terminal."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from voxnas.callbacks import progress
from voxnas.callbacks.progress import SWEEP_SIZE, Progress, announce
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.record import Record

AMP = AmpProblem()


@pytest.fixture
def screen(monkeypatch):
    """What is shown; `screen(terminal=True)` pretends to be one."""

    def make(terminal: bool = False) -> io.StringIO:
        text = io.StringIO()
        console = Console(file=text, force_terminal=terminal, width=100, color_system=None, highlight=False)
        monkeypatch.setattr(progress, "_console", console)
        monkeypatch.setattr(progress, "_run_seconds", [])
        monkeypatch.setenv(SWEEP_SIZE, "12")
        return text

    return make


def train(callback: Progress, epochs: int) -> None:
    """The calls of a fit, with a record that gets better by the epoch."""
    callback.attach(Record("amp", "s", "phase1", "running", "x"), None)
    trainer = SimpleNamespace(max_epochs=epochs, current_epoch=0)
    module = SimpleNamespace(progress=lambda: trainer.current_epoch / epochs)
    callback.on_train_start(trainer, module)
    for epoch in range(epochs):
        trainer.current_epoch = epoch
        callback.on_train_batch_end(trainer, module)
        callback.record.history.append({"epoch": epoch, "score": 0.5 / (epoch + 1)})
        callback.on_train_epoch_end(trainer, module)
    callback.on_train_end(trainer, module)


def test_without_a_terminal_a_few_plain_lines_say_how_far_it_is(screen):
    text = screen()
    train(Progress(AMP, number=2, plain_lines=5), epochs=50)
    lines = text.getvalue().splitlines()
    assert len(lines) == 6
    assert lines[0] == "[3/12] amp  epoch 1/50  best ESR –"
    assert lines[1].startswith("[3/12] amp  epoch 10/50  best ESR 0.05  left 0:0")
    assert lines[-1].startswith("[3/12] amp  epoch 50/50  best ESR 0.01")
    assert "\x1b" not in text.getvalue()


def test_on_a_terminal_one_line_is_rewritten_and_taken_away(screen):
    text = screen(terminal=True)
    callback = Progress(AMP, number=0)
    train(callback, epochs=3)
    assert "[1/12] amp  epoch 3/3  best ESR 0.167" in text.getvalue()
    assert text.getvalue().endswith("\x1b[2K")  # the line is erased
    callback.close()
    callback.on_exception(None, None, KeyboardInterrupt())


def test_time_left_is_the_rest_of_this_run_and_a_mean_one_for_each_that_waits(screen, monkeypatch):
    screen()
    callback = Progress(AMP, number=9)  # 10 of 12
    now = SimpleNamespace(monotonic=lambda: 130.0)
    monkeypatch.setattr(progress, "time", now)
    callback._fit_start = 100.0
    assert callback._seconds_left(0.0) is None
    assert callback._seconds_left(0.25) == pytest.approx(90 + 2 * 120)
    progress._run_seconds.extend([60.0, 60.0])
    assert callback._seconds_left(0.25) == pytest.approx(90 + 2 * (60 + 60 + 120) / 3)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        (
            {"score": 0.0123, "best_epoch": 4, "cost": {"cpu_rtf": {"value": 0.25}}, "train_seconds": 3671.0},
            "[1/12] amp  ESR 0.0123 (epoch 4)  RTF 0.25  1:01:11",
        ),
        ({"score": 0.5, "best_epoch": 0}, "[1/12] amp  ESR 0.5 (epoch 0)  0:00"),
        ({"status": "failed", "reason": "out of memory"}, "[1/12] amp  failed: out of memory"),
        ({"status": "rejected", "reason": "latency [ms] > 1"}, "[1/12] amp  rejected: latency [ms] > 1"),
    ],
)
def test_what_stays_of_a_candidate_that_is_done(screen, figures, expected):
    text = screen()
    announce(
        Record(
            **({"candidate": "amp", "study": "s", "rung": "r", "status": "ok", "identity": "x"} | figures)
        ),
        0,
        AMP,
    )
    assert text.getvalue() == expected + "\n"


def test_a_single_run_has_no_number_and_a_note_is_shown(screen, monkeypatch):
    text = screen()
    monkeypatch.delenv(SWEEP_SIZE)
    announce(Record("amp", "s", "r", "failed", "x", reason="why"), 0, AMP, "resumed")
    assert text.getvalue() == "amp  failed: why  (resumed)\n"
