"""`summary.md`: what to take, what there is, what failed, and how it was measured."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from voxnas.records.collect import rung_order
from voxnas.records.pareto import Objective, hypervolume, normalise, objective_values, reference_point
from voxnas.report.figures import QUALITY, quality, text, title
from voxnas.report.picks import Pick
from voxnas.report.tables import TIMINGS, cells, columns, markdown

if TYPE_CHECKING:
    import pandas as pd

MAX_ROWS = 40  # per table; the CSV files have the rest
PLOTS = {
    "quality_vs_latency.png": "Quality against latency",
    "quality_vs_params.png": "Quality against size",
    "quality_vs_cpu_rtf.png": "Quality against CPU cost",
    "latency_vs_params.png": "Latency against size",
    "pareto_3d.png": "Quality, latency and size",
    "loss_curves.png": "Validation ESR while training",
}
MEASURED = ["engine", "block_size", "sample_rate", "seed", "git_revision"]

PROFILED = """ Where the engine is a
  `profile-…`, it was not measured here but told from the shape: what Neural Amp Modeler's own engine takes on
  the CPU that the profile was made on."""
MEANING = """\
- **ESR**, error-to-signal ratio: Σ(y - ŷ)² / Σy² over the whole section at once. To the ear: {words} (the
  words of Neural Amp Modeler's trainer). Selection uses the validation section; nothing selects on the test
  section.
- **Latency** is the receptive field over the sample rate: how far back the model looks, not a delay. The
  models are causal; the delay that a player feels is the block size{delays}.
- **CPU real-time factor**: processing time over audio time, on one thread of the machine above, streaming in
  blocks; below 0.8 a model counts as real-time capable.{profile}
- **Best latency** is the lowest of those that are good enough; **most efficient** has the lowest product of
  ESR and parameters; **best balance** is nearest to the frontier's best of every objective at once, each
  scaled to its range in logarithm."""


def summary(
    records: "pd.DataFrame",
    candidates: "pd.DataFrame",
    mask: np.ndarray,
    objectives: Sequence[Objective],
    picks: Sequence[Pick],
    output_dir: Path,
    timings: Sequence[Mapping[str, Any]] = (),
    answer: str = "",
) -> str:
    """The report as Markdown, with links relative to `output_dir`.

    `records` has a row per run, `candidates` a row per candidate, `mask` says which of those are on the
    frontier of `objectives`, `timings` are of the frontier's models timed side by side, `answer` is what the
    search was asked for.
    """
    parts = [
        f"# Search results: {', '.join(sorted(set(records['study']) - {''})) or 'study'}",
        *([f"**{answer.strip()}**"] if answer else []),
        _overview(records, candidates, mask, objectives),
        "## Recommendations",
        _recommendations(candidates, picks, output_dir),
        "## Pareto frontier",
        _frontier(candidates[mask], objectives, output_dir, timings),
        *(f"![{words}]({name})" for name, words in PLOTS.items()),
        "## Failures and rejections",
        _unfinished(records),
        "## How it was measured",
        _measured(records),
        _meaning(records),
    ]
    return "\n\n".join(parts) + "\n"


def _overview(
    records: "pd.DataFrame", candidates: "pd.DataFrame", mask: np.ndarray, objectives: Sequence[Objective]
) -> str:
    counts = records.groupby(["rung", "status"]).size().unstack(fill_value=0)
    counts = counts.loc[sorted(counts.index, key=rung_order)]
    rows = [[rung or "–", *map(str, row)] for rung, row in zip(counts.index, counts.to_numpy(), strict=True)]
    names = ", ".join(f"{title(o.name)}{' (large is good)' * o.maximise}" for o in objectives)
    values, directions = objective_values(candidates, objectives), [o.direction for o in objectives]
    lines = [
        f"{len(candidates)} candidates, {int(mask.sum())} of them on the Pareto frontier of {names}:"
        " no other candidate is as good in all of these and better in one. Each counts with the last rung"
        " that it finished.",
        markdown(["rung", *counts.columns], rows, "l" + "r" * len(counts.columns)),
    ]
    if mask.any():
        scaled = normalise(values, directions)
        reference = reference_point(scaled)
        share = hypervolume(scaled[mask], reference.tolist()) / np.prod(reference)
        lines.append(
            f"Hypervolume: {share:.3f} of the box from the best of every objective to a tenth beyond the"
            " worst, each scaled to its range (in logarithm where it is positive)."
        )
    return "\n\n".join(lines)


def _recommendations(candidates: "pd.DataFrame", picks: Sequence[Pick], output_dir: Path) -> str:
    rows = []
    for pick in picks:
        if pick.row is None:
            rows.append([f"**{pick.title}**", "none", pick.why, "–", "–"])
            continue
        row = candidates.iloc[pick.row]
        slow = "" if row["cpu_realtime_capable"] in (True, None) else "; not real-time on this machine"
        files = [_links(row, kind, output_dir) for kind in ("exports", "previews")]
        rows.append([f"**{pick.title}**", f"`{row['candidate']}`", pick.why + slow, *files])
    return markdown(["", "candidate", "why", "exported", "listen"], rows)


def _links(row: "pd.Series", kind: str, output_dir: Path) -> str:
    """A candidate's `exports` or `previews`, relative to the report."""
    prefix = f"{kind}."
    files = {str(k).removeprefix(prefix): v for k, v in row.items() if str(k).startswith(prefix)}
    links = []
    for name, file in files.items():
        if isinstance(file, str) and row["folder"]:
            path = Path(os.path.relpath(Path(row["folder"]) / file, output_dir.resolve())).as_posix()
            links.append(f"[{name}](<{path}>)")
    return ", ".join(links) or "none"


def _frontier(
    frontier: "pd.DataFrame",
    objectives: Sequence[Objective],
    output_dir: Path,
    timings: Sequence[Mapping[str, Any]],
) -> str:
    if frontier.empty:
        return "Empty: no candidate finished with every objective measured."
    frontier = frontier.sort_values(["best_val_loss", "parameters"])
    shown = frontier.head(MAX_ROWS)
    names = columns(o.name for o in objectives)
    words = ["–" if esr != esr else quality(esr) for esr in shown["best_val_loss"]]
    links = [_links(row, "exports", output_dir) for _, row in shown.iterrows()]
    left = zip(shown["candidate"], shown["rung"], words, strict=True)
    figures = cells(shown, names)
    header = ["candidate", "rung", "quality", *map(title, names)]
    if timings:
        again = {t["folder"]: t["rtf"] for t in timings if t["block_size"] == t["recorded_block_size"]}
        header.append("CPU side by side")
        figures = [
            [*row, text("", again.get(folder))] for row, folder in zip(figures, shown["folder"], strict=True)
        ]
    rows = [[*a, *b, c] for a, b, c in zip(left, figures, links, strict=True)]
    table = markdown([*header, "exported"], rows, "lll" + "r" * (len(header) - 3))
    return table + _rest(len(frontier), "pareto_frontier.csv") + _side_by_side(timings)


def _side_by_side(timings: Sequence[Mapping[str, Any]]) -> str:
    if not timings:
        return ""
    engines = " and ".join(sorted({t["engine"] for t in timings}))
    sizes = ", ".join(str(size) for size in sorted({t["block_size"] for t in timings}))
    return (
        "\n\n**CPU side by side**: the models timed again for this report, in turns in one go, so that other"
        f" load met all alike; {engines} engine, {timings[0]['cpu_model']}, rounds within"
        f" {max(t['spread'] for t in timings):.0%} of each other. For blocks of {sizes} samples, beside what"
        f" the runs recorded: [{TIMINGS}]({TIMINGS})."
    )


def _rest(total: int, file: str) -> str:
    return f"\n\n… and {total - MAX_ROWS:,} more in [{file}]({file})." if total > MAX_ROWS else ""


def _unfinished(records: "pd.DataFrame") -> str:
    rows = records[records["status"] != "ok"]
    if rows.empty:
        return "None."
    table = [
        [text or "–" for text in row] for row in rows[["candidate", "rung", "status", "reason"]].to_numpy()
    ]
    return markdown(["candidate", "rung", "status", "reason"], table[:MAX_ROWS]) + _rest(
        len(table), "all_results.csv"
    )


def _measured(records: "pd.DataFrame") -> str:
    """The conditions that the finished runs share, or where they differ, the different ones."""
    runs = records[records["status"] == "ok"]
    groups = ("machine.", "versions.", "data.")
    names = MEASURED + [str(c) for c in runs.columns if str(c).startswith(groups)]
    rows = [[name.replace(".", ": ").replace("_", " "), _values(runs[name])] for name in names]
    rows = [row for row in rows if row[1]]
    if runs["train_seconds"].notna().any():
        rows.append(["training, all runs", f"{runs['train_seconds'].sum() / 60:.1f} min"])
    return markdown(["what", "value"], rows) if rows else "The records do not say."


def _values(column: "pd.Series") -> str:
    counts = column[column.notna() & (column != "")].value_counts()
    shown = ", ".join(f"{v:g}" if isinstance(v, float) else str(v) for v in counts.index[:3])
    return shown + (f" and {len(counts) - 3} more" if len(counts) > 3 else "")


def _meaning(records: "pd.DataFrame") -> str:
    blocks = records[["block_size", "sample_rate"]].dropna().drop_duplicates()
    delays = [f"{b:.0f} samples at {r:.0f} Hz are {1000 * b / r:.1f} ms" for b, r in blocks.to_numpy()[:3]]
    profiled = records["engine"].str.startswith("profile-").any()
    return MEANING.format(
        profile=PROFILED if profiled else "",
        words=", ".join(f"below {limit:g} {word}" for limit, word in QUALITY),
        delays=f" ({'; '.join(delays)})" if delays else "",
    )
