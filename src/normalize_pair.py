"""Write an aligned, level-normalised copy of a pair, and say what was done.

`python src/normalize_pair.py input=dry.wav target=amp.wav output_dir=out`. The target, or both recordings,
are multiplied by one gain each; nothing else is changed but the shift that aligns them. Originals are never
overwritten.
"""

from pathlib import Path

from omegaconf import DictConfig

from voxnas.audio.checks import decibels
from voxnas.audio.files import write_audio
from voxnas.audio.normalize import level_gain
from voxnas.audio.pair import load_pair
from voxnas.utils.app import hydra_app
from voxnas.utils.errors import InputError


@hydra_app("normalize_pair")
def main(cfg: DictConfig) -> None:
    if cfg.apply_to not in ("target", "both"):
        raise InputError(f"apply_to is {cfg.apply_to!r}; give target or both")
    sources = {"input": Path(cfg.input), "target": Path(cfg.target)}
    copies = {role: Path(cfg.output_dir) / f"{path.stem}.wav" for role, path in sources.items()}
    refuse_overwriting(list(sources.values()), list(copies.values()))
    pair = load_pair(
        cfg.input,
        cfg.target,
        channel=cfg.channel,
        target_channel=cfg.target_channel,
        sample_rate=cfg.sample_rate,
        delay=cfg.delay,
    )
    for finding in pair.findings:
        if finding.level != "ok":
            print(f"{finding.level}: {finding.message}")
    samples = {"input": pair.input, "target": pair.target}
    gains = dict.fromkeys(samples, 1.0)
    for role in samples if cfg.apply_to == "both" else ["target"]:
        gains[role] = level_gain(samples[role], cfg.mode, cfg.level_db)
    for role, path in copies.items():
        write_audio(
            path, samples[role] * samples[role].dtype.type(gains[role]), pair.sample_rate, cfg.subtype
        )
        seconds = len(samples[role]) / pair.sample_rate
        gain_db = decibels(gains[role])
        print(f"{role}: {path}: {seconds:.2f} s, {pair.sample_rate} Hz {cfg.subtype}, gain {gain_db:+.2f} dB")
    print(f"target was {pair.delay_samples} samples late; set data.delay=0 for these files")


def refuse_overwriting(sources: list[Path], copies: list[Path]) -> None:
    """Raise InputError if a copy would replace an original, or the other copy."""
    originals = {path.resolve() for path in sources}
    for copy in copies:
        if copy.resolve() in originals:
            raise InputError(f"{copy} is an original; choose another output_dir")
    if copies[0] == copies[1]:
        raise InputError(f"both recordings are called {copies[0].stem}; rename one")


if __name__ == "__main__":
    main()
