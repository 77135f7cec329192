"""The sound card's callback, with PortAudio's side played by the test."""

import sys
import threading
import types

import numpy as np
import pytest

from voxnas.engine.live.player import Bypass, Player
from voxnas.engine.live.sound_card import SoundCard, list_devices
from voxnas.utils.errors import InputError

RATE = 48000
RATES: tuple[int, ...] = (RATE,)  # that the device has


class PortAudioError(Exception):
    pass


class CallbackAbort(Exception):
    pass


def check_rate(rate: int) -> None:
    if rate not in RATES:
        raise PortAudioError("Invalid sample rate [PaErrorCode -9997]")


class Status:
    """Flags of one callback."""

    def __init__(self, **flags: bool) -> None:
        self.flags = flags

    def __bool__(self) -> bool:
        return any(self.flags.values())

    def __getattr__(self, name: str) -> bool:
        return self.flags.get(name, False)


class Stream:
    """Keeps what it was made with; the test calls the callback."""

    latency = (0.004, 0.006)

    def __init__(self, **arguments) -> None:
        check_rate(arguments["samplerate"])
        self.arguments, self.log = arguments, []

    def start(self) -> None:
        self.log.append("start")

    def stop(self) -> None:
        self.log.append("stop")

    def close(self) -> None:
        self.log.append("close")

    def call(self, indata: np.ndarray, status: Status) -> np.ndarray:
        outdata = np.full((len(indata), self.arguments["channels"][1]), 9, np.float32)
        self.arguments["callback"](indata, outdata, len(indata), None, status)
        return outdata


@pytest.fixture
def sounddevice(monkeypatch):
    """The package as far as it is used, with one device of two inputs and four outputs."""
    module = types.ModuleType("sounddevice")
    module.PortAudioError, module.CallbackAbort = PortAudioError, CallbackAbort
    module.streams = []

    def stream(**arguments):
        module.streams.append(Stream(**arguments))
        return module.streams[-1]

    def query_devices(device=None, kind=None):
        if device == "none":
            raise ValueError("No output device matching 'none'")
        return {"max_output_channels": 4} if kind else "> 0 Card, ALSA (2 in, 4 out)"

    def check_settings(device, channels, dtype, samplerate):
        check_rate(samplerate)

    module.check_input_settings = module.check_output_settings = check_settings
    module.Stream, module.query_devices = stream, query_devices
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


def test_the_callback_plays_the_chosen_channel_to_both_outputs_and_counts(sounddevice):
    player = Player(Bypass(), RATE, output_gain_db=20)
    card = SoundCard(player, 64, input_device="Card", output_device=0, channel=1)
    (stream,) = sounddevice.streams
    assert {
        key: stream.arguments[key] for key in ("samplerate", "blocksize", "device", "channels", "dtype")
    } == {
        "samplerate": RATE,
        "blocksize": 64,
        "device": ("Card", 0),
        "channels": (2, 2),
        "dtype": "float32",
    }
    assert card.delay_ms == pytest.approx(10)
    indata = np.random.default_rng(0).uniform(-0.05, 0.05, (64, 2)).astype(np.float32)
    flags = [{}, {"input_overflow": True}, {"priming_output": True}, {"output_underflow": True}]
    with card:
        for flag in flags:
            np.testing.assert_allclose(stream.call(indata, Status(**flag)), 10 * indata[:, [1, 1]], rtol=1e-6)
        assert card.active
        stream.arguments["finished_callback"]()
        assert not card.active
    card.check()
    assert stream.log == ["start", "stop", "close"]
    assert (player.load.blocks, player.load.xruns) == (4, 2)


def test_a_block_that_is_no_sound_is_played_as_silence(sounddevice):
    with SoundCard(Player(Bypass(), RATE), 64):
        indata = np.ones((64, 1), np.float32)
        indata[5] = np.nan
        assert not sounddevice.streams[0].call(indata, Status()).any()


def test_what_goes_wrong_in_the_callback_ends_in_silence_and_is_raised_by_check(sounddevice):
    player = Player(Bypass(), RATE)
    player.process = None  # type: ignore[method-assign,assignment]
    card = SoundCard(player, 64)
    (stream,) = sounddevice.streams
    outdata = np.full((64, 2), 9, np.float32)
    with card, pytest.raises(CallbackAbort):
        stream.arguments["callback"](np.zeros((64, 1), np.float32), outdata, 64, None, Status())
    assert not outdata.any()
    with pytest.raises(TypeError):
        card.check()


@pytest.mark.parametrize(
    ("rate", "options", "reason"),
    [
        (44100, {}, "Invalid sample rate"),
        (RATE, {"output_device": "none"}, "No output device matching 'none'"),
    ],
)
def test_what_the_card_refuses_is_one_line_with_a_way_out(sounddevice, rate, options, reason):
    with pytest.raises(InputError, match=rf"the sound card refuses \({reason}.*devices=true"):
        SoundCard(Player(Bypass(), rate), 64, **options)


def test_devices_are_listed(sounddevice):
    assert "> 0 Card" in list_devices()


def test_without_the_package_or_portaudio_the_way_to_install_it_is_told(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(InputError, match=r"not installed: run python -m voxnas setup live"):
        SoundCard(Player(Bypass(), RATE), 64)
    monkeypatch.delitem(sys.modules, "sounddevice")
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InputError, match=r"PortAudio library not found.*libportaudio2"):
        list_devices()


def test_a_change_of_rate_closes_the_stream_behind_a_fade_and_opens_it_anew(sounddevice, monkeypatch):
    monkeypatch.setattr(f"{__name__}.RATES", (RATE, 44100))
    player = Player(Bypass(), RATE)
    card, loud = SoundCard(player, 64), np.ones((64, 1), np.float32)
    assert [card.takes(rate) for rate in (44100, 96000)] == [True, False]
    (first,) = sounddevice.streams
    played: list[np.ndarray] = []

    def play(stop: threading.Event) -> None:
        while not stop.wait(0.001):
            played.append(first.call(loud, Status())[:, 0])

    stop = threading.Event()
    thread = threading.Thread(target=play, args=(stop,))
    with card:
        thread.start()
        while not played:
            stop.wait(0.001)
        with card.paused():
            stop.set()
            thread.join()
            player.set_rate(44100, Bypass(), 0)
        second = sounddevice.streams[1]
        begun = np.concatenate([second.call(loud, Status())[:, 0] for _ in range(10)])
        assert card.active
    assert (first.log, second.log) == (["start", "stop", "close"],) * 2
    assert second.arguments["samplerate"] == 44100
    for fade in (np.concatenate(played), begun[::-1]):
        assert fade[0] == 1
        assert fade[-1] < 1e-4
        assert np.abs(np.diff(fade)).max() < 0.004
