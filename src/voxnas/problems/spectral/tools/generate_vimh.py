"""Make a VIMH set of sounds whose knobs are known."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voxnas.problems.spectral.generate.plan import make_plan
from voxnas.problems.spectral.generate.run import generate
from voxnas.problems.spectral.pictures.picture import picture_of
from voxnas.problems.spectral.sounds.build import source_of
from voxnas.problems.spectral.tools.inspect_vimh import described
from voxnas.problems.spectral.vimh.dataset import open_set


def generate_vimh(
    sound: Mapping[str, Any],
    data_dir: str,
    samples: int = 256,
    seed: int = 0,
    processes: int | None = None,
    if_missing: bool = False,
) -> Path:
    """Make a set, and say what is in it.

    Args:
        sound: `source`, `knobs` and `picture`.
        data_dir: where the set's folder goes.
        samples: images; of recordings as many as are near and go up evenly.
        seed: of all that is random.
        processes: see `generate`.
        if_missing: leave a set of this name that is there; otherwise that is an error.
    """
    source = source_of(sound["source"])
    picture = picture_of({"sample_rate": source.sample_rate, **sound["picture"]})
    plan = make_plan(source, picture, sound["knobs"] or {}, samples, seed)
    where = Path(data_dir) / plan.name
    if if_missing and where.is_dir():
        print(f"{where}: is there already, and is kept")
        return where
    made = generate(plan, data_dir, processes)
    print("\n".join(described(open_set(made))))
    return made
