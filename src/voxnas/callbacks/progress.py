"""One display for a whole sweep: a line per finished candidate, and a live line for the one in training."""

import os
import time

import lightning.pytorch as pl
from rich.console import Console
from rich.live import Live
from rich.text import Text

from voxnas.problems.base import Problem
from voxnas.records.record import Record
from voxnas.training.callback import JobCallback
from voxnas.utils.resolvers import SWEEP_SIZE

_console = Console(highlight=False)
_run_seconds: list[float] = []  # of the candidates that this process has trained


def position(number: int) -> str:
    """`[3/12]` in a sweep, empty in a single run."""
    total = os.environ.get(SWEEP_SIZE)
    return f"[{number + 1}/{total}] " if total else ""


def announce(record: Record, number: int, problem: Problem, note: str = "") -> None:
    """Print the line that stays for a job that is done, in whatever way."""
    text = f"{position(number) if record.kind == 'candidate' else ''}{record.candidate}  "
    if record.status != "ok":
        text += f"{record.status}: {record.reason}"
    elif record.kind == "search":
        text += _found(record)
    elif record.score is not None:
        text += f"{problem.score.name} {record.score:.3g} (epoch {record.best_epoch})"
        shown = {label: record.value(name) for name, label in problem.progress.items()}
        text += "".join(f"  {label} {value:.3g}" for label, value in shown.items() if value is not None)
        text += f"  {_clock(record.train_seconds or 0)}"
    _console.print(Text(text + (f"  ({note})" if note else "")), soft_wrap=True)


def _found(record: Record) -> str:
    """Duration of a differentiable search, and the cost that it expects of its result."""
    costs = [epoch["expected_cost"] for epoch in record.history[-1:] if "expected_cost" in epoch]
    unit = record.search.get("cost_unit", "")
    return f"searched {_clock(record.train_seconds or 0)}" + "".join(
        f"  expects {cost:.6g} {unit}" for cost in costs
    )


class Progress(JobCallback):
    """Shows candidate k of n, epoch, best score so far and the time left.

    On a terminal the line is live; elsewhere a plain line is printed about `plain_lines` times per run.

    Args:
        number: of the candidate in the sweep, from 0.
        plain_lines: see above.
        side_by_side: candidates at a time; more than one get plain lines on a terminal too.
        problem: names the score.
    """

    def __init__(
        self, problem: Problem, number: int = 0, plain_lines: int = 5, side_by_side: int = 1
    ) -> None:
        self.problem = problem
        self.number, self.plain_lines, self.side_by_side = number, plain_lines, side_by_side
        self._live: Live | None = None
        self._fit_start = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._fit_start = time.monotonic()
        if _console.is_terminal and self.side_by_side == 1:
            self._live = Live(console=_console, transient=True, refresh_per_second=4)
            self._live.start()
        self._show(trainer, pl_module)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if self._live is not None:
            self._show(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        every = max(1, (trainer.max_epochs or 1) // self.plain_lines)
        if self._live is not None or (trainer.current_epoch + 1) % every == 0:
            self._show(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        _run_seconds.append(time.monotonic() - self._fit_start)
        self.close()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self.close()

    def close(self) -> None:
        """Take the live line away; safe to call again."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _show(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        line = Text(self._line(trainer, module), overflow="ellipsis", no_wrap=True)
        if self._live is not None:
            self._live.update(line)
        else:
            _console.print(line, soft_wrap=True)

    def _line(self, trainer: pl.Trainer, module: pl.LightningModule) -> str:
        choose = max if self.problem.score.maximise else min
        best = choose((e["score"] for e in self.record.history), default=None)
        left = self._seconds_left(float(module.progress()))  # type: ignore[operator]
        parts = [
            f"{position(self.number)}{self.record.candidate}",
            f"epoch {min(trainer.current_epoch + 1, trainer.max_epochs or 1)}/{trainer.max_epochs}",
            f"best {self.problem.score.name} " + (f"{best:.3g}" if best is not None else "–"),
            f"left {_clock(left)}" if left is not None else "",
        ]
        return "  ".join(part for part in parts if part)

    def _seconds_left(self, progress: float) -> float | None:
        """Of the whole sweep: the rest of this run, and a run of mean length for each that waits."""
        elapsed = time.monotonic() - self._fit_start
        if progress < 0.01:
            return None
        this_run = elapsed / progress
        waiting = max(0, int(os.environ.get(SWEEP_SIZE, "1")) - self.number - self.side_by_side)
        known = [*_run_seconds, this_run]
        return this_run - elapsed + waiting / self.side_by_side * sum(known) / len(known)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
