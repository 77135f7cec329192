"""A model in a host of another rate: as loud, as high and as long, and one for one."""

import numpy as np
import pytest
import torch

from voxnas.audio.resample import resample
from voxnas.engine.at_host_rate import AtHostRate
from voxnas.engine.for_host import engine_for
from voxnas.engine.live.player import Bypass
from voxnas.engine.make import make_engine
from voxnas.models.recurrent import GRU
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError


def network() -> WaveNet:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = stack(4, 5)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter *= 2
        return net


def pluck(rate: int, seconds: float = 0.5) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return sum(
        (0.2 * np.exp(-5 * time * k) * np.sin(2 * np.pi * 110 * k * time) for k in range(1, 9)),
        np.zeros_like(time),
    ).astype(np.float32)


@pytest.mark.parametrize("host_rate", [44100, 88200, 96000])
def test_a_model_sounds_at_any_rate_as_at_its_own(host_rate):
    own = make_engine(network()).process(pluck(48000))
    engine = engine_for(network(), "auto", 48000, host_rate, "around")
    played = engine.process(pluck(host_rate))
    assert len(played) == len(pluck(host_rate))
    assert isinstance(engine, AtHostRate)
    late = engine.delay_ms * host_rate / 1000
    spectrum = np.fft.rfft(played) * np.exp(2j * np.pi * np.fft.rfftfreq(len(played)) * late)
    early = np.fft.irfft(spectrum, len(played))
    expected = resample(own, 48000, host_rate)
    inner = slice(200, -200)
    error = np.square(early[inner] - expected[inner]).sum() / np.square(expected[inner]).sum()
    assert error < 1e-4


@pytest.mark.parametrize("rates", [(48000, 44100), (44100, 48000), (48000, 192000), (96000, 44100)])
def test_blocks_join_without_a_seam_and_none_waits_for_another(rates):
    signal = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    whole, pieces = (AtHostRate(make_engine(network()), *rates) for _ in range(2))
    parts = np.split(signal, [1, 2, 66, 67, 1000, 1000, 1640])
    played = [pieces.process(part) for part in parts]
    assert [len(p) for p in played] == [len(p) for p in parts]
    np.testing.assert_allclose(np.concatenate(played), whole.process(signal), atol=2e-6)
    pieces.reset()
    np.testing.assert_allclose(pieces.process(signal), np.concatenate(played), atol=2e-6)


def test_silence_stays_what_the_model_makes_of_it():
    quiet = make_engine(network()).process(np.zeros(100, np.float32))
    played = AtHostRate(make_engine(network()), 48000, 44100).process(np.zeros(2000, np.float32))
    np.testing.assert_allclose(played, quiet[-1], atol=1e-6)


def test_the_rate_changes_while_playing_without_a_click_or_a_wrong_pitch():
    engine = AtHostRate(Bypass(), 48000, 44100)
    tone = {r: np.sin(2 * np.pi * 441 * np.arange(r // 5) / r).astype(np.float32) for r in (44100, 96000)}
    before = engine.process(tone[44100])
    engine.set_host_rate(96000)
    after = engine.process(tone[96000])
    joined = np.concatenate([before[-500:], after])
    assert np.abs(np.diff(joined)).max() < 0.07  # what the tone itself does is .063
    settled = after[5000:]
    peak = np.argmax(np.abs(np.fft.rfft(settled * np.hanning(len(settled)), 1 << 20)))
    assert peak * 96000 / (1 << 20) == pytest.approx(441, abs=0.2)


def test_methods_are_the_ones_that_are_told():
    assert engine_for(network(), "auto", 48000, 48000).name == make_engine(network()).name
    assert not isinstance(engine_for(network(), "auto", 48000, 44100, "as_is"), AtHostRate)
    assert not isinstance(engine_for(network(), "auto", None, 44100), AtHostRate)
    assert not isinstance(engine_for(GRU(4), "auto", 48000, 44100, "inside"), AtHostRate)
    assert isinstance(engine_for(network(), "auto", 48000, 44100), AtHostRate)
    assert not isinstance(engine_for(network(), "auto", 48000, 96000), AtHostRate)
    with pytest.raises(InputError, match=r"whole multiples of its rate, not at 0\.9187 times"):
        engine_for(network(), "auto", 48000, 44100, "inside")
    with pytest.raises(InputError, match="unknown rate_method 'round'"):
        engine_for(network(), "auto", 48000, 44100, "round")


def test_without_compiled_code_a_recurrent_network_is_played_around_and_a_wavenet_inside():
    gru = GRU(hidden_size=3)
    assert isinstance(engine_for(gru, "torch", 48000, 44100), AtHostRate)
    assert not isinstance(engine_for(gru, "torch", 48000, 44100, "inside"), AtHostRate)
    assert not isinstance(engine_for(network(), "torch", 48000, 96000), AtHostRate)
