"""The constant-Q scale of pictures, on signals whose answer is known."""

import math

import pytest
import torch

from voxnas.problems.spectral.pictures.channels import GroupDelay, Level, Modulation
from voxnas.problems.spectral.pictures.picture import picture_of
from voxnas.utils.errors import InputError

pytest.importorskip("nnAudio", reason="needs the extra cqt")

RATE, HOP, SIZE = 8000, 64, 2048
ROWS, LOW_HZ, HIGH_HZ = 48, 125.0, 2000.0  # twelve rows an octave
HOW = {
    "n_fft": SIZE,
    "n_window": SIZE,
    "hop": HOP,
    "scale": "constant_q",
    "low_hz": LOW_HZ,
    "high_hz": HIGH_HZ,
}
Q = 1 / (2 ** (1 / 12) - 1)
WIDTH = 60
TIME = torch.arange(RATE) / RATE


def seen(channel, sound: torch.Tensor) -> torch.Tensor:
    return channel.view(sound[None].float(), ROWS, WIDTH, RATE)[0]


@pytest.mark.parametrize("row", [0, 5, 12, 24, 40])
def test_a_sine_is_in_the_row_of_its_pitch_with_half_its_amplitude(row):
    sine = 0.5 * torch.sin(2 * math.pi * LOW_HZ * 2 ** (row / 12) * TIME)
    level = seen(Level(**HOW), sine)
    assert (level.argmax(dim=0) == row).all()
    assert level[row].numpy() == pytest.approx(20 * math.log10(0.25), abs=0.1)


def test_an_octave_looks_the_same_anywhere():
    low, high = (seen(Level(**HOW), torch.sin(2 * math.pi * hz * TIME)).mean(dim=1) for hz in (250.0, 500.0))
    near = slice(12 - 3, 12 + 4)
    assert low[near].numpy() == pytest.approx(high[12:][near].numpy(), abs=0.5)


def test_a_chirp_of_equal_intervals_is_a_straight_line():
    octaves_per_s = 2.0
    hz = LOW_HZ * 2 ** (octaves_per_s * TIME)
    rows = seen(Level(**HOW), torch.sin(2 * math.pi * torch.cumsum(hz, 0) / RATE)).argmax(dim=0)
    middle = (torch.arange(WIDTH) * HOP + SIZE / 2) / RATE
    assert rows.numpy() == pytest.approx((12 * octaves_per_s * middle).numpy(), abs=1.0)


def test_an_impulse_lasts_as_long_as_each_row_s_filter_and_is_in_its_middle():
    at = 20 * HOP + SIZE // 2
    impulse = torch.zeros(RATE)
    impulse[at] = 1.0
    level = seen(Level(**HOW), impulse)
    for row in (12, 24, 36):
        length = Q * RATE / (LOW_HZ * 2 ** (row / 12))
        assert int(level[row].argmax()) == 20
        assert level[row].max() == pytest.approx(20 * math.log10(2 / length), abs=0.2)  # a Hann window's peak
        assert int((level[row] > -190).sum()) == pytest.approx(length / HOP, abs=1.5)


def test_a_tone_s_modulation_is_seen_at_its_rate():
    column, depth = 6, 0.5
    rate_hz = column * (RATE / HOP) / (2 * (WIDTH - 1))
    tone = (1 + depth * torch.cos(2 * math.pi * rate_hz * TIME)) * torch.sin(2 * math.pi * 1000 * TIME)
    found = seen(Modulation(**HOW), tone)[36]
    window = torch.hann_window(round(Q * RATE / 1000))
    phase = 2 * math.pi * rate_hz / RATE * torch.arange(len(window))
    kept = float((window * torch.exp(1j * phase)).sum().abs() / window.sum())
    assert int(found.argmax()) == column
    assert float(found.max()) == pytest.approx(depth * kept, abs=0.03)


def test_a_frame_longer_than_the_filters_holds_them_in_its_middle():
    sine = torch.sin(2 * math.pi * 500 * TIME)
    longer = Level(**{**HOW, "n_fft": 3000, "n_window": 1200})
    assert longer.view(sine[None], 24, 10, RATE)[0].mean(dim=1).argmax() == 12  # six rows an octave


def test_a_picture_of_constant_q_comes_back_from_plain_values():
    picture = picture_of(
        {"height": 48, "width": 20, "sample_rate": RATE, "channels": [{"type": "level", **HOW}]}
    )
    assert picture_of(picture.as_values()) == picture
    assert picture.of(torch.randn(2, picture.samples).numpy())[2].shape == (2, 1, 48, 20)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"n_window": 1000}, "from 125 Hz take 1077 samples"),
        ({"low_hz": 3000.0}, "low_hz < high_hz"),
        ({"high_hz": 5000.0}, "half the rate"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(how, words):
    with pytest.raises(InputError, match=words):
        seen(Level(**{**HOW, **how}), TIME)


def test_other_channels_have_no_such_rows():
    with pytest.raises(InputError, match="of group_delay one of linear, mel"):
        GroupDelay(**HOW)
