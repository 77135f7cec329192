"""The best-sounding model within a CPU budget, of those that were trained."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from voxnas.engine.timing import block_ms
from voxnas.export.load import load_model
from voxnas.export.record_json import FILE_NAME
from voxnas.records.record import Record
from voxnas.search.cost import CostMeter, CostUnknown
from voxnas.search.side_by_side import BLOCK_SIZE, FALLBACK_RATE
from voxnas.utils.errors import InputError

log = logging.getLogger(__name__)

MOST_TIMED = 12  # finished models, the best-sounding first, that are measured again


@dataclass(frozen=True)
class Model:
    """A finished run, and the fraction of real time that its model takes for blocks of 64."""

    folder: Path
    record: Record
    cpu_rtf: float


def budget_rtf(max_cpu_rtf: object, max_us_per_block: object, sample_rate: int) -> float:
    """The budget as a fraction of real time, from whichever of the two is given.

    Raises InputError for both, for neither, and for what is no positive number.
    """
    given = {"max_cpu_rtf": max_cpu_rtf, "max_us_per_block": max_us_per_block}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) != 1:
        raise InputError(
            "give the budget as max_cpu_rtf=0.05 (share of a CPU core; make: CPU= or RTF=) or as "
            f"max_us_per_block=60 (microseconds per block of {BLOCK_SIZE}; make: MAX_US=)"
        )
    ((name, value),) = given.items()
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise InputError(f"{name}={value}: give a number above 0")
    return float(value) if name == "max_cpu_rtf" else value / 1000 / block_ms(BLOCK_SIZE, sample_rate)


def best_within(models: Iterable[Model], budget: float) -> Model | None:
    """The one with the lowest validation ESR of those that cost at most so much of real time."""
    fitting = [model for model in models if model.cpu_rtf <= budget]
    return min(fitting, key=lambda m: (m.record.best_val_loss, m.cpu_rtf, m.record.candidate), default=None)


def finished(records: Mapping[Path, Record]) -> list[Model]:
    """The runs that have an ESR and a cost, as recorded; of each candidate the last that it finished."""
    last: dict[str, Model] = {}
    for folder, record in records.items():
        if record.status == "ok" and record.best_val_loss is not None and record.cpu_rtf is not None:
            cost = record.cost.get("cpu_rtf", record.cpu_rtf)  # what it was let in by, if it was
            last[record.candidate] = Model(folder, record, cost)
    return list(last.values())


def time_again(models: Iterable[Model], meter: CostMeter, margin: float, budget: float) -> list[Model]:
    """The best-sounding models within `margin` times the budget, each measured several times on this machine.

    They are measured as candidates are before training, so that what was let in is not shut out because the
    machine happens to be slow.
    """
    near = [model for model in models if model.cpu_rtf <= margin * budget]
    near = sorted(near, key=lambda m: m.record.best_val_loss or 0.0)[:MOST_TIMED]
    timed = []
    for model in near:
        try:
            loaded = load_model(model.folder / FILE_NAME)
            cost = meter.again(loaded.network, loaded.sample_rate or FALLBACK_RATE)
        except (InputError, CostUnknown) as error:
            log.warning("left out of the answer: %s", error)
            continue
        timed.append(replace(model, cpu_rtf=cost))
    return timed


def answer(model: Model | None, budget: float, models: Iterable[Model]) -> str:
    """The answer in one line."""
    if model is None:
        cheapest = min((m.cpu_rtf for m in models), default=None)
        found = "nothing was trained" if cheapest is None else f"the cheapest takes {cheapest:.3g}"
        return f"No model within a CPU budget of {budget:.3g} of real time: {found}; raise the budget"
    record = model.record
    us = 1000 * model.cpu_rtf * block_ms(BLOCK_SIZE, record.sample_rate or 48_000)
    exported = record.exports.get("nam") or next(iter(record.exports.values()), None)
    file = model.folder / exported if exported else model.folder
    return (
        f"Best within a CPU budget of {budget:.3g}: {record.candidate}, validation ESR "
        f"{record.best_val_loss:.3g}, {model.cpu_rtf:.3g} of real time ({us:.1f} µs per block of "
        f"{BLOCK_SIZE}): {file}"
    )
