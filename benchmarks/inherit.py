"""Whether children of an evolution do better with their parents' weights than afresh.

    python benchmarks/inherit.py [INPUT TARGET] [--seeds 3] [--parents 3] [--children 2] [--steps 192]

On the demo pair, or on yours. Founders are drawn from `space=plugin` and trained for so many optimizer
steps; the better half by ESR are parents. Each child differs from its parent in one choice. It is trained for
as many steps afresh, and with its parent's weights (see `search.inherit`) for a third, two thirds and all of
them, each time from the same seed with a schedule of its own, as on a rung of a search. One thread, by the
default recipe. The ESR is that of the best quarter of the training. What a parent took is left out: a search
has it anyway.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from docs_page import page_option, show
from ladder_schedule import volumes
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "benchmarks/tabular"))
from drawn_networks import Network, plugin_space  # noqa: E402
from record import Recording, Student  # noqa: E402

from voxnas.audio.demo.cache import demo_pair  # noqa: E402
from voxnas.audio.pair import load_pair  # noqa: E402
from voxnas.engine.cost.profile import plugin_cost  # noqa: E402
from voxnas.models.wavenet import WaveNet  # noqa: E402
from voxnas.search.sources.descent import VARIATIONS  # noqa: E402
from voxnas.search.spaces.mutation import MutatingChooser, Recorder  # noqa: E402
from voxnas.search.spaces.plugin import PluginSpace  # noqa: E402
from voxnas.utils.errors import InputError  # noqa: E402

SHARES = (1 / 3, 2 / 3, 1.0)  # of the steps that a child trains afresh
SPLITS = (0.7, 0.85)  # of the recording: where training ends, and validation
MOST_COST, MOST_PARAMETERS = 0.08, 6_000  # of a network, so that all are soon through
DEMO_SECONDS = 40.0


@dataclass(frozen=True)
class Pair:
    """A child, and its ESR afresh and, by share of the steps, with what it inherits."""

    seed: int
    changed: str  # the choice that differs
    cost: float
    share: float  # of its weights that it inherits; 0 where it cannot
    afresh: float
    heirs: tuple[float, ...]


def main() -> None:
    """Train, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="INPUT TARGET; none for the demo pair")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--parents", type=int, default=3, help="per seed, of twice as many founders")
    parser.add_argument("--children", type=int, default=2, help="of each parent")
    parser.add_argument("--steps", type=int, default=192)
    page_option(parser)
    options = parser.parse_args()
    if len(options.files) not in (0, 2):
        parser.error("give INPUT and TARGET, or neither for the demo pair")
    torch.set_num_threads(1)
    files = options.files or demo_pair(ROOT / "data/demo", seconds=DEMO_SECONDS)
    recording, space = recording_of(*files), plugin_space()
    pairs = [
        pair
        for seed in range(options.seeds)
        for parent, taught in parents(space, recording, seed, options)
        for pair in generation(space, parent, taught, recording, seed, options)
    ]
    show([by_share(pairs, options.steps), by_choice(pairs)], options.page, verdict(pairs))
    print(verdict(pairs))


def recording_of(source: str | Path, target: str | Path) -> Recording:
    """The pair, to train and to validate on."""
    pair = load_pair(source, target)
    marks = [int(share * len(pair.input)) for share in SPLITS]
    signals = (torch.from_numpy(np.asarray(x, np.float32)) for x in (pair.input, pair.target))
    return Recording(*signals, (0, marks[0]), (marks[0], marks[1]))


def parents(
    space: PluginSpace, recording: Recording, seed: int, options: argparse.Namespace
) -> list[tuple[Network, Student]]:
    """The better half of the founders, trained."""
    found = []
    for founder in islice(founders(space, seed), 2 * options.parents):
        taught = student(founder, recording, seed)
        found.append((best(taught, options.steps), founder, taught))
    found.sort(key=lambda entry: entry[0])
    return [(founder, taught) for _, founder, taught in found[: options.parents]]


def founders(space: PluginSpace, seed: int) -> Iterator[Network]:
    """The space's starts in turn, each with a few choices changed."""
    for number in count():
        start = space.starts[number % len(space.starts)]
        network = drawn(space, MutatingChooser(start, [seed, 0, number], VARIATIONS), number)
        if network is not None:
            yield network


def drawn(space: PluginSpace, chooser: MutatingChooser, number: int) -> Network | None:
    """The network of these choices, unless it is too large for this."""
    recorder = Recorder(chooser)
    architecture = space.architecture(recorder)
    cost, size = plugin_cost(architecture).rtf, WaveNet(architecture["layer_arrays"]).num_parameters
    if cost > MOST_COST or size > MOST_PARAMETERS:
        return None
    return Network(number, architecture["name"], "", cost, size, architecture, recorder.choices)


def generation(
    space: PluginSpace,
    parent: Network,
    taught: Student,
    recording: Recording,
    seed: int,
    options: argparse.Namespace,
) -> list[Pair]:
    """A parent's children, trained afresh and as its heirs."""
    pairs: list[Pair] = []
    known = {parent.name}
    for number in count(1):
        if len(pairs) == options.children:
            return pairs
        child = drawn(space, MutatingChooser(parent.choices, [seed, parent.number, number], 1), number)
        if child is not None and child.name not in known:
            known.add(child.name)
            pairs.append(compared(child, parent, taught, recording, seed, options.steps))
            print(f"seed {seed}: {parent.name} → {child.name}: {pairs[-1]}", flush=True)
    raise AssertionError("it counts on for ever")


def compared(
    child: Network, parent: Network, taught: Student, recording: Recording, seed: int, steps: int
) -> Pair:
    """One child, trained in both ways."""
    afresh, share, heirs = best(student(child, recording, seed), steps), 0.0, []
    for part in SHARES:
        heir = student(child, recording, seed)
        try:
            weights, share = heir.net.inherited(taught.net.state_dict(), taught.net.architecture())
            heir.net.load_state_dict(weights)
        except InputError:  # it starts afresh, as in a search
            pass
        heirs.append(best(heir, 4 * round(part * steps / 4)))
    changed = sorted(k for k, v in child.choices.items() if parent.choices.get(k) != v)
    return Pair(seed, kind_of(changed), child.cost, share, afresh, tuple(heirs))


def student(network: Network, recording: Recording, seed: int) -> Student:
    """A network with fresh weights of its own."""
    return Student(replace(network, number=1000 * seed + network.number), recording)


def best(of: Student, steps: int) -> float:
    """The best ESR of a training."""
    return min(of.climb(steps)["esr"], default=math.inf)


def kind_of(changed: Sequence[str]) -> str:
    """What changed, whichever array; others follow where it is their number."""
    names = [name.rpartition(".")[2] for name in changed]
    return "arrays" if "arrays" in names else names[0] if names else "what follows"


def by_share(pairs: Sequence[Pair], steps: int) -> Table:
    """The table: how heirs do after each share of the steps, beside children afresh after all."""
    title = f"{len(pairs)} children with their parents' weights, beside the same afresh after {steps} steps"
    table = Table("heir's steps", title=title)
    for heading in ("ESR, heir ÷ afresh", "quartiles", "heir is better", "hypervolume, heirs − afresh"):
        table.add_column(heading, justify="right")
    for index, share in enumerate(SHARES):
        ratios = np.array([pair.heirs[index] / pair.afresh for pair in pairs])
        low, high = np.quantile(ratios, [0.25, 0.75])
        gains = [f"{gain:+.3f}" for gain in gains_of(pairs, index)]
        cells = [f"{mean(ratios):.2f}", f"{low:.2f} – {high:.2f}", f"{(ratios < 1).mean():.0%}"]
        table.add_row(f"{share:.0%}", *cells, ", ".join(gains))
    return table


def by_choice(pairs: Sequence[Pair]) -> Table:
    """The table: what changed, and how heirs do after as many steps."""
    table = Table("what changed", title="By what changed, after equal steps")
    for heading in ("children", "weights inherited", "ESR, heir ÷ afresh"):
        table.add_column(heading, justify="right")
    for changed in sorted({pair.changed for pair in pairs}):
        of = [pair for pair in pairs if pair.changed == changed]
        ratio = mean(np.array([pair.heirs[-1] / pair.afresh for pair in of]))
        table.add_row(changed, str(len(of)), f"{np.mean([p.share for p in of]):.0%}", f"{ratio:.2f}")
    return table


def gains_of(pairs: Sequence[Pair], index: int) -> list[float]:
    """By seed, what heirs after a share of the steps have more of ESR × cost than children afresh."""
    gains = []
    for seed in sorted({pair.seed for pair in pairs}):
        of = [pair for pair in pairs if pair.seed == seed]
        ways: list[list[tuple[float, float]]] = [[(p.afresh, p.cost) for p in of]]
        ways += [[(p.heirs[i], p.cost) for p in of] for i in range(len(SHARES))]
        found = volumes([np.array(points) for points in ways])
        gains.append(found[1 + index] - found[0])
    return gains


def mean(ratios: np.ndarray[Any, Any]) -> float:
    """The geometric mean."""
    return float(np.exp(np.log(ratios).mean()))


def verdict(pairs: Sequence[Pair]) -> str:
    """Whether heirs reach in two thirds of the steps what children afresh reach in all."""
    gains = gains_of(pairs, 1)
    won = sum(gain >= 0 for gain in gains)
    does = "It helps" if won == len(gains) else "It does not help" if won == 0 else "It is open"
    words = "in two thirds of the steps heirs have at least the hypervolume of children afresh in all"
    return f"{does}: {words}, in {won} of {len(gains)} seeds."


if __name__ == "__main__":
    main()
