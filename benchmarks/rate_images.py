"""Spectra of a sine through a model that plays at twice its rate from within, and after training there.

    python benchmarks/rate_images.py [--epochs 40] [--tune-epochs 10] [--seconds 40]
        [--page docs/figures/rate_images.md]

A network whose taps were moved apart does to what lies above its own half rate what it does to the mirror
image below it. Nothing that it learnt says that there is nothing up there. The picture has the demo rig's
own answer to the sine at 96 kHz, that of the model of 48 kHz with its taps moved apart, and that of the same
after training at 96 kHz. The runs are those of benchmarks/sample_rates.py.
"""

import argparse
import shutil
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from docs_page import page_option, show
from rich.table import Table
from sample_rates import FOLDER, OWN_RATE, RIG_RATE, pairs, train, tuned
from studies import LOGS

from voxnas.audio.demo.rig import play_amp
from voxnas.engine.for_host import engine_for
from voxnas.export.load import load_model

PICTURE = LOGS / "bench/rate_images/spectra.png"
SIZE = 1 << 16
TONES_HZ, PEAK = (440.0, 3000.0, 9000.0), 0.25
FLOOR_DB = -160.0


def sine(frequency: float) -> np.ndarray:
    """A tone that has come into its own before the last `SIZE` samples, with whole periods in them."""
    whole = round(frequency * SIZE / RIG_RATE)
    return (PEAK * np.sin(2 * np.pi * whole * np.arange(2 * SIZE) / SIZE)).astype(np.float32)


def spectrum_db(played: np.ndarray) -> np.ndarray:
    """Of the last `SIZE` samples, the strongest partial at 0 dB."""
    magnitude = np.abs(np.fft.rfft(played[-SIZE:].astype(np.float64)))[1:]  # what stands still is no partial
    return np.maximum(20 * np.log10(magnitude / magnitude.max() + 1e-12), FLOOR_DB)


def above_db(spectrum: np.ndarray) -> float:
    """The power above the model's own half rate, in dB of all."""
    power = 10 ** (spectrum / 10)
    edge = len(power) * OWN_RATE // RIG_RATE
    return float(10 * np.log10(power[edge:].sum() / power.sum()))


def spectra(model: Path, trained_on: Path, frequency: float) -> dict[str, np.ndarray]:
    """By what plays: its spectrum."""
    tone = sine(frequency)
    inside = engine_for(load_model(model).network, "auto", OWN_RATE, RIG_RATE, "inside")
    after = engine_for(load_model(trained_on).network)
    return {
        "inside": spectrum_db(inside.process(tone)),
        "inside, trained on": spectrum_db(after.process(tone)),
        "the rig": spectrum_db(play_amp(tone, RIG_RATE)),
    }


def table_of(found: Mapping[float, Mapping[str, np.ndarray]]) -> Table:
    """A row for each tone."""
    table = Table(title="What sounds above a model's own half rate when it plays at twice its rate")
    for name in ("tone (Hz)", *next(iter(found.values()))):
        table.add_column(name, justify="right")
    for frequency, played in found.items():
        table.add_row(f"{frequency:g}", *(f"{above_db(spectrum):.1f} dB" for spectrum in played.values()))
    return table


def draw(found: Mapping[float, Mapping[str, np.ndarray]], path: Path) -> None:
    """The spectra, a row for each tone and a column for each that plays."""
    columns = len(next(iter(found.values())))
    figure, axes = plt.subplots(
        len(found), columns, sharex=True, sharey=True, figsize=(11, 7), layout="constrained"
    )
    for row, (frequency, played) in zip(axes, found.items(), strict=True):
        for axis, (name, spectrum) in zip(row, played.items(), strict=True):
            at = np.arange(1, len(spectrum) + 1) * RIG_RATE / SIZE / 1000
            axis.plot(at, spectrum, linewidth=0.6)
            axis.axvline(OWN_RATE / 2000, color="grey", linewidth=0.8)
            axis.set_title(f"{name}, {frequency:g} Hz", fontsize=9)
    figure.supxlabel("kHz; the line is the model's own half rate")
    figure.supylabel("dB of the strongest partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Train what is not there yet, play, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--tune-epochs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=40.0, help="of the pair")
    page_option(parser)
    options = parser.parse_args()
    at = pairs(options.seconds)
    name = f"nano-{options.epochs}-{options.seconds:g}s"
    given = ["model=nano", f"trainer.max_epochs={options.epochs}", "patience=null"]
    run = train(FOLDER / name, at[OWN_RATE], OWN_RATE, *given)
    trained_on = tuned(run, at[RIG_RATE], options.tune_epochs)
    assert trained_on is not None
    found = {frequency: spectra(run, trained_on, frequency) for frequency in TONES_HZ}
    note = f"The power above {OWN_RATE // 2:,} Hz, of all that is played. The tones' peak is {PEAK:g}."
    show(table_of(found), options.page, note)
    draw(found, PICTURE)
    print(f"wrote {PICTURE}")
    if options.page:
        shown = options.page.with_suffix(".png")
        shutil.copyfile(PICTURE, shown)
        more = f"\n![spectra of sines through the model and through the rig]({shown.name})\n"
        options.page.write_text(options.page.read_text() + more)


if __name__ == "__main__":
    main()
