"""Proposal of the settings whose recording would help a model with knobs most."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from voxnas.audio.files import read_audio
from voxnas.export.files import write_json
from voxnas.export.load import load_model
from voxnas.models.base import StreamingNetwork
from voxnas.problems.amp.data.knobs.table import shown
from voxnas.problems.amp.disagreement import Proposal, propose
from voxnas.records.collect import collect
from voxnas.records.record import Record
from voxnas.utils.errors import InputError


def next_setting(
    study: str | None,
    results: str | None = None,
    log_dir: str = "logs",
    dry: str | None = None,
    channel: int | None = None,
    count: int = 3,
    ensemble: int = 5,
    seconds: float = 4.0,
    tried: int = 256,
    seed: int = 0,
    json: str | None = None,
) -> None:
    """Print the settings at which the models of a study differ most.

    Args:
        study: a name under `log_dir`/nas, of which the best models are asked.
        results: a folder of finished runs, in place of a study.
        dry: a recording; None for the one that the models trained on.
        channel: of that, from 0; None for the only or the louder one.
        count: of proposals.
        ensemble: how many of its best models are asked, at most.
        seconds: of the dry recording, its loudest.
        tried: settings that are tried, spread over the panel.
        seed: of those.
        json: a file that gets the proposals too.

    Raises:
        InputError: no such study, fewer than two models with the same knobs.
    """
    folders = _best(_folder(study, results, Path(log_dir)), ensemble)
    networks, first = _networks(folders)
    source = dry or first.data.get("input")
    if not source:
        raise InputError("dry is missing: give dry=PATH, a dry recording")
    samples, rate = _loudest(source, channel, seconds)
    if rate != first.shape.get("sample_rate", rate):
        raise InputError(f"{source}: has {rate} Hz, the models {first.shape['sample_rate']} Hz")
    recorded = [known["setting"] for known in first.data.get("settings", ())]
    proposals = propose(networks, samples, count, tried, seed, recorded)
    print(f"record next, where {len(networks)} models differ most:")
    Console().print(_table(proposals))
    if json:
        values = [{"setting": dict(p.setting), "disagreement": p.disagreement} for p in proposals]
        print(f"wrote {write_json({'proposals': values}, Path(json), indent=2)}")


def _folder(study: str | None, results: str | None, log_dir: Path) -> Path:
    if (study is None) == (results is None):
        raise InputError("next_setting: give either study=NAME or results=PATH, a folder of finished runs")
    folder = log_dir / "nas" / str(study) if results is None else Path(results).expanduser()
    if not folder.is_dir():
        raise InputError(f"{folder}: no such {'study' if results is None else 'folder'}")
    return folder


def _best(folder: Path, count: int) -> list[Path]:
    """Folders of the best runs under a folder, one of each candidate."""
    records = collect(folder)
    if not len(records):
        return []
    done = records[records["status"] == "ok"].sort_values("score").drop_duplicates("candidate")
    return [Path(path) for path in done["folder"][:count]]


def _networks(folders: Sequence[Path]) -> tuple[list[StreamingNetwork], Record]:
    """The runs' networks, and the first one's record; InputError unless they share their knobs."""
    if len(folders) < 2:
        raise InputError(
            f"next_setting: compares models, and there {'is one' if folders else 'is none'}: train some of"
            " other seeds, such as train.py -m seed=1,2,3,4"
        )
    networks = [load_model(folder).network for folder in folders]
    for folder, network in zip(folders, networks, strict=True):
        if not network.controls:
            raise InputError(f"{folder}: follows no knobs; train with data=amp_knobs")
        if [c.name for c in network.controls] != [c.name for c in networks[0].controls]:
            raise InputError(f"{folder}: has other knobs than {folders[0]}")
    return networks, Record.read(folders[0])


def _loudest(path: str, channel: int | None, seconds: float) -> tuple[np.ndarray, int]:
    clip = read_audio(path, channel)
    size = min(len(clip.samples), round(seconds * clip.sample_rate))
    energy = np.concatenate([[0.0], np.cumsum(np.square(clip.samples, dtype=np.float64))])
    start = int(np.argmax(energy[size:] - energy[: len(energy) - size]))
    return np.ascontiguousarray(clip.samples[start : start + size], np.float32), clip.sample_rate


def _table(proposals: Sequence[Proposal]) -> Table:
    table = Table()
    for name in proposals[0].setting:
        table.add_column(name, justify="right")
    table.add_column("disagreement", justify="right")
    for proposal in proposals:
        table.add_row(*map(shown, proposal.setting.values()), f"{proposal.disagreement:.2g}")
    return table
