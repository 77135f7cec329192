"""Write the demo pair (a synthetic guitar, and the same through a simulated amp) and draw it."""

from pathlib import Path

from omegaconf import DictConfig

from voxnas.utils.app import hydra_app


@hydra_app("make_demo")
def main(cfg: DictConfig) -> None:
    from voxnas.audio.demo.cache import write_wav
    from voxnas.audio.demo.plot import plot_pair
    from voxnas.audio.demo.rig import make_pair

    dry, wet = make_pair(cfg.seconds, cfg.sample_rate, cfg.seed, cfg.drive, cfg.tone, cfg.level)
    folder = Path(cfg.output_dir)
    write_wav(folder / "input.wav", dry, cfg.sample_rate)
    write_wav(folder / "target.wav", wet, cfg.sample_rate)
    plot_pair(folder / "demo.png", dry, wet, cfg.sample_rate)
    print(f"wrote {folder}/input.wav, target.wav ({cfg.seconds:g} s at {cfg.sample_rate} Hz) and demo.png")


if __name__ == "__main__":
    main()
