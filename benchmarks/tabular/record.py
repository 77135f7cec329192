"""Learning curves of a thousand networks on recordings: what searches are replayed on, see replay.py.

    python benchmarks/tabular/record.py prepare OUT NAME=INPUT,TARGET [NAME=INPUT,TARGET …] [--networks 1100]
    python benchmarks/tabular/record.py train OUT [--jobs 16] [--shard 0/1] [--minutes 9] [--rungs 4]

`prepare` draws the networks into OUT/networks.jsonl, and cuts a stretch of each recording into OUT/NAME.npz.
`train` needs these files alone. A network climbs rungs as in a search: each has 48, 96, 192, 384, 768
further optimizer steps by the project's recipe, with a schedule and an optimizer of its own, from the best
weights so far; so what a rung shows is what a search sees at its end. The ESR of the validation stretch is
taken at each quarter of a rung. Networks take turns over the recordings, all first through three rungs, then
through the fourth and so on, so that a table that was stopped is whole up to a network. A line of
OUT/curves-….jsonl is a rung of a network; what is there is not trained again, and what is to climb starts
from OUT/weights, or afresh if that is gone.
"""

import argparse
import io
import json
import math
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from drawn_networks import Network, draw, read, write
from table import QUARTERS, RUNGS
from torch import Tensor

from voxnas.kernels.build import load
from voxnas.models.wavenet import WaveNet
from voxnas.problems.amp.data.segments import Pieces, Segments, ShuffledStarts
from voxnas.problems.amp.esr import SectionESR
from voxnas.problems.amp.losses import WeightedLoss
from voxnas.training.block_soap import BlockSOAP
from voxnas.training.schedules import Cosine

ALL_CLIMB = 3  # rungs, before any goes on
TRAIN, VALIDATE = (2, 42), (43, 51)  # seconds of the recording
PIECE = 65_536
BLOCK_SIZE = 64  # of the optimizer, smaller than the recipe's today: a table's curves are of one recipe


class Task(NamedTuple):
    """A network on a recording, and the rungs that are wanted of it, from 0."""

    network: Network
    recording: str
    rungs: tuple[int, ...]


class Recording(NamedTuple):
    """Stretch of a recording, and where in it one trains and validates, in samples."""

    source: Tensor
    target: Tensor
    train: tuple[int, int]
    validate: tuple[int, int]


def prepare(options: argparse.Namespace) -> None:
    """Write what `train` needs."""
    from voxnas.audio.pair import load_pair

    options.out.mkdir(parents=True, exist_ok=True)
    for text in options.recordings:
        name, _, files = text.partition("=")
        pair = load_pair(*files.split(","), used=(0, VALIDATE[1]))
        stop = VALIDATE[1] * pair.sample_rate
        content = {"source": pair.input[:stop], "target": pair.target[:stop], "rate": pair.sample_rate}
        np.savez(options.out / f"{name}.npz", **content)
        print(f"{name}: {pair.sample_rate} Hz, delay {pair.delay_samples}, {pair.fingerprint[:12]}")
    write(draw(options.networks, options.seed), options.out / "networks.jsonl")


def load_recording(path: Path) -> Recording:
    """A recording that `prepare` cut."""
    content = np.load(path)
    source, target = (torch.from_numpy(content[name].astype(np.float32)) for name in ("source", "target"))
    rate = int(content["rate"])
    train, validate = ((start * rate, stop * rate) for start, stop in (TRAIN, VALIDATE))
    return Recording(source, target, train, validate)


class Student:
    """A network in training on one recording, by the project's native code."""

    def __init__(self, network: Network, recording: Recording) -> None:
        torch.manual_seed(network.number)
        arguments = {key: value for key, value in network.architecture.items() if key != "type"}
        self.net = WaveNet(**arguments, backend="native")
        self.recording, self.loss = recording, WeightedLoss(root_esr=1.0)
        cut = (self.net.segment_length, self.net.receptive_field - 1)
        self.segments = Segments(recording.source, recording.target, *cut)
        self.starts = ShuffledStarts(*recording.train, self.net.segment_length, self.net.batch_size)
        self.epoch = 0

    def climb(self, steps: int) -> dict[str, Any]:
        """Train a rung; the network is left with the best weights of it."""
        optimizer, schedule = BlockSOAP(self.net.parameters(), block_size=BLOCK_SIZE), Cosine()
        self.net.flatten_for(optimizer)
        (group,) = optimizer.param_groups
        base, batches = group["lr"], self._batches()
        losses: list[float] = []
        found: dict[str, list[float]] = {"esr": [], "loss": []}
        best, kept, started = math.inf, self._weights(), time.process_time()
        for step in range(steps):
            group["lr"] = base * schedule(step, step / steps)
            x, y = next(batches)
            optimizer.zero_grad(set_to_none=False)
            loss = self.loss(self.net(x), y)
            losses.append(float(loss.detach()))
            if not math.isfinite(losses[-1]):
                break
            loss.backward()
            optimizer.step()
            if (step + 1) % (steps // QUARTERS) == 0:
                found["loss"].append(float(np.mean(losses)))
                found["esr"].append(self._esr())
                losses = []
                if found["esr"][-1] < best:
                    best, kept = found["esr"][-1], self._weights()
        self.net.unflatten()
        self.net.load_state_dict(kept)
        figures: dict[str, Any] = {key: [float(f"{v:.5g}") for v in values] for key, values in found.items()}
        return {**figures, "cpu_s": round(time.process_time() - started, 3)}

    def _batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            self.starts.set_epoch(self.epoch)
            self.epoch += 1
            for starts in self.starts:
                yield self.segments[starts]

    @torch.no_grad()
    def _esr(self) -> float:
        section = SectionESR()
        pieces = Pieces(self.segments, *self.recording.validate, PIECE)
        for index in range(len(pieces)):
            x, y = pieces[index]
            section.update(self.net(x), y)
        return section.compute()

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.net.state_dict().items()}


_recordings: dict[str, Recording] = {}
_out, _deadline = Path(), math.inf


def begin(out: Path, names: Sequence[str], deadline: float) -> None:
    """Make ready a process that trains many networks in a row."""
    global _out, _deadline
    torch.set_num_threads(1)
    _out, _deadline = out, deadline
    _recordings.update({name: load_recording(out / f"{name}.npz") for name in names})


def work(task: Task) -> list[dict[str, Any]]:
    """The lines of a task; none if there is no time left."""
    if time.time() > _deadline:
        return []
    student = Student(task.network, _recordings[task.recording])
    saved = _out / "weights" / f"{task.recording}-{task.network.number}.pt"
    first, lines = _resume(student, saved, task.rungs[0]), []
    for rung in range(first, task.rungs[-1] + 1):
        found = student.climb(RUNGS[rung])
        if rung in task.rungs:
            lines.append({"network": task.network.number, "recording": task.recording, "rung": rung, **found})
        if len(found["esr"]) < QUARTERS:  # it has diverged, and goes no further
            return lines
    content = io.BytesIO()
    torch.save({"rung": task.rungs[-1], "epoch": student.epoch, "weights": student.net.state_dict()}, content)
    temporary = saved.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(content.getvalue())
    temporary.replace(saved)
    return lines


def _resume(student: Student, saved: Path, rung: int) -> int:
    """Take up what the rung below left, if it is there; the rung to begin with."""
    if rung == 0 or not saved.exists():
        return 0
    content = torch.load(saved, weights_only=True)
    if content["rung"] != rung - 1:
        return 0
    student.net.load_state_dict(content["weights"])
    student.epoch = content["epoch"]
    return rung


def read_curves(out: Path) -> list[dict[str, Any]]:
    """All lines so far, whoever wrote them; a line that was cut short is left out."""
    lines = [
        line for path in sorted(out.glob("curves-*.jsonl")) for line in path.read_text().splitlines(True)
    ]
    return [json.loads(line) for line in lines if line.endswith("}\n")]


def tasks(
    networks: Sequence[Network], recordings: Sequence[str], done: Sequence[dict[str, Any]], rungs: int
) -> list[Task]:
    """What is missing, in the order of its use."""
    known = {(line["recording"], line["network"], line["rung"]) for line in done}
    ended = {(line["recording"], line["network"]) for line in done if len(line["esr"]) < QUARTERS}
    found = []
    for wanted in (range(min(ALL_CLIMB, rungs)), *((rung,) for rung in range(ALL_CLIMB, rungs))):
        for network in networks:
            for name in recordings:
                missing = tuple(r for r in wanted if (name, network.number, r) not in known)
                if missing and (name, network.number) not in ended:
                    found.append(Task(network, name, missing))
    return found


def train(options: argparse.Namespace) -> None:
    """Train what is missing, as far as the time goes."""
    begun = time.time()
    index, shards = map(int, options.shard.split("/"))
    out: Path = options.out
    names = sorted(path.stem for path in out.glob("*.npz"))
    networks = [n for n in read(out / "networks.jsonl") if n.number % shards == index]
    missing = tasks(networks, names, read_curves(out), options.rungs)
    (out / "weights").mkdir(exist_ok=True)
    load("wavenet_train.cpp")  # built once, or said in a line why not
    context = multiprocessing.get_context("spawn")
    count, spent = 0, 0.0
    with (
        context.Pool(options.jobs, begin, (out, names, begun + 60 * options.minutes)) as pool,
        (out / f"curves-{index}of{shards}.jsonl").open("a") as file,
    ):
        for lines in pool.imap_unordered(work, missing):
            file.write("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
            file.flush()
            count, spent = count + bool(lines), spent + sum(line["cpu_s"] for line in lines)
    took = time.time() - begun
    print(f"{count} of {len(missing)} curves in {took:.0f} s, {spent / max(1, count):.1f} core s each")


def main() -> None:
    """Prepare or train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True)
    first = parts.add_parser("prepare")
    first.add_argument("out", type=Path)
    first.add_argument("recordings", nargs="+", metavar="NAME=INPUT,TARGET")
    first.add_argument("--networks", type=int, default=1100)
    first.add_argument("--seed", type=int, default=0)
    first.set_defaults(run=prepare)
    second = parts.add_parser("train")
    second.add_argument("out", type=Path)
    second.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    second.add_argument("--shard", default="0/1", help="i/n: every n-th network from the i-th")
    second.add_argument("--minutes", type=float, default=math.inf)
    second.add_argument("--rungs", type=int, default=4)
    second.set_defaults(run=train)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
