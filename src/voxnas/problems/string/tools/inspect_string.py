"""What is found in a recorded note, as a table and a picture."""

import os
from pathlib import Path

import matplotlib
import numpy as np
from rich.console import Console
from rich.table import Table

from voxnas.drawing import style
from voxnas.problems.string.analysis import cents
from voxnas.problems.string.data.note import Note, read_note


def inspect_string(input: str, channel: int | None = None, output_dir: str | None = None) -> None:
    """Print the note's onset, pitch, decay and noise floor, and draw waveform, partials' decay and spectrum.

    Raises InputError where the recording cannot be learnt from.
    """
    note = read_note(input, channel)
    Console().print(note_table(note))
    folder = Path(output_dir or Path(os.environ["VOXNAS_LOG_DIR"]) / "inspect" / Path(input).stem)
    folder.mkdir(parents=True, exist_ok=True)
    draw_note(note, folder / "note.png")
    print(folder / "note.png")


def note_table(note: Note) -> Table:
    """A row for what is found, and one for each partial."""
    told = note.partials
    table = Table(title=f"{note.name}: {note.pitch_hz:.3f} Hz")
    for column in ("found", "value"):
        table.add_column(column)
    table.add_row("period", f"{note.period:.4f} samples at {note.sample_rate} Hz")
    table.add_row("rings", f"from {note.onset_s:.3f} s to {note.end_s:.3f} s, {note.seconds:.2f} s")
    table.add_row("level", f"{note.levels.max():.1f} dBFS RMS at most, noise {note.floor_db:.1f} dBFS")
    table.add_row("inharmonicity", f"B = {told.inharmonicity:.3g}")
    for row, number in enumerate(told.numbers):
        hz, t60 = told.frequencies[row], told.t60[row]
        away = float(cents(hz, number * told.pitch_hz))
        decay = f"T60 {t60:.3g} s" if np.isfinite(t60) else "does not fall"
        table.add_row(f"partial {number}", f"{hz:.2f} Hz ({away:+.2f} cents), {decay}")
    return table


def draw_note(note: Note, path: Path) -> None:
    """Write waveform, partials' envelopes and spectrum in one picture."""
    told = note.partials
    with matplotlib.rc_context(style.RC):
        figure = style.new_figure(9, 9)
        wave, decay, spectrum = figure.subplots(3, 1)
        whole = note.samples if note.recording is None else note.recording
        wave.plot(np.arange(len(whole)) / note.sample_rate, whole, color=style.LINES[1], lw=0.4)
        for second in (note.onset_s, note.end_s):
            wave.axvline(second, color=style.FRONTIER, lw=1)
        wave.set(xlabel="s", ylabel="waveform", title="The recording, and what of it is the note")
        for row, number in enumerate(told.numbers):
            last, colour = int(told.last[row]), style.LINES[row % len(style.LINES)]
            seconds, db = told.envelopes.seconds[:last], told.envelopes.db[row, :last]
            decay.plot(seconds, db, color=colour, lw=1.2, label=f"{number}")
        decay.legend(ncols=5, title="partial")
        decay.set(xlabel="s", ylabel="dB", title="Decay of the partials")
        part = note.samples[: min(len(note.samples), 2 * note.sample_rate)]
        power = 20 * np.log10(np.abs(np.fft.rfft(part * np.hanning(len(part)))) / len(part) * 4 + 1e-9)
        spectrum.plot(np.fft.rfftfreq(len(part), 1 / note.sample_rate), power, color=style.INK, lw=0.5)
        spectrum.set(xlim=(0, min(note.sample_rate / 2, 30 * note.pitch_hz)), xlabel="Hz", ylabel="dB")
        style.save(figure, path)
