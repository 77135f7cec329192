"""Play a sound file through a run or an exported model, or a score of notes with one that rings by itself."""

from voxnas.utils import interrupt

interrupt.until_started()

import sys
from pathlib import Path

from omegaconf import DictConfig

from voxnas.engine.make import make_engine
from voxnas.engine.play import render
from voxnas.export.load import load_model
from voxnas.utils.app import INTERRUPTED, hydra_app
from voxnas.utils.progress_bar import progress_bar
from voxnas.utils.tool import call_tool


@hydra_app("on_model/render", open_groups=["controls"])
def main(cfg: DictConfig) -> None:
    """`python src/render.py model=PATH input=in.wav output=out.wav`, or notes=riff.txt as the input."""
    if cfg.notes is not None:
        call_tool(cfg)
        return
    model = load_model(cfg.model, cfg.submodel)
    rate, engine = model.rate(cfg.sample_rate), make_engine(model.network, cfg.engine)
    engine.set_controls(dict(cfg.controls), glide=0)
    try:
        with progress_bar(Path(cfg.input).name) as on_progress:
            done = render(
                engine,
                cfg.input,
                cfg.output,
                sample_rate=rate,
                channel=cfg.channel,
                resample=cfg.resample,
                subtype=cfg.subtype,
                delay_samples=model.network.delay_samples,
                on_progress=on_progress,
            )
    except KeyboardInterrupt:
        print(f"interrupted: {cfg.output} was not written", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None
    for notice in done.notices:
        print(f"note: {notice}")
    duration_s = done.samples / done.sample_rate
    speed = duration_s / done.seconds
    print(f"wrote {done.path}: {duration_s:.1f} s, peak {done.peak:.3f}, at {speed:.1f} × real time")


if __name__ == "__main__":
    main()
