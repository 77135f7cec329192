"""Channels of pictures, each on a signal whose answer is known."""

import math
import sys

import numpy as np
import pytest
import torch

from voxnas.problems.spectral.pictures.channels import (
    GroupDelay,
    InstantaneousFrequency,
    Level,
    Modulation,
    mel_filters,
)
from voxnas.problems.spectral.pictures.picture import Picture, picture_of
from voxnas.utils.errors import InputError

RATE, SIZE, HOP = 8000, 256, 64
HOW = {"n_fft": SIZE, "n_window": SIZE, "hop": HOP}
HEIGHT, WIDTH = 100, 40
TIME = torch.arange(RATE) / RATE
BIN = RATE / SIZE


def seen(channel, sound) -> torch.Tensor:
    return channel.view(sound[None].float(), HEIGHT, WIDTH, RATE)[0]


@pytest.mark.parametrize("hz", [500.0, 1000.0, 1015.0])
def test_a_sine_s_level_is_in_its_bin_and_its_frequency_between_bins_is_told(hz):
    sine = 0.5 * torch.sin(2 * math.pi * hz * TIME)
    row = round(hz / BIN) - 1  # row 0 is bin 1
    level = seen(Level(**HOW), sine)
    assert (level.argmax(dim=0) == row).all()
    window = torch.hann_window(SIZE, periodic=False).sum() / math.sqrt(SIZE)
    assert level[row].max() == pytest.approx(20 * math.log10(0.25 * float(window)), abs=1.5)
    off = seen(InstantaneousFrequency(**HOW), sine)[row]
    assert off.numpy() == pytest.approx(hz / BIN - round(hz / BIN), abs=0.01)


def test_twice_the_sound_is_6_db_more():
    sine = torch.sin(2 * math.pi * 700 * TIME)
    difference = seen(Level(**HOW), sine) - seen(Level(**HOW), sine / 2)
    loud = seen(Level(**HOW), sine) > -60
    assert difference[loud].numpy() == pytest.approx(20 * math.log10(2), abs=0.01)


def test_a_chirp_s_frequency_is_followed():
    low, slope = 500.0, 2000.0
    chirp = torch.sin(2 * math.pi * (low * TIME + slope / 2 * TIME**2))
    level, off = seen(Level(**HOW), chirp), seen(InstantaneousFrequency(**HOW), chirp)
    rows = level.argmax(dim=0)
    found = (rows + 1 + off[rows, torch.arange(WIDTH)]) * BIN
    middle = (torch.arange(WIDTH) * HOP + (SIZE - 1) / 2) / RATE
    assert found.numpy() == pytest.approx((low + slope * middle).numpy(), abs=5.0)


@pytest.mark.parametrize("at", [300, 320, 401])
def test_an_impulse_s_place_in_its_frame_is_its_group_delay(at):
    impulse = torch.zeros(RATE)
    impulse[at] = 1.0
    delays = seen(GroupDelay(**HOW), impulse)
    for frame in range(WIDTH):
        late = (at - frame * HOP - (SIZE - 1) / 2) / SIZE
        if abs(late) < 0.4:
            assert delays[:, frame].numpy() == pytest.approx(late, abs=1e-3)
        elif abs(late) > 0.51:
            assert not delays[:, frame].any()


@pytest.mark.parametrize("depth", [0.3, 0.8])
def test_a_tone_s_modulation_is_at_its_rate_with_its_depth(depth):
    column = 10
    rate_hz = column * (RATE / HOP) / (2 * (WIDTH - 1))
    tone = (1 + depth * torch.cos(2 * math.pi * rate_hz * TIME)) * torch.sin(2 * math.pi * 1000 * TIME)
    found = seen(Modulation(**HOW), tone)[round(1000 / BIN) - 1]
    window = torch.hann_window(SIZE, periodic=False)  # averages over a frame
    phase = 2 * math.pi * rate_hz / RATE * torch.arange(SIZE)
    kept = float((window * torch.exp(1j * phase)).sum().abs() / window.sum())
    assert int(found.argmax()) == column
    assert float(found.max()) == pytest.approx(depth * kept, abs=0.03)


def test_a_steady_tone_has_no_modulation():
    tone = torch.sin(2 * math.pi * 1000 * TIME)
    assert float(seen(Modulation(**HOW), tone)[round(1000 / BIN) - 1].max()) < 0.01


def test_mel_filters_are_means_and_a_sine_is_in_its_band():
    filters = mel_filters(1024, 32, 16000, 40.0, None)
    assert filters.sum(dim=0).numpy() == pytest.approx(1.0, abs=1e-5)
    channel = Level(n_fft=1024, n_window=1024, hop=256, scale="mel")
    sine = torch.sin(2 * math.pi * 440 * torch.arange(16000) / 16000)
    row = int(channel.view(sine[None], 32, 20, 16000)[0].mean(dim=1).argmax())
    mel = lambda hz: 2595 * math.log10(1 + hz / 700)  # noqa: E731
    place = (mel(440) - mel(40)) / (mel(8000) - mel(40)) * 33 - 1
    assert abs(row - place) < 1


def make(**more) -> Picture:
    return picture_of(
        {"height": 32, "width": 20, "sample_rate": RATE, "channels": [{"type": "level", **HOW}], **more}
    )


def test_a_picture_s_bytes_and_scale_give_the_levels_back():
    sounds = np.random.default_rng(0).normal(size=(3, make().samples))
    low, high, image = make().of(sounds)
    levels = Level(**HOW).view(torch.from_numpy(sounds).float(), 32, 20, RATE).numpy()
    back = low[:, None, None] + image[:, 0] / 255 * (high - low)[:, None, None]
    assert np.abs(back - levels).max() <= (high - low).max() / 255 / 2 + 1e-4


def test_loudness_is_in_the_scale_and_not_in_the_image():
    sounds = np.random.default_rng(0).normal(size=(1, make().samples))
    (low, _, image), (quiet, _, same) = make().of(sounds), make().of(sounds / 4)
    assert np.abs(image.astype(int) - same).max() <= 1
    assert low - quiet == pytest.approx(20 * math.log10(4), abs=1e-3)


def test_silence_is_a_black_image():
    low, high, image = make().of(np.zeros((1, make().samples)))
    assert (low, high) == (-200, -200)
    assert not image.any()


def test_every_kind_of_channel_has_its_plane_and_comes_back_from_plain_values():
    kinds = ("level", "instantaneous_frequency", "group_delay", "modulation")
    picture = make(
        channels=[{"type": kind, **HOW} for kind in kinds] + [{"type": "level", **HOW, "n_window": 64}]
    )
    assert picture.of(np.random.default_rng(0).normal(size=(2, picture.samples)))[2].shape == (2, 5, 32, 20)
    assert picture_of(picture.as_values()) == picture


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"channels": [{"type": "modulation", **HOW}]}, "the first channel has to be a level"),
        ({"channels": [{"type": "colour", **HOW}]}, "type 'colour' is none of"),
        ({"layout": "sideways"}, "one of channels, copies, envelopes"),
        ({"channels": [{"type": "level", **HOW, "scale": "bark"}]}, "one of linear, mel, constant_q"),
        ({"channels": [{"type": "level", **HOW, "n_window": 999}]}, "give 1 to n_fft"),
    ],
)
def test_a_picture_that_cannot_be_is_refused_in_a_line(values, words):
    with pytest.raises(InputError, match=words):
        make(**values)


def test_an_image_larger_than_its_spectrum_is_refused():
    with pytest.raises(InputError, match="has 128 bins above 0 Hz"):
        make(height=200).check(RATE)
    with pytest.raises(InputError, match="the sounds have"):
        make(width=400).check(RATE)


def test_without_nnaudio_a_constant_q_scale_is_refused_in_a_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "nnAudio", None)
    with pytest.raises(InputError, match="python -m voxnas setup cqt"):
        seen(Level(n_fft=1024, n_window=1024, hop=HOP, scale="constant_q", low_hz=1234.5), torch.zeros(RATE))
