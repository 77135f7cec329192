"""The networks of the table: the presets, and a seeded draw of `space=plugin` in three ways.

Chance alone makes few networks like those that people use, and none alike; a search that climbs from one to
its neighbour would find no neighbour. So of four drawn one comes from the whole space, two from the designs
that it suggests with up to six choices changed, and one from a network drawn before with up to three changed.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from voxnas.engine.cost.profile import plugin_cost
from voxnas.models.wavenet import WaveNet
from voxnas.search.spaces.base import Value
from voxnas.search.spaces.choosers import RandomChooser
from voxnas.search.spaces.mutation import MutatingChooser, Recorder
from voxnas.search.spaces.plugin import PluginSpace

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
PRESETS = ("a2_lite", "nano", "feather", "lite", "a2_full", "standard")
CHEAPEST, DEAREST = 0.005, 0.095  # cost in the plug-in's engine, up to that of `standard`
MOST_PARAMETERS = 14_000
WAYS = ("space", "design", "design", "drawn")


@dataclass(frozen=True)
class Network:
    """One network: its place in the table, how it was drawn, its cost, and the choices that lead to it."""

    number: int
    name: str
    way: str
    cost: float  # fraction of real time in the plug-in's engine, default build
    parameters: int
    architecture: dict[str, Any] = field(repr=False)
    choices: dict[str, Value] = field(default_factory=dict, repr=False)


def plugin_space() -> PluginSpace:
    """`space=plugin` as its config has it."""
    config = _read("space/plugin")
    designs = {name.rpartition("/")[2]: _read(name.lstrip("/")) for name in config["defaults"]}
    settings = config["hydra"]["sweeper"]["space"]
    return PluginSpace(**{k: v for k, v in settings.items() if k != "_target_"}, designs=designs)


def draw(total: int, seed: int) -> list[Network]:
    """So many networks, the presets first; the first of a longer list are those of a shorter one."""
    found: dict[str, Network] = {}
    for way, architecture, choices in _proposals(plugin_space(), seed, found):
        if len(found) == total:
            break
        network = _network(len(found), way, architecture, choices)
        if network is not None:
            found.setdefault(network.name, network)
    return list(found.values())


def write(networks: list[Network], path: Path) -> None:
    """One network a line, as JSON."""
    path.write_text("".join(json.dumps(asdict(n), separators=(",", ":")) + "\n" for n in networks))


def read(path: Path) -> list[Network]:
    """The networks of a file of `write`."""
    return [Network(**json.loads(line)) for line in path.read_text().splitlines()]


def _proposals(
    space: PluginSpace, seed: int, found: dict[str, Network]
) -> Iterator[tuple[str, dict[str, Any], dict[str, Value]]]:
    for name in PRESETS:
        config = _read(f"model/{name}")
        network = WaveNet(config["layer_arrays"], config["head_scale"], name)
        yield "preset", network.architecture(), {}
    for number in count():
        way, at = WAYS[number % len(WAYS)], [seed, number]
        chance = np.random.default_rng([*at, 1])
        chooser = RandomChooser(at)
        if way == "design":
            start = space.starts[int(chance.integers(len(space.starts)))]
            chooser = MutatingChooser(start, at, int(chance.integers(7)))
        elif way == "drawn" and (parents := [n for n in found.values() if n.choices]):
            parent = parents[int(chance.integers(len(parents)))]
            chooser = MutatingChooser(parent.choices, at, int(chance.integers(1, 4)))
        recorder = Recorder(chooser)
        yield way, space.architecture(recorder), recorder.choices


def _network(
    number: int, way: str, architecture: dict[str, Any], choices: dict[str, Value]
) -> Network | None:
    """The network, if it costs what the table is about."""
    cost = plugin_cost(architecture).rtf
    if not CHEAPEST <= cost <= DEAREST:
        return None
    parameters = WaveNet(architecture["layer_arrays"]).num_parameters
    if way != "preset" and parameters > MOST_PARAMETERS:
        return None
    return Network(number, architecture["name"], way, cost, parameters, architecture, choices)


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((CONFIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    return content
