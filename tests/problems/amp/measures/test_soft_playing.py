"""The record's figures of soft playing."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import pad

from voxnas.audio.pair import Pair
from voxnas.problems.amp.data.amp_pair import Recording
from voxnas.problems.amp.data.sections import Sections
from voxnas.problems.amp.measures.soft_playing import SoftPlaying


@pytest.fixture
def take(recording) -> Recording:
    """The tiny pair, of whose held-out sections most is 20 dB softer."""
    dry = np.tile(recording.pair.input, 2)[:32000]
    for start in (16000, 24000):
        dry[start : start + 7000] *= 0.1
    pair = Pair(dry, np.tanh(3 * dry), 8000, 0, (), "soft", "dry.wav", "amp.wav")
    return Recording(pair, Sections((0, 16000), (16000, 24000), (24000, 32000)))


def error_by_hand(finished, take: Recording, *spans: tuple[int, int]) -> float:
    """The ratio over the windows of the spans that are 10 to 30 dB below the loudest."""
    source = torch.from_numpy(take.pair.input).view(1, 1, -1)
    with torch.no_grad():
        output = finished.module(pad(source, (finished.module.network.receptive_field - 1, 0))).flatten()
    error = output.numpy() - take.pair.target

    def lots(samples: np.ndarray) -> np.ndarray:
        cut = np.concatenate([samples[start:stop].reshape(-1, 400) for start, stop in spans])
        return np.square(cut, dtype=np.float64).sum(axis=1)

    below = 10 * np.log10(lots(take.pair.input).max() / lots(take.pair.input))
    mask = (below >= 10) & (below < 30)
    return lots(error)[mask].sum() / lots(take.pair.target)[mask].sum()


@pytest.mark.parametrize("piece_length", [65536, 1000])
def test_the_figure_is_the_ratio_over_both_sections_however_they_are_cut(finished, take, piece_length):
    finished.data._recording, finished.data.piece_length = take, piece_length
    record = finished.end_with(SoftPlaying())
    expected = error_by_hand(finished, take, (16000, 24000), (24000, 32000))
    assert record.metrics["soft_esr_20"] == pytest.approx(expected, rel=1e-4)
    levels = record.details["soft_playing"]
    assert [level["below_db"] for level in levels] == [0, 20, 40, 60]
    assert levels[1]["seconds"] > 0.5
    assert levels[1]["esr"] == record.metrics["soft_esr_20"]


def test_a_section_that_is_both_counts_once(finished, take):
    both = replace(take.sections, test=take.sections.val)
    finished.data._recording = Recording(take.pair, both)
    record = finished.end_with(SoftPlaying())
    assert record.metrics["soft_esr_20"] == pytest.approx(
        error_by_hand(finished, take, (16000, 24000)), rel=1e-4
    )
    assert sum(level["seconds"] for level in record.details["soft_playing"]) == pytest.approx(1)


def test_a_take_without_soft_playing_has_no_such_figure(finished):
    record = finished.end_with(SoftPlaying())
    assert not [name for name in record.metrics if name in ("soft_esr_40", "soft_esr_60")]
    assert record.details["soft_playing"][3] == {
        "below_db": 60,
        "seconds": 0.0,
        "energy": 0.0,
        "noise": None,
        "esr": None,
    }
