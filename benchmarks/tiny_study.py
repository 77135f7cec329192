"""A study so small that processes, not training, are what it shows: a short pair, narrow networks."""

from pathlib import Path

import numpy as np
import soundfile

RATE = 8000  # Hz
SECONDS = 3


def write_pair(folder: Path) -> list[str]:
    """Write decaying notes, and the same through a static nonlinearity; the overrides that train on them."""
    random = np.random.default_rng(0)
    time_s = np.arange(SECONDS * RATE) / RATE
    note_hz = random.uniform(80, 600, size=10).repeat(len(time_s) // 10)
    dry = 0.4 * np.sin(2 * np.pi * note_hz * (time_s % 0.3)) * np.exp(-4 * (time_s % 0.3))
    dry += 0.02 * random.standard_normal(len(dry))
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "dry.wav", dry, RATE, subtype="FLOAT")
    soundfile.write(folder / "amp.wav", np.tanh(2 * dry), RATE, subtype="FLOAT")
    files = [f"data.input={folder / 'dry.wav'}", f"data.target={folder / 'amp.wav'}"]
    return ["data=amp_pair", *files, "data.delay=0", "data.segment_length=512", "data.batch_size=8"]


def sweep(candidates: int, epochs: int) -> list[str]:
    """Overrides of a grid of so many candidates, which differ in their seeds."""
    seeds = ",".join(map(str, range(candidates)))
    network = ["model.num_layers=2", "model.channels=3", f"seed={seeds}", f"trainer.max_epochs={epochs}"]
    quick = ["callbacks.benchmark.blocks=10", "callbacks.preview=null", "logger=csv", "threads=1"]
    return ["-m", "search=phase1", "study=tiny", "name=candidate_${seed}", *network, *quick]
