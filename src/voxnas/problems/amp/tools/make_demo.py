"""Demo pair as files: a synthetic guitar, the same through a simulated amp, and a picture of both."""

from pathlib import Path

from voxnas.audio.demo.cache import write_wav
from voxnas.audio.demo.plot import plot_pair
from voxnas.audio.demo.rig import make_pair


def make_demo(
    output_dir: str,
    seconds: float,
    sample_rate: int,
    seed: int,
    drive: float,
    tone: float,
    level: float,
    compress: float = 0.0,
) -> None:
    """Write `input.wav`, `target.wav` and `demo.png` into a folder; see `make_pair` for the rest."""
    dry, wet = make_pair(seconds, sample_rate, seed, drive, tone, level, compress)
    folder = Path(output_dir)
    write_wav(folder / "input.wav", dry, sample_rate)
    write_wav(folder / "target.wav", wet, sample_rate)
    plot_pair(folder / "demo.png", dry, wet, sample_rate)
    print(f"wrote {folder}/input.wav, target.wav ({seconds:g} s at {sample_rate} Hz) and demo.png")
