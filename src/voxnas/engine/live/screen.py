"""Display of a session in the terminal, and its summary."""

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from voxnas.engine.live.meters import Load, Meter
from voxnas.engine.live.model_bank import ModelBank

BAR_CELLS, BAR_FLOOR_DBFS = 40, -60.0
HOT_DBFS = -6.0
KEYS = "1-9 n p: model   b: bypass   [ ]: input gain   - +: output gain   r: sample rate   q: quit"
KNOB_KEYS = "k: next knob   , .: turn it   "


def screen(bank: ModelBank) -> RenderableType:
    """Meters, models, load and keys, as they are now."""
    player = bank.player
    return Group(
        _meter("in ", player.input_level, player.input_gain_db),
        _meter("out", player.output_level, player.output_gain_db),
        _models(bank),
        *([_controls(bank)] if bank.slots[bank.chosen].controls else []),
        Text(load_line(player.load)),
        Text((KNOB_KEYS if bank.slots[bank.chosen].controls else "") + KEYS, style="dim"),
    )


def load_line(load: Load) -> str:
    """Time, CPU load, deadline misses and xruns."""
    return (
        f"{load.seconds:.1f} s   load {load.recent:.1%} (mean {load.mean:.1%}, max {load.max:.1%})   "
        f"deadline misses {load.misses}   xruns {load.xruns}"
    )


def summary(bank: ModelBank) -> list[str]:
    """Summary lines for the end of a session."""
    player, load = bank.player, bank.player.load
    block_ms = 1000 * bank.block_size / player.sample_rate
    lines = [
        f"played {load.seconds:.1f} s in {load.blocks} blocks of {bank.block_size} samples "
        f"({block_ms:.2f} ms at {player.sample_rate} Hz), {bank.switches} switches",
        f"load mean {load.mean:.1%}, max {load.max:.1%}; deadline misses {load.misses}, xruns {load.xruns}",
    ]
    if clips := player.output_level.clips:
        peak = player.output_level.highest
        lines.append(f"note: the output clipped in {clips} blocks (peak {peak:.2f}); lower output_gain_db")
    return lines


def figures(bank: ModelBank) -> dict[str, Any]:
    """Figures of the summary as plain values; shares of 1, peaks of full scale."""
    player, load = bank.player, bank.player.load
    return {
        "models": [slot.name for slot in bank.slots],
        "sample_rate": player.sample_rate,
        "block_size": bank.block_size,
        "blocks": load.blocks,
        "seconds": load.seconds,
        "load_mean": load.mean,
        "load_max": load.max,
        "deadline_misses": load.misses,
        "xruns": load.xruns,
        "switches": bank.switches,
        "input_peak": player.input_level.highest,
        "output_peak": player.output_level.highest,
        "output_clips": player.output_level.clips,
    }


def _meter(name: str, meter: Meter, gain_db: float) -> Text:
    text = Text(f"{name} ")
    peak, rms = _cells(meter.peak_dbfs), _cells(meter.rms_dbfs)
    hot = "red" if meter.clipped else "yellow" if meter.peak_dbfs > HOT_DBFS else "green"
    text.append("█" * rms, hot).append("▒" * (peak - rms), hot).append(
        "·" * (BAR_CELLS - max(peak, rms)), "dim"
    )
    text.append(f"  peak {meter.peak_dbfs:6.1f}  RMS {meter.rms_dbfs:6.1f} dBFS  gain {gain_db:+.0f} dB")
    return text.append("  CLIP", "bold red") if meter.clipped else text


def _cells(dbfs: float) -> int:
    return round(BAR_CELLS * min(1.0, max(0.0, 1 - dbfs / BAR_FLOOR_DBFS)))


def _controls(bank: ModelBank) -> Text:
    """Knobs and switches of the model that plays, the one that is held in reverse."""
    text, slot = Text(), bank.slots[bank.chosen]
    for number, control in enumerate(slot.controls):
        value = slot.setting.get(control.name, control.at_rest)
        said = (
            f" {control.name} {value:.3g} " if isinstance(value, float | int) else f" {control.name} {value} "
        )
        text.append(said, "reverse" if number == min(bank.held, len(slot.controls) - 1) else "").append(" ")
    return text


def _models(bank: ModelBank) -> Text:
    text = Text()
    for number, slot in enumerate(bank.slots):
        playing = number == bank.chosen and not bank.bypassed
        text.append(f" {number + 1} {slot.name} ", "reverse" if playing else "").append(" ")
    return text.append(" bypass ", "reverse yellow") if bank.bypassed else text
