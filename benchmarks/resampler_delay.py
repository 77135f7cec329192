"""What a filter between two sample rates costs in delay, by its stop band and its transition band.

    python benchmarks/resampler_delay.py [--rate 44100] [--page docs/figures/resampler_delay.md]

A model in a host of another rate plays between two such filters of minimum phase. For some transition bands
and stop bands: what both delay a low tone by, where the lower rate is `--rate`; how flat they are; and how
far down images and aliases are, measured on the taps. No filter of a shape delays less than that of minimum
phase, so the curves are what can be had.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from docs_page import page_option, show
from rich.table import Table
from studies import LOGS

from voxnas.audio.polyphase import ATTENUATION_DB, DENSITY, PASS, STOP, low_delay, prototype

PICTURE = LOGS / "bench/resampler_delay/curve.png"
EDGES = ((0.9, 1.1), (PASS, STOP), (0.7, 1.3), (0.82, 1.4), (0.5, 1.5))  # of the lower rate's half
ATTENUATIONS_DB = (40.0, 60.0, 80.0, 90.0, ATTENUATION_DB, 120.0)
WANTED_MS = 0.1
SIZE = 1 << 17


@dataclass(frozen=True)
class Filter:
    """A filter of the lower rate `rate` in Hz, between the edges in halves of it."""

    rate: int
    pass_edge: float
    stop_edge: float
    attenuation_db: float

    @property
    def numbers(self) -> np.ndarray:
        return prototype(self.pass_edge, self.stop_edge, self.attenuation_db)

    @property
    def delay_ms(self) -> float:
        """Of the way there and back."""
        return 2000 * low_delay(self.numbers) / self.rate

    @property
    def response_db(self) -> tuple[np.ndarray, np.ndarray]:
        """Frequencies in Hz, and one filter's magnitude there."""
        size = SIZE
        magnitude = np.abs(np.fft.rfft(self.numbers, size)) / DENSITY
        return np.arange(len(magnitude)) / size * DENSITY * self.rate, 20 * np.log10(magnitude + 1e-9)

    @property
    def stop_band_db(self) -> float:
        """The highest that is left beyond the stop edge."""
        at, response = self.response_db
        return float(response[at >= self.stop_edge * self.rate / 2].max())

    def loss_db(self, frequency: float) -> float:
        """What both filters take from a tone."""
        return float(-2 * np.interp(frequency, *self.response_db))


def table_of(filters: Sequence[Filter]) -> Table:
    """A row for each filter."""
    rate = filters[0].rate
    table = Table(title=f"What a conversion there and back costs in delay, the lower rate {rate} Hz")
    columns = ("flat to (kHz)", "down from (kHz)", "stop band (dB)", "delay (ms)", "at 15 kHz (dB)")
    for name in (*columns, "at 18 kHz (dB)", "taps"):
        table.add_column(name, justify="right")
    for each in filters:
        edges = [f"{edge * rate / 2000:.1f}" for edge in (each.pass_edge, each.stop_edge)]
        losses = [f"{-each.loss_db(frequency) + 0.0:.2f}" for frequency in (15_000, 18_000)]
        taps = str(-(-len(each.numbers) // DENSITY))
        table.add_row(*edges, f"{each.stop_band_db:.1f}", f"{each.delay_ms:.4f}", *losses, taps)
    return table


def said_of(filters: Sequence[Filter], chosen: Filter) -> str:
    """What is chosen, and what the nearest within `WANTED_MS` gives up."""
    short = [f for f in filters if f.delay_ms <= WANTED_MS]
    deep = max((f for f in short if f.pass_edge >= PASS), key=lambda f: -f.stop_band_db)
    said = (
        f"Chosen: flat to {chosen.pass_edge * chosen.rate / 2000:.1f} kHz, a stop band of"
        f" {chosen.stop_band_db:.1f} dB, {chosen.delay_ms:.3f} ms. The delay follows the stop band's depth"
        f" far more than the transition's width. Within {WANTED_MS:g} ms and as flat, the deepest stop band"
        f" here is {deep.stop_band_db:.1f} dB, from {deep.stop_edge * deep.rate / 2000:.1f} kHz on."
    )
    wide = [f for f in short if f.stop_band_db <= -100]
    if wide:
        flattest = max(wide, key=lambda f: f.pass_edge)
        said += (
            f" Within it and 100 dB down, the flattest is so to"
            f" {flattest.pass_edge * flattest.rate / 2000:.1f} kHz, and"
            f" lets images through up to {flattest.stop_edge * flattest.rate / 2000:.1f} kHz: a tone at"
            f" {(2 - flattest.stop_edge) * flattest.rate / 2000:.1f} kHz would have one."
        )
    return said + " A hundredth of a millisecond is less than sound takes for a centimetre of air."


def draw(filters: Sequence[Filter], chosen: Filter, path: Path) -> None:
    """A curve of delay over stop band for each transition band."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for edges in EDGES:
        own = [f for f in filters if (f.pass_edge, f.stop_edge) == edges]
        label = " to ".join(f"{edge * chosen.rate / 2000:.1f}" for edge in edges) + " kHz"
        axes.plot([-f.stop_band_db for f in own], [f.delay_ms for f in own], marker="o", label=label)
    axes.plot(-chosen.stop_band_db, chosen.delay_ms, "k*", markersize=14, label="chosen")
    axes.axhline(WANTED_MS, color="grey", linewidth=0.8)
    axes.set(xlabel="stop band (dB down)", ylabel="delay there and back (ms)")
    axes.legend(title="transition band", frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


def main() -> None:
    """Design, measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=int, default=44_100, help="the lower of the two rates, in Hz")
    page_option(parser)
    options = parser.parse_args()
    filters = [Filter(options.rate, *edges, down) for edges in EDGES for down in ATTENUATIONS_DB]
    chosen = Filter(options.rate, PASS, STOP, ATTENUATION_DB)
    said = said_of(filters, chosen)
    show(table_of(filters), options.page)
    draw(filters, chosen, PICTURE)
    print(said, f"wrote {PICTURE}", sep="\n")
    if options.page:
        shown = options.page.with_suffix(".png")
        shutil.copyfile(PICTURE, shown)
        more = f"\n{said}\n\n![delay over the depth of the stop band]({shown.name})\n"
        options.page.write_text(options.page.read_text() + more)


if __name__ == "__main__":
    main()
