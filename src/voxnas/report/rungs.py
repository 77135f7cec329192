"""Which rung each candidate left at, and why."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np

from voxnas.records.collect import latest, rung_order
from voxnas.records.pareto import Objective, fronts, objective_values
from voxnas.report import style
from voxnas.report.figures import spread, text

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

HEADING = "From rung to rung"
MOST_LINES = 300


def departures(records: "pd.DataFrame", objectives: Sequence[Objective]) -> "pd.DataFrame":
    """A row per candidate: its name, the rung that it left at, its ESR there, and why it went no further.

    Those that a rung did not promote are told by their place in it, by ESR and by the front of the objectives
    that they stand on: the first is that of those that none dominates.
    """
    import pandas as pd

    rungs = sorted(set(records["rung"]), key=rung_order)
    reached = latest(records)
    rows = []
    for rung, group in reached.groupby("rung", sort=False):
        peers = latest(records[records["rung"] == rung])
        going_on = set(records.loc[records["rung"].map(rungs.index) > rungs.index(str(rung)), "candidate"])
        standing = _standing(peers, objectives, going_on)
        for _, row in group.iterrows():
            name = str(row["candidate"])
            if row["status"] != "ok":
                why = f"{row['status']}: {row['reason']}" if row["reason"] else str(row["status"])
            else:
                why = standing.get(name, "the last rung") if going_on else "the last rung"
            esr = row["best_val_loss"]
            rows.append({"candidate": name, "left_at": str(rung), "best_val_loss": esr, "why": why})
    frame = pd.DataFrame(rows, columns=["candidate", "left_at", "best_val_loss", "why"])
    keys = [
        (-rungs.index(r), np.inf if e != e else e)
        for r, e in zip(frame["left_at"], frame["best_val_loss"], strict=True)
    ]
    return frame.iloc[sorted(range(len(frame)), key=keys.__getitem__)].reset_index(drop=True)


def _standing(peers: "pd.DataFrame", objectives: Sequence[Objective], going_on: set[str]) -> dict[str, str]:
    """Why each of a rung's finished that does not go on was left behind."""
    peers = peers[(peers["status"] == "ok") & peers["best_val_loss"].notna()]
    ranks = peers["best_val_loss"].rank(method="min").astype(int)
    front = fronts(objective_values(peers, objectives), [o.direction for o in objectives]) + 1
    kept = [f for f, name in zip(front, peers["candidate"], strict=True) if name in going_on and f > 0]
    words = {}
    for name, rank, own in zip(peers["candidate"], ranks, front, strict=True):
        place = f"place {rank} of {len(peers)} by ESR, front {own}"
        words[name] = f"{place}; {len(kept)} went on, of fronts up to {max(kept, default=0)}"
    return words


def rungs_plot(records: "pd.DataFrame") -> "Figure":
    """Validation ESR at the end of each rung, one line per candidate; grey where it left before the last."""
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure()
        rungs = [r for r in sorted(set(records["rung"]), key=rung_order) if r]
        done = records[(records["status"] == "ok") & (records["best_val_loss"] > 0)]
        table = done.pivot_table(index="candidate", columns="rung", values="best_val_loss", aggfunc="last")
        rungs = [r for r in rungs if r in table]
        if len(rungs) < 2 or not np.isfinite(table.to_numpy(dtype=float)).any():
            return style.nothing(figure, HEADING, "there is but one rung")
        axes = figure.add_subplot(title=HEADING, ylabel=style.label("best_val_loss"))
        values = table[rungs].to_numpy(dtype=float)
        values = values[spread(len(values), MOST_LINES)]
        for line in values[np.argsort(~np.isnan(values[:, -1]), kind="stable")][::1]:
            last = not np.isnan(line[-1])
            colour = style.RUNGS[-1] if last else style.FAINT
            axes.plot(
                line, color=colour, lw=1.3 if last else 0.7, alpha=0.9 if last else 0.5, marker="o", ms=3
            )
        axes.set_xticks(range(len(rungs)), [f"{r}\n{int(table[r].notna().sum())} finished" for r in rungs])
        axes.set_yscale("log")
        finite = values[np.isfinite(values)]
        style.plain_ticks(axes.yaxis, decades=float(np.log10(finite.max() / finite.min()) or 1))
    return figure


def departures_rows(frame: "pd.DataFrame", limit: int) -> list[list[str]]:
    """The first rows as text, for a table."""
    shown = frame.head(limit)
    columns = (shown["candidate"], shown["left_at"], shown["best_val_loss"], shown["why"])
    return [
        [name, rung or "–", text("best_val_loss", esr), why]
        for name, rung, esr, why in zip(*columns, strict=True)
    ]
