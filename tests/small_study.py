"""A finished study of a few untrained networks with everything that a report shows, made in a second."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from streams import seeded

from voxnas.audio.files import write_audio
from voxnas.engine.native_engine import NativeEngine
from voxnas.export.nam import write_nam
from voxnas.export.record_json import write_record_json
from voxnas.records.record import Record, measured

RATE = 48_000
NETWORKS: dict[str, dict[str, Any]] = {
    "wavenet": {
        "type": "WaveNet",
        "layer_arrays": [{"channels": 4, "dilations": [1, 2, 4]}],
        "head_scale": 0.5,
    },
    "knobs": {
        "type": "WaveNet",
        "layer_arrays": [{"channels": 3, "dilations": [1, 2, 4]}],
        "head_scale": 0.5,
        "controls": [
            {"name": "drive", "low": 0, "high": 10, "default": 5},
            {"name": "bright", "options": ["off", "on"]},
        ],
    },
    "lstm": {"type": "LSTM", "hidden_size": 5},
    "gru": {"type": "GRU", "hidden_size": 6},
    "chain": {"type": "ConvNet", "channels": 4, "dilations": [1, 2, 4]},
    "linear": {"type": "Linear", "taps": 64},
}


def guitar(seconds: float = 2.0) -> NDArray[np.float32]:
    """A few decaying notes."""
    t = np.arange(round(seconds * RATE)) / RATE
    notes = sum(
        np.sin(2 * np.pi * f * t) * np.exp(-3 * ((t - d) % 1)) for f, d in ((110, 0), (196, 0.3), (330, 0.6))
    )
    return (0.2 * np.asarray(notes)).astype(np.float32)


def small_study(
    folder: Path,
    networks: dict[str, dict[str, Any]] = NETWORKS,
    dry: NDArray[np.float32] | None = None,
    **others: Any,
) -> None:
    """Write records, exports and previews of networks into `folder`; `others` are fields of all records."""
    dry = guitar() if dry is None else dry
    target = np.tanh(4 * dry).astype(np.float32)
    for number, (name, architecture) in enumerate(networks.items()):
        network, run = seeded(number, **architecture), folder / "phase1" / name
        for mix in (network.control_mix, network.control_scale) if name == "knobs" else ():
            torch.nn.init.uniform_(
                mix.weight, -1, 1, generator=torch.Generator().manual_seed(0)
            )  # as if trained
        for sound, samples in (("dry", dry), ("target", target)):
            (run / "preview").mkdir(parents=True, exist_ok=True)
            write_audio(run / "preview" / f"{sound}.wav", samples, RATE)
        write_record_json(network, run / "model.json", RATE)
        exports = {"json": "model.json"}
        if architecture["type"] == "WaveNet" and "controls" not in architecture:
            write_nam(network, run / f"{name}.nam", RATE)
            exports["nam"] = f"{name}.nam"
        Record(
            **{
                "candidate": name,
                "study": folder.name,
                "rung": "phase1",
                "status": "ok",
                "problem": "amp",
                "identity": str(number),
                "architecture": network.architecture(),
                "score": 0.01 * (number + 1),
                "shape": {
                    "parameters": network.num_parameters,
                    "latency_ms": 1.0 + number,
                    "sample_rate": RATE,
                },
                "cost": measured({"cpu_rtf": 0.1 / (number + 1)}, engine="native", block_size=512),
                "metrics": {"test_esr": 0.02 * (number + 1), "test_mel": 1.0 + number},
                "history": [{"epoch": e, "score": 0.5 / (e + 1)} for e in range(5)],
                "exports": exports,
                "previews": {"dry": "preview/dry.wav", "target": "preview/target.wav"},
                "data": {"fingerprint": "f"},
                **others,
            }
        ).write(run)


def played(folder: Path, name: str, dry: NDArray[np.float32], **setting: Any) -> NDArray[np.float32]:
    """What the native engine answers, with its controls there."""
    from voxnas.export.load import load_model

    engine = NativeEngine(load_model(folder / "phase1" / name).network)
    engine.set_controls(setting, glide=0)
    engine.reset()
    return engine.process(dry)
