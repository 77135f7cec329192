"""What a model of 48 kHz is worth in hosts of 44.1, 88.2 and 96 kHz, by each way to play it there.

    python benchmarks/sample_rates.py [--models nano lstm] [--epochs 30] [--tune-epochs 10] [--seconds 40]
        [--page docs/figures/sample_rates.md]

The demo rig is recorded at every rate, with one dry guitar. Models train on it at 48 kHz. Then each is played
at the others as it is, with the signal converted around it, and from within where it can: taps moved apart,
or the state read between samples. Those whose taps are moved apart are trained on at the higher rate besides.
ESR is of the last 15 % of the pair, which trained nothing: against the rig at the host's rate, the known
delay of the conversion taken out; and with the rig's sound sent through the same two filters, which leaves
what the model does. The cost is at blocks of 64, the engines timed in turns; aliasing is the figure `asr`.
"""

import argparse
import math
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from docs_page import page_option, show
from rich.table import Table
from studies import LOGS, ROOT

from voxnas.audio.demo.rig import make_pair, play_amp
from voxnas.audio.files import write_audio
from voxnas.audio.resample import resample
from voxnas.engine.aliasing import measure_aliasing, overall
from voxnas.engine.at_host_rate import AtHostRate
from voxnas.engine.base import StreamingEngine
from voxnas.engine.benchmark import side_by_side
from voxnas.engine.for_host import engine_for
from voxnas.engine.live.player import Bypass
from voxnas.export.convert import convert
from voxnas.export.load import load_model
from voxnas.models.base import StreamingNetwork
from voxnas.utils.errors import InputError

FOLDER = LOGS / "bench/sample_rates"
OWN_RATE, RATES = 48_000, (44_100, 88_200, 96_000)
RIG_RATE = 96_000
BLOCK_SIZE = 64
TEST_SHARE = 0.15
COLUMNS = ("model", "host (Hz)", "played", "ESR", "ratio", "ESR behind the filters", "ratio", "asr (dB)")
COLUMNS += ("share of a core", "delay (ms)")


@dataclass(frozen=True)
class Way:
    """A way to play a model in a host: its engine, and the figures that are known of it."""

    model: str
    method: str
    rate: int
    engine: StreamingEngine
    settle: int  # samples of the host after which a sine's answer repeats

    @property
    def delay(self) -> float:
        """Samples of the host by which it is late at low frequencies."""
        return self.engine.delay_ms * self.rate / 1000 if isinstance(self.engine, AtHostRate) else 0.0


def pairs(seconds: float) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """One guitar through one rig, that runs at `RIG_RATE`, as converters of each rate would record them."""
    dry, wet = make_pair(seconds, OWN_RATE)
    sound = play_amp(resample(dry, OWN_RATE, RIG_RATE), RIG_RATE)
    sound *= np.abs(wet).max() / np.abs(sound).max()
    return {
        rate: (resample(dry, OWN_RATE, rate), resample(sound.astype(np.float32), RIG_RATE, rate))
        for rate in (OWN_RATE, *RATES)
    }


def train(folder: Path, pair: tuple[np.ndarray, np.ndarray], rate: int, *overrides: str) -> Path:
    """A finished run in a folder: as it was found there, or after src/train.py."""
    names = ("dry.wav", "wet.wav")
    files = [write_audio(folder / name, part, rate) for name, part in zip(names, pair, strict=True)]
    given = [*overrides, "data=amp_pair", f"data.input={files[0]}", f"data.target={files[1]}", "data.delay=0"]
    given += [f"hydra.run.dir={folder}", "callbacks.preview=null", "logger=csv", "callbacks.benchmark=null"]
    subprocess.run([sys.executable, str(ROOT / "src/train.py"), *given], check=True)
    return folder


def ways(model: str, run: Path, tuned: Path | None) -> Iterator[Way]:
    """All ways to play the model of a run; those that it cannot be played by are left out."""
    network = load_model(run).network
    yield way(model, "own rate", network, OWN_RATE, "around")
    for rate in RATES:
        for method in ("as_is", "around", "inside"):
            try:
                yield way(model, method, network, rate, method)
            except InputError as reason:
                print(f"{model} at {rate} Hz, {method}: {reason}")
    if tuned is not None:
        fast = load_model(tuned).network
        yield Way(model, "inside, trained on", 96_000, engine_for(fast), fast.receptive_field)


def way(model: str, name: str, network: StreamingNetwork, rate: int, method: str) -> Way:
    engine = engine_for(network, "auto", OWN_RATE, rate, method)
    return Way(model, name, rate, engine, math.ceil(2 * network.receptive_field * rate / OWN_RATE) + 512)


def errors(way: Way, pair: tuple[np.ndarray, np.ndarray]) -> tuple[float, float]:
    """ESR of the test section: against the rig, and against the rig behind the same two filters."""
    dry, wet = pair
    way.engine.reset()
    played, section = way.engine.process(dry), slice(int((1 - TEST_SHARE) * len(dry)), None)
    filtered = AtHostRate(Bypass(), OWN_RATE, way.rate).process(wet) if way.delay else wet
    return esr(advanced(played, way.delay)[section], wet[section]), esr(played[section], filtered[section])


def esr(played: np.ndarray, target: np.ndarray) -> float:
    return float(
        np.square(played - target, dtype=np.float64).sum() / np.square(target, dtype=np.float64).sum()
    )


def advanced(signal: np.ndarray, samples: float) -> np.ndarray:
    """The signal earlier by a number of samples that need not be whole."""
    turns = np.exp(2j * np.pi * np.fft.rfftfreq(len(signal)) * samples)
    return np.fft.irfft(np.fft.rfft(signal.astype(np.float64)) * turns, len(signal)) if samples else signal


def aliasing_db(way: Way) -> float:
    found = overall(measure_aliasing(way.engine, way.rate, way.settle))
    return math.nan if found is None else 10 * math.log10(found)


def table_of(all_ways: Sequence[Way], at: dict[int, tuple[np.ndarray, np.ndarray]]) -> Table:
    """One row for each way."""
    table = Table(title="A model of 48 kHz at other sample rates")
    for name in COLUMNS:
        left = name in ("model", "played")
        table.add_column(name, justify="left" if left else "right", overflow="fold", no_wrap=left)
    timings = side_by_side([w.engine for w in all_ways], [w.rate for w in all_ways], [BLOCK_SIZE], 400)
    own: dict[str, float] = {}
    for each, (timing,) in zip(all_ways, timings, strict=True):
        direct, behind = errors(each, at[each.rate])
        start = own.setdefault(each.model, direct)
        figures = [f"{direct:.3g}", f"{direct / start:.2f}", f"{behind:.3g}", f"{behind / start:.2f}"]
        figures += [f"{aliasing_db(each):.1f}", f"{timing.rtf:.4f}", f"{1000 * each.delay / each.rate:.3f}"]
        table.add_row(each.model, str(each.rate), each.method, *figures)
    return table


def main() -> None:
    """Train what is not there yet, play, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["nano", "lstm"])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--tune-epochs", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=40.0, help="of the pair")
    page_option(parser)
    options = parser.parse_args()
    at = pairs(options.seconds)
    all_ways: list[Way] = []
    for model in options.models:
        name = f"{model}-{options.epochs}-{options.seconds:g}s"
        epochs = f"trainer.max_epochs={options.epochs}"
        run = train(FOLDER / name, at[OWN_RATE], OWN_RATE, f"model={model}", epochs, "patience=null")
        all_ways += ways(model, run, tuned(run, at[96_000], options.tune_epochs))
    table = table_of(all_ways, at)
    show(table, options.page)


def tuned(run: Path, pair: tuple[np.ndarray, np.ndarray], epochs: int) -> Path | None:
    """The run's model with its taps moved apart, trained on at twice the rate; None if it has none."""
    start = run.parent / f"{run.name}-96000.nam"
    try:
        convert(str(run), "nam", str(start), at_rate=96_000)
    except InputError as reason:
        print(reason)
        return None
    overrides = ["model=start", f"init_from={start}", f"trainer.max_epochs={epochs}", "patience=null"]
    overrides += ["training.optimizer.lr=0.006"]
    return train(run.parent / f"{run.name}-tuned-{epochs}", pair, 96_000, *overrides)


if __name__ == "__main__":
    main()
