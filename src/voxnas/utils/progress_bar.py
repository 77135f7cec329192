"""Progress of a long task: a bar on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

PLAIN_SECONDS = 10.0  # between the lines where there is no terminal


@contextmanager
def progress_bar(title: str, console: Console | None = None) -> Iterator[Callable[[float], None]]:
    """A function to call with the share that is done, 0 to 1. The bar goes when the block ends."""
    console = console or Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _plain_lines(title, console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda share: progress.update(task, completed=share)


def _plain_lines(title: str, console: Console) -> Callable[[float], None]:
    start = last = time.monotonic()

    def show(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < PLAIN_SECONDS or share <= 0:
            return
        last = now
        console.print(f"{title}: {share:.0%}, {(now - start) * (1 / share - 1):.0f} s left", soft_wrap=True)

    return show
