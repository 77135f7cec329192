"""What makes a string sound: exciters from a recording, from noise, of a pluck's shape."""

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.note import Note
from voxnas.problems.string.free_run import starts_of

Floats = NDArray[np.float32]
KINDS = ("recording", "noise", "pluck")


def exciters_of(network: StringNet, note: Note) -> Floats:
    """The recording's own pluck, `(lines, samples)`: what the loop does not explain of its first periods.

    Fed into a string that is at rest it leaves the lines as the note begins with.
    """
    start = starts_of(network, note).float()
    form = network.at(note.period)
    silence = torch.zeros(1, form.lines, form.history)
    with torch.no_grad():
        said = network(silence, start.shape[-1], note.period, start, start.shape[-1])
    found: Floats = (start - said)[0].numpy()
    return found


def made_exciter(kind: str, lines: int, period: float, level: float, rng: np.random.Generator) -> Floats:
    """A period of noise, or of a pluck: a box from the pick to the bridge, rounded; each without DC."""
    size = max(4, round(period))
    if kind == "noise":
        wave = rng.standard_normal(size)
    else:
        wave = np.zeros(size)
        wave[: max(1, round(0.15 * size))] = 1.0
        wave = np.convolve(wave, np.hanning(max(3, size // 12)), "same")
        wave = wave - np.roll(wave, round(0.22 * size))
    wave = wave - wave.mean()
    wave *= level / np.abs(wave).max()
    share = np.array([1.0, 0.7][:lines]) / (1.0 + 0.7 * (lines - 1))
    found: Floats = (share[:, None] * wave).astype(np.float32)
    return found
