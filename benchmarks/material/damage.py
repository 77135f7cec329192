"""Model files broken on purpose, for tests of the readers and for `benchmarks/fuzz.py`."""

import copy
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import torch

from voxnas.export.files import CannotHold
from voxnas.export.formats import FORMATS
from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build

_ARCHITECTURES: dict[str, dict[str, Any]] = {
    "wavenet": {"type": "WaveNet", "layer_arrays": [{"channels": 2, "dilations": [1, 2]}]},
    "wavenet-new": {
        "type": "WaveNet",
        "layer_arrays": [
            {"channels": 4, "dilations": [1, 5], "kernel_size": [2, 3], "gating": "gated", "head_size": 2},
            {"channels": 2, "dilations": [3], "activation": "PReLU", "head_kernel_size": 3},
        ],
    },
    "lstm": {"type": "LSTM", "hidden_size": 8, "warm_up": 16},
    "gru-skip": {"type": "GRU", "hidden_size": 8, "skip": True, "warm_up": 16},
    "gru-deep": {"type": "GRU", "hidden_size": 3, "num_layers": 2, "warm_up": 16},
    "lstm-40": {"type": "LSTM", "hidden_size": 40, "skip": True, "warm_up": 16},
    "convnet": {"type": "ConvNet", "channels": 3, "dilations": [1, 2]},
    "convnet-prelu": {"type": "ConvNet", "channels": 2, "dilations": [4], "activation": "PReLU"},
    "linear": {"type": "Linear", "taps": 8, "bias": True},
}

_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2, 3, 64, 4096, 2**17, 10**9, 2**31, 2**63, -(2**63), 10**400),
    *(0.5, -0.0, 1e-45, 3e38, 1e300, float("nan"), float("inf"), float("-inf")),
    *("", "\n", "\x00", "\ud800", "NaN", "48000", "a\r\nb" * 300),
    *([], {}, [[]], [None], {"": {}}, {"type": "Tanh"}, {"active": True}, [0] * 5000, [1] * 300, [{}] * 300),
)
READ_SUFFIXES = (".nam", ".json")  # a format may be one that is written alone
_TOKENS: tuple[bytes, ...] = (
    b"NaN",
    b"Infinity",
    b"1e999",
    b"-1e999",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b",",
    b"\\u0000",
    b"\xff",
)
_TOKENS += (b"9" * 5000, b"0" * 400, b"1." + b"9" * 400, b"[" * 2000, b'{"a":' * 2000)


def healthy_files() -> dict[str, bytes]:
    """A valid file of every format and architecture that it holds, by names that end as its files do."""
    files = {}
    with tempfile.TemporaryDirectory() as folder, torch.random.fork_rng():
        torch.manual_seed(0)
        for name, architecture in _ARCHITECTURES.items():
            network = build(architecture)
            for chosen in FORMATS.values():
                path = Path(folder) / f"{name}{chosen.suffix}"
                if path.suffix not in READ_SUFFIXES:
                    continue
                try:
                    chosen.write(network, path, 48000, {"name": name, "training": {"validation_esr": 0.1}})
                except CannotHold:
                    continue
                files[path.name] = path.read_bytes()
    models = [json.loads(data) for name, data in files.items() if name.endswith(".nam")]
    submodels = [{"max_value": (i + 1) / len(models), "model": model} for i, model in enumerate(models)]
    container = {"version": "0.7.0", "architecture": "SlimmableContainer", "weights": []}
    return files | {"container.nam": json.dumps(container | {"config": {"submodels": submodels}}).encode()}


def healthy_checkpoints() -> dict[str, dict[str, Any]]:
    """What a run's checkpoint holds, for every architecture."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {f"{name}.ckpt": _checkpoint(build(_ARCHITECTURES[name])) for name in _ARCHITECTURES}


def damaged_json(data: bytes, random: Random) -> bytes:
    """The file with one to three of its values broken; now and then some of its bytes too."""
    content = json.loads(data)
    for _ in range(random.randint(1, 3)):
        content = _broken(content, random)
    data = json.dumps(content).encode()
    return damaged_bytes(data, random) if random.random() < 0.2 else data


def damaged_bytes(data: bytes, random: Random) -> bytes:
    """Cut short, or with bytes struck out, repeated, overwritten or put in between."""
    at, span = random.randint(0, len(data)), random.choice((0, 1, 2, 8, 64))
    between = random.choice(
        (b"", bytes(random.randrange(256) for _ in range(span)), random.choice(_TOKENS), data[at : at + span])
    )
    if random.random() < 0.3:
        return data[:at] + between
    return data[:at] + between + data[at + random.choice((0, 0, 1, len(between), span)) :]


def damaged_checkpoint(content: dict[str, Any], random: Random) -> dict[str, Any]:
    """The content with one to three of its values broken, tensors among them."""
    content = copy.deepcopy(content)
    for _ in range(random.randint(1, 3)):
        content = _broken(content, random)
    return content


def _checkpoint(network: StreamingNetwork) -> dict[str, Any]:
    weights = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    known = {"architecture": network.architecture(), "sample_rate": 48000}
    return {"epoch": 3, "state_dict": weights, "voxnas": known}


def _broken(content: Any, random: Random) -> Any:
    """One value somewhere in the tree deleted, replaced, repeated, moved or wrapped."""
    path = _descent(content, random)
    if not path:
        return content if random.random() < 0.9 else _hostile(content, random)
    place = content
    for key in path[:-1]:
        place = place[key]
    random.choice(_BREAKS)(place, path[-1], content, random)
    return content


def _descent(content: Any, random: Random) -> list[Any]:
    """A path into the tree; a random walk, so that long lists of weights do not draw every one of them."""
    path: list[Any] = []
    while isinstance(content, dict | list) and content and (not path or random.random() < 0.8):
        keys = list(content) if isinstance(content, dict) else range(len(content))
        path.append(random.choice(keys))
        content = content[path[-1]]
    return path


def _hostile(value: Any, random: Random) -> Any:
    """Something else, or nearly the same."""
    if isinstance(value, torch.Tensor):
        return random.choice(list(_tensors(value)))
    if type(value) in (int, float) and random.random() < 0.5:
        return random.choice((value + 1, value - 1, -value, value * 1000, f"{value}"[:20], [value]))
    if isinstance(value, list) and random.random() < 0.5:
        return random.choice((value[:-1], value + value[:1], value * 2, value[::-1], [value], value[:1]))
    return copy.deepcopy(random.choice(_VALUES))


def _tensors(tensor: torch.Tensor) -> Iterator[Any]:
    yield None
    if tensor.numel() > 10**6 or tensor.is_meta or tensor.layout is not torch.strided:
        return  # one of those below, on its second turn
    yield tensor.new_ones(1).expand(10**12)
    yield tensor.to("meta")
    yield tensor.to_sparse()
    yield tensor.to(torch.complex64)
    yield tensor.double() * 1e300
    yield tensor.float() / 0
    yield tensor.flatten()
    yield tensor[None]
    yield tensor.to(torch.int8)
    yield tensor * 3e37


def _delete(place: Any, key: Any, root: Any, random: Random) -> None:
    del place[key]


def _replace(place: Any, key: Any, root: Any, random: Random) -> None:
    place[key] = _hostile(place[key], random)


def _move(place: Any, key: Any, root: Any, random: Random) -> None:
    other = root
    for step in _descent(root, random):
        other = other[step]
    place[key] = copy.deepcopy(other)


def _repeat(place: Any, key: Any, root: Any, random: Random) -> None:
    value = copy.deepcopy(place[key])
    if isinstance(place, list):
        place.extend([value] * (1 if isinstance(value, dict | list) else 300))
    else:
        place[random.choice((f"{key}_", "surprise\n", "layers", "in_gain", "state_dict"))] = value


_BREAKS: tuple[Callable[[Any, Any, Any, Random], None], ...] = (_delete, _replace, _replace, _replace)
_BREAKS += (_move, _repeat)
