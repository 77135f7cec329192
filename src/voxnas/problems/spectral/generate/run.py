"""Making a set, in several processes, each chunk the same whoever makes it."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch

from voxnas.problems.spectral.generate.plan import Plan
from voxnas.problems.spectral.vimh.dataset import open_set
from voxnas.problems.spectral.vimh.write import write_set
from voxnas.utils.progress_bar import progress_bar

WORTH_A_PROCESS = 4  # chunks
AHEAD = 4  # chunks per process that wait to be written: memory does not grow with the set


def generate(plan: Plan, folder: str | Path, processes: int | None = None) -> Path:
    """Make a set in `folder`, under its own name; the folder appears when it is whole.

    Args:
        processes: that make it; None for one on each core. Their number changes no byte.

    Raises InputError where it is there already or cannot be written.
    """
    where = Path(folder).expanduser() / plan.name
    with progress_bar(plan.name) as show:
        chunks = _counted(_chunks(plan, processes), plan.number, show)
        write_set(where, plan.metadata(), _parts(chunks, plan.train))
    open_set(where)
    return where


def _parts(chunks: Iterator[np.ndarray], train: int) -> dict[str, Iterator[np.ndarray]]:
    """Train and test, to be taken in this order from one stream of chunks."""
    rest: list[np.ndarray] = []

    def first() -> Iterator[np.ndarray]:
        seen = 0
        for chunk in chunks:
            cut = min(len(chunk), train - seen)
            seen += cut
            yield chunk[:cut]
            if seen == train:
                rest.append(chunk[cut:])
                return

    def then() -> Iterator[np.ndarray]:
        yield from rest
        yield from chunks

    return {"train": first(), "test": then()}


def _counted(
    chunks: Iterator[np.ndarray], number: int, show: Callable[[float], None]
) -> Iterator[np.ndarray]:
    done = 0
    for chunk in chunks:
        done += len(chunk)
        show(done / number)
        yield chunk


def _chunks(plan: Plan, processes: int | None) -> Iterator[np.ndarray]:
    values, numbers = plan.values(), list(plan.chunks())
    suits = min(os.cpu_count() or 1, len(numbers) // WORTH_A_PROCESS)  # which takes seconds to start
    workers = max(1, min(processes or suits, len(numbers)))
    if workers == 1:
        before = torch.get_num_threads()
        torch.set_num_threads(1)  # as in a worker
        try:
            for own in numbers:
                yield plan.records(own, values[own])
        finally:
            torch.set_num_threads(before)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, spawn, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        waiting: deque[Future[np.ndarray]] = deque()
        try:
            for own in numbers:
                waiting.append(pool.submit(plan.records, own, values[own]))
                if len(waiting) >= AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
