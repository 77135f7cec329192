"""The best within a budget of cost, of those that were trained."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from voxnas.problems.base import Score
from voxnas.records.record import Record
from voxnas.search.cost.base import CostUnknown, Meter

Run = tuple[Path, Record]  # its folder, and what came of it

log = logging.getLogger(__name__)

MOST_MEASURED = 12  # finished models, the best first, that are measured again
RIVAL = 2.0  # times the best score, above 0, that a rival may have; another seed seldom changes more


@dataclass(frozen=True)
class Model:
    """A finished run, and what its model costs."""

    folder: Path
    record: Record
    cost: float


def best_within(models: Iterable[Model], budget: float) -> Model | None:
    """The one with the best score of those that cost at most so much."""
    fitting = [model for model in models if model.cost <= budget]
    return min(fitting, key=lambda m: (m.record.loss, m.cost, m.record.candidate), default=None)


def finished(records: Mapping[Path, Record], figure: str) -> list[Model]:
    """The runs that have a score and this figure of cost, as recorded; of each candidate the last that it
    finished."""
    last: dict[str, Model] = {}
    for folder, record in records.items():
        cost = record.estimate.get(figure, record.value(figure))  # what it was let in by, if it was
        if record.status == "ok" and record.score is not None and cost is not None:
            last[record.candidate] = Model(folder, record, cost)
    return list(last.values())


def rivals(models: Iterable[Model], budget: float, rung: str, most: int) -> list[Model]:
    """The best of this rung within the budget, at most so many, but none that is far behind the best."""
    near = [model for model in models if model.cost <= budget and model.record.rung == rung]
    near.sort(key=lambda m: (m.record.loss, m.cost, m.record.candidate))
    limit = RIVAL * near[0].record.loss if near and near[0].record.loss > 0 else float("inf")
    return [model for model in near[:most] if model.record.loss <= limit]


def with_finals(models: Iterable[Model], best: str | None, runs: Mapping[str, Sequence[Run]]) -> list[Model]:
    """Of the finals' best the model and those of its runs with other seeds, which cost the same; all models
    where there were no finals."""
    if best is None:
        return list(models)
    own = [model for model in models if model.record.candidate == best]
    again = [Model(folder, record, model.cost) for model in own for folder, record in runs[best]]
    return [*own, *again]


def measured_again(models: Iterable[Model], meter: Meter, margin: float, budget: float) -> list[Model]:
    """The best models within `margin` times the budget, each measured several times on this machine.

    They are measured as candidates are before training, so that what was let in is not shut out because the
    machine happens to be slow.
    """
    near = [model for model in models if model.cost <= margin * budget]
    found = []
    for model in sorted(near, key=lambda m: m.record.loss)[:MOST_MEASURED]:
        try:
            found.append(replace(model, cost=meter.again(model.folder)))
        except CostUnknown as error:
            log.warning("left out of the answer: %s", error)
    return found


def answer(
    model: Model | None,
    budget: float,
    models: Iterable[Model],
    meter: Meter,
    score: Score,
    formats: Sequence[str] = (),
    finals: str = "",
) -> str:
    """The answer in one line, with the model's file of the first of these formats that it has, or of any;
    `finals` is what they showed."""
    if model is None:
        cheapest = min((m.cost for m in models), default=None)
        found = "nothing was trained" if cheapest is None else f"the cheapest takes {cheapest:.3g}"
        return f"No model within a {meter.budget_name} of {budget:.3g}: {found}; raise the budget"
    record = model.record
    exported = next(
        (record.exports[name] for name in [*formats, *record.exports] if name in record.exports), None
    )
    file = model.folder / exported if exported else model.folder
    quality = f"{score.title} {record.score:.3g}, {meter.describe(model.cost, record.shape)}"
    quality += _measured(model, meter) + (f" ({finals})" if finals else "")
    return f"Best within a {meter.budget_name} of {budget:.3g}: {record.candidate}, {quality}: {file}"


def _measured(model: Model, meter: Meter) -> str:
    """What was measured here of a model whose cost elsewhere counts."""
    own = model.record.cost.get(meter.figure, {})
    if meter.measures or own.get("value") in (None, model.cost):
        return ""
    return f", {own['value']:.3g} measured here ({own.get('engine')} engine)"
