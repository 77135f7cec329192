"""Arguments of the demo rig; light to import, since every start of a training asks the cache."""

from voxnas.utils.errors import InputError

VERSION = 1  # to be raised whenever the same arguments give other samples: the cache goes by it

# 300 s take 4 GB of memory while they are made.
RANGES: dict[str, tuple[float, float]] = {
    "seconds": (1.0, 300.0),
    "sample_rate": (16_000, 192_000),
    "seed": (0, 2**63 - 1),
    "drive": (0.0, 1.0),
    "tone": (0.0, 1.0),
    "level": (0.0, 1.0),
    "compress": (0.0, 1.0),
}
WHOLE = ("sample_rate", "seed")


def check_arguments(**arguments: float) -> None:
    """Raise InputError if one of these arguments of `make_pair` is not a number in its range."""
    for name, value in arguments.items():
        low, high = RANGES[name]
        if not isinstance(value, int if name in WHOLE else int | float) or not low <= value <= high:
            kind = "a whole number" if name in WHOLE else "a number"
            raise InputError(f"{name}={value}: the demo rig takes {kind} from {low:.15g} to {high:.15g}")
