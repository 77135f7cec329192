"""A section in which nothing plays is refused before training, with what to set."""

from pathlib import Path

import numpy as np
import pytest

from voxnas.audio.files import write_audio
from voxnas.problems.amp.data.amp_pair import load_amp_pair
from voxnas.utils.errors import InputError

RATE = 8000


def recordings(folder: Path, target_silent=(1.0, 1.0), input_silent=(1.0, 1.0), hiss: float = 0.0):
    """A pair of 40 s, each silent (or hissing) from one share of it to another."""
    random = np.random.default_rng(0)
    dry = 0.1 * random.standard_normal(40 * RATE)
    amp = np.tanh(10 * dry)
    for samples, silent in ((dry, input_silent), (amp, target_silent)):
        start, stop = (int(share * len(samples)) for share in silent)
        samples[start:stop] = hiss * random.standard_normal(stop - start)
    return [
        write_audio(folder / name, part.astype(np.float32), RATE)
        for name, part in (("dry.wav", dry), ("amp.wav", amp))
    ]


@pytest.mark.parametrize(
    ("silent", "sections"), [((0.68, 1), "val, test"), ((0.85, 1), "test"), ((0, 0.7), "train")]
)
@pytest.mark.parametrize("hiss", [0, 1e-5, 2e-4])
def test_a_silent_section_of_the_target_is_named(tmp_path: Path, silent, sections: str, hiss: float) -> None:
    with pytest.raises(InputError, match=f"target is silent in the sections? {sections} .*data.train="):
        load_amp_pair(*recordings(tmp_path, silent, hiss=hiss))


def test_a_silent_section_of_the_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"target is silent .*; input is silent in the sections val, test"):
        load_amp_pair(*recordings(tmp_path, (0.68, 1), (0.68, 1)))


def test_what_is_proposed_works(tmp_path: Path) -> None:
    files = recordings(tmp_path, (0.6, 1))
    with pytest.raises(InputError) as caught:
        load_amp_pair(*files)
    settings = [part for part in str(caught.value).replace(",", " ").split() if part.startswith("data.")]
    proposed = dict(part.removeprefix("data.").replace('"', "").split("=") for part in settings)
    assert proposed["train"].startswith("0.0:")
    assert proposed["test"].endswith(":24.0")
    load_amp_pair(*files, **proposed)


def test_quiet_playing_is_sound(tmp_path: Path) -> None:
    files = recordings(tmp_path, (0.7, 1), hiss=1e-2)
    assert load_amp_pair(*files).sections.val
