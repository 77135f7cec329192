"""Free runs: a string starts from a note's first periods, and from then on hears nothing but itself."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from voxnas.models.strings.net import StringNet
from voxnas.problems.string.data.note import Note
from voxnas.problems.string.exciter import FITTED_S, FITTED_TWO_S, STEPS, find_start, recorded_start

STARTS = ("recorded", "fitted")
AGAIN = 6  # steps by which a fitted start follows the weights
NOISY_DB = -75.0  # noise, against the note's level, above which a recorded start would go on in circles


def kind_of_start(network: StringNet, note: Note) -> str:
    """`fitted` where the lines cannot be seen in the recording, or noise lies over it."""
    noisy = note.floor_db - float(note.levels.max()) > NOISY_DB
    return "fitted" if network.lines > 1 or (noisy and network.has_linear) else "recorded"


def starts_of(network: StringNet, note: Note, kind: str | None = None, known: Tensor | None = None) -> Tensor:
    """Lines at the note's beginning, in double precision: `(1, lines, samples)`."""
    if (kind or kind_of_start(network, note)) == "recorded":
        return recorded_start(network, note)
    seconds = FITTED_TWO_S if network.lines > 1 else FITTED_S
    size = min(len(note.samples), round(seconds * note.sample_rate))
    target = torch.from_numpy(note.samples[:size]).unsqueeze(0)
    return find_start(network, target, note.period, known=known, steps=STEPS if known is None else AGAIN)


def free_run(
    network: StringNet,
    note: Note,
    samples: int,
    gain_db: float = 0.0,
    kind: str | None = None,
    start: Tensor | None = None,
) -> NDArray[np.float64]:
    """So many samples in the note's place, in single precision, the recorded first periods included.

    `gain_db`: by how much the start is made louder or softer.
    """
    kind = kind or kind_of_start(network, note)
    start = starts_of(network, note, kind) if start is None else start
    start = (start * 10 ** (gain_db / 20)).float()
    onset = torch.tensor([[float(note.levels[0]) + gain_db, 0.0]])
    with torch.no_grad():
        if kind == "fitted":
            sound = network(start, samples, note.period, onset=onset).sum(1)[0]
        else:  # states come from being led through the recorded periods
            history = network.at(note.period).history
            given = torch.nn.functional.pad(start[..., history:], (0, samples))
            led, free = given.shape[-1] - samples, samples - start.shape[-1]
            heard = network(
                start[..., :history],
                led + max(0, free),
                note.period,
                given[..., : led + max(0, free)],
                led,
                onset,
            )
            sound = torch.cat([start[0, 0], heard[0, 0, led:]])[:samples]
    return sound.double().numpy()
