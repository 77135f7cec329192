"""The meaning of an amp's figures, in the report's words."""

from typing import TYPE_CHECKING

from voxnas.problems.amp.figures import SCORE

if TYPE_CHECKING:
    import pandas as pd

ESR = """\
**ESR**, error-to-signal ratio: Σ(y - ŷ)² / Σy² over the whole section at once. To the ear: {words} (the
words of Neural Amp Modeler's trainer). Selection uses the validation section; nothing selects on the test
section."""
LATENCY = """\
**Latency** is the receptive field over the sample rate: how far back the model looks, not a delay. The
models are causal; the delay that a player feels is the block size{delays}."""
CPU = """\
**CPU real-time factor**: processing time over audio time, on one thread of the machine above, streaming in
blocks; below 0.8 a model counts as real-time capable.{profile}"""
PROFILED = """ Where the engine is a
`profile-…`, it was not measured here but told from the shape: what Neural Amp Modeler's own engine takes on
the CPU that the profile was made on."""


def meaning(records: "pd.DataFrame") -> list[str]:
    """A paragraph for each of the figures that decide."""
    blocks = records[["block_size", "sample_rate"]].dropna().drop_duplicates()
    delays = [f"{b:.0f} samples at {r:.0f} Hz are {1000 * b / r:.1f} ms" for b, r in blocks.to_numpy()[:3]]
    profiled = records["engine"].str.startswith("profile-").any()
    words = ", ".join(f"below {limit:g} {word}" for limit, word in SCORE.words)
    return [
        ESR.format(words=words) + _noise_floor(records),
        LATENCY.format(delays=f" ({'; '.join(delays)})" if delays else ""),
        CPU.format(profile=PROFILED if profiled else ""),
    ]


def _noise_floor(records: "pd.DataFrame") -> str:
    """A sentence on what noise the recording has, where runs have told it."""
    floors = [] if "noise_floor_esr" not in records else records["noise_floor_esr"].dropna().tolist()
    if not floors:
        return ""
    return f" Noise in the recording keeps every model above {min(floors):.1g} on the validation section."
