"""Training loss per epoch of many runs, each with its settings beside."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib

from voxnas.drawing import style
from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = len(style.LINES)
IN_A_LINE = 4  # settings


def runs_of(folders: Iterable[Path]) -> list[Record]:
    """Records of all runs that lie in folders of runs, the best by score first, those without one last."""
    found = []
    for folder in dict.fromkeys(folders):
        for path in sorted(folder.glob(f"*/{FILE_NAME}")):
            try:
                found.append(Record.read(path.parent))
            except InputError:  # half of one, or of another program
                continue
    return sorted(found, key=lambda record: record.loss)


def losses_plot(records: Sequence[Record]) -> "Figure":
    """A curve for each run that has been trained, rejected and failed ones too; the first `MOST` of them."""
    heading = "Training loss per epoch"
    curves = {number: points for number, record in enumerate(records) if (points := _points(record))}
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure(11, 5.4)
        if not curves:
            return style.nothing(figure, heading, "no record of these runs has a history")
        shown = dict(list(curves.items())[:MOST])
        more = f", the best {MOST} of {len(curves)} runs" if len(curves) > MOST else ""
        axes = figure.add_subplot(title=heading + more, xlabel="epoch", ylabel="training loss", yscale="log")
        told = differing([records[number] for number in curves])
        for (number, points), colour in zip(shown.items(), style.LINES, strict=False):
            label = _label(records[number], told)
            axes.plot(*zip(*points, strict=True), color=colour, lw=1.4, marker="o", ms=3, label=label)
        figure.legend(loc="outside right center", fontsize=8, alignment="left")
    return figure


def _points(record: Record) -> list[tuple[float, float]]:
    return [(e["epoch"] + 1, e["train_loss"]) for e in record.history if (e.get("train_loss") or 0) > 0]


def settings_of(record: Record) -> dict[str, Any]:
    """Choices of a run's architecture and its other settings, as texts."""
    from voxnas.problems.string.report.sections import StringSections

    chosen = StringSections().architecture(record.architecture) | record.settings
    return {key: str(value) for key, value in chosen.items() if key != "type"}


def differing(records: Sequence[Record]) -> list[str]:
    """Settings that are not the same in all of several runs; of one run all."""
    every = [settings_of(record) for record in records]
    keys = dict.fromkeys(key for settings in every for key in settings)
    return [key for key in keys if len(every) == 1 or len({s.get(key) for s in every}) > 1]


def _label(record: Record, told: Sequence[str]) -> str:
    settings = settings_of(record)
    words = [f"{key} {settings[key]}" for key in told if key in settings]
    lines = [", ".join(words[i : i + IN_A_LINE]) for i in range(0, len(words), IN_A_LINE)]
    score = record.status if record.score is None else f"score {record.score:.3g}"
    return "\n".join([f"{record.candidate}: {score}", *lines])
