"""Where models of one device with knobs differ most: the settings of which they know least.

Networks that learnt the same recordings from other beginnings agree where there were recordings, and each
has its own guess elsewhere. After Grötschla et al. (2025), "PANAMA: Parametric Neural Amp Modeling with
Active Learning", who seek such settings for a Neural Amp Modeler.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats.qmc import Sobol

from voxnas.engine.make import make_engine
from voxnas.models.base import StreamingNetwork
from voxnas.models.controls import Control, Value, encode

MOST_CORNERS = 64
APART = 0.3  # of a knob's way: proposals nearer to each other would tell much the same


@dataclass(frozen=True)
class Proposal:
    """A setting, and how much the models differ there: variance over them, as a share of the signal."""

    setting: Mapping[str, Value]
    disagreement: float


def candidates(controls: Sequence[Control], count: int, seed: int = 0) -> list[dict[str, Value]]:
    """Settings spread over the panel, its corners among them; knobs stand at hundredths of their way."""
    corners = list(product((0.0, 1.0), repeat=len(controls)))[:MOST_CORNERS]
    spread = Sobol(len(controls), rng=np.random.default_rng(seed)).random_base2(
        (max(2, count) - 1).bit_length()
    )
    shares = [*corners, *np.round(spread[:count], 2).tolist()]
    settings = [{c.name: c.decode(s) for c, s in zip(controls, share, strict=True)} for share in shares]
    return list({tuple(setting.values()): setting for setting in settings}.values())


def disagreement(
    networks: Sequence[StreamingNetwork], dry: NDArray[np.float32], settings: Sequence[Mapping[str, Any]]
) -> NDArray[np.float64]:
    """For each setting the variance of the networks' outputs for `(samples,)`, over their mean's power."""
    engines = [make_engine(network) for network in networks]
    found = []
    for setting in settings:
        played = []
        for engine in engines:
            engine.set_controls(setting, glide=0)
            engine.reset()
            played.append(engine.process(dry).astype(np.float64))
        middle = np.mean(played, axis=0)
        found.append(np.mean(np.square(played - middle)) / max(np.mean(np.square(middle)), 1e-12))
    return np.array(found)


def propose(
    networks: Sequence[StreamingNetwork],
    dry: NDArray[np.float32],
    count: int = 1,
    tried: int = 256,
    seed: int = 0,
    recorded: Sequence[Mapping[str, Any]] = (),
) -> list[Proposal]:
    """The settings at which the networks differ most, the most telling first, apart from each other and from
    what is `recorded`: networks may differ there too, and once more the same would tell nothing."""
    controls = networks[0].controls
    settings = candidates(controls, tried, seed)
    found = disagreement(networks, dry, settings)
    heard = np.array([encode(controls, setting) for setting in settings])
    worth, proposals = found.copy(), []
    for known in (encode(controls, setting) for setting in recorded):
        worth *= _apart(heard, known)
    for _ in range(min(count, len(settings))):
        best = int(np.argmax(worth))
        proposals.append(Proposal(settings[best], float(found[best])))
        worth *= _apart(heard, heard[best])
    return proposals


def _apart(heard: NDArray[np.float64], known: ArrayLike) -> NDArray[np.float64]:
    """Share of a setting's worth beside a known one: none in its place, all from `APART` on."""
    far = np.sqrt(np.square(heard - np.asarray(known)).sum(axis=1))
    return np.asarray(np.minimum(far / APART, 1))
