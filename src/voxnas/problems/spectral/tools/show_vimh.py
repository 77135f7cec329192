"""A set to look at and to hear: a page in the browser, or a picture for a terminal."""

import base64
import html
import io
from pathlib import Path

import matplotlib
import numpy as np
import soundfile

from voxnas.drawing import style
from voxnas.problems.spectral.sounds.build import source_of_set
from voxnas.problems.spectral.tools.evaluate_audio import play
from voxnas.problems.spectral.tools.inspect_vimh import described
from voxnas.problems.spectral.vimh.dataset import VimhSet, open_set, spread
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

ACROSS = 6
STYLE = """
body{font:15px system-ui,sans-serif;margin:2rem;color:#2b2f36}main{display:flex;flex-wrap:wrap;gap:1rem}
figure{margin:0;border:1px solid #e7eaee;border-radius:6px;padding:.6rem;width:220px}
img{width:220px;height:220px;image-rendering:pixelated}audio{width:220px}
table{font-size:13px;border-spacing:.6rem 0}pre{background:#f6f7f9;padding:1rem;overflow:auto}
"""


def show_vimh(
    folder: str | None, data_dir: str, count: int = 24, form: str = "page", output: str | None = None
) -> Path:
    """Write a page or a picture of some images of a set, and return where it is.

    Args:
        folder: of the set; None for the one that was made last.
        data_dir: where sets are.
        count: images.
        form: "page", with labels and sound where the knobs can be played again, or "png".
        output: of the file; None for `show.html` or `show.png` beside the set's folder.

    Raises InputError where there is no set, or another form is asked for.
    """
    if form not in ("page", "png"):
        raise InputError(f"form={form}: page or png")
    opened = open_set(folder or latest_set(data_dir))
    name = opened.folder.name
    where = Path(output or opened.folder.parent / f"{name}.{'html' if form == 'page' else 'png'}")
    numbers = spread(len(opened.train), count)
    if form == "png":
        style.save(sheet(opened, numbers), where)
    else:
        write_text(where, page(opened, numbers))
    print("\n".join(described(opened)))
    print(f"written: {where}")
    return where


def latest_set(data_dir: str) -> Path:
    """The set's folder that was made last. InputError where there is none."""
    found = sorted(Path(data_dir).glob("vimh-*/"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise InputError(f"{data_dir}: no set; make sds makes one")
    return found[-1]


def sheet(opened: VimhSet, numbers: np.ndarray) -> "matplotlib.figure.Figure":
    """Figure of images with their labels."""
    records = opened.train[numbers]
    values, rows = opened.values(records), -(-len(records) // ACROSS)
    with matplotlib.rc_context(style.RC | {"axes.titlesize": 6, "axes.titleweight": "normal"}):
        figure = style.new_figure(2 * ACROSS, 2.3 * rows + 0.6)
        for i, record in enumerate(records):
            axes = figure.add_subplot(rows, ACROSS, i + 1)
            axes.imshow(record["image"][0], origin="lower", aspect="auto", cmap="magma", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
            axes.set_title("\n".join(_label(opened, values[i])[:4]))
        figure.suptitle(opened.folder.name, **style.SUPTITLE)
    return figure


def page(opened: VimhSet, numbers: np.ndarray) -> str:
    """The page, with everything in it."""
    records = opened.train[numbers]
    values, sounds = opened.values(records), _sounds(opened, opened.values(records), numbers)
    cards = []
    for i, record in enumerate(records):
        planes = "".join(
            f'<img alt="channel" src="data:image/png;base64,{_png(p)}">' for p in record["image"]
        )
        labels = "".join(f"<tr><td>{html.escape(line)}</td></tr>" for line in _label(opened, values[i]))
        scale = f"{record['low']:.1f} to {record['high']:.1f} dB"
        cards.append(
            f"<figure>{planes}{sounds[i] if sounds else ''}<table>{labels}</table>"
            f"<small>image {numbers[i]}, {scale}</small></figure>"
        )
    title, about = html.escape(opened.folder.name), html.escape("\n".join(described(opened)))
    head = f"<!doctype html><meta charset=utf-8><title>{title}</title><style>{STYLE}</style>"
    return f"{head}<h1>{title}</h1><pre>{about}</pre><main>{''.join(cards)}</main>\n"


def _label(opened: VimhSet, values: np.ndarray) -> list[str]:
    return [f"{knob.name} {knob.text(value)}" for knob, value in zip(opened.knobs, values, strict=True)]


def _sounds(opened: VimhSet, values: np.ndarray, numbers: np.ndarray) -> list[str]:
    """Players of the sounds, played again from the labels; empty where nothing plays them."""
    try:
        source = source_of_set(opened.metadata.values)
    except InputError:
        return []
    samples = int(source.seconds * source.sample_rate)
    made = play(source, opened, values, numbers, samples)
    return [
        f'<audio controls src="data:audio/wav;base64,{_wav(sound, source.sample_rate)}"></audio>'
        for sound in made
    ]


def _png(plane: np.ndarray) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(plane[::-1])).save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


def _wav(sound: np.ndarray, sample_rate: int) -> str:
    file = io.BytesIO()
    loudest = max(1.0, float(np.abs(sound).max()))
    soundfile.write(file, sound / loudest, sample_rate, format="WAV", subtype="PCM_16")
    return base64.b64encode(file.getvalue()).decode()
