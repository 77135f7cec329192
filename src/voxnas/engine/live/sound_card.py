"""Audio driver of a sound card, by the package sounddevice (PortAudio), which is an extra."""

import importlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from voxnas.engine.live.player import Player
from voxnas.utils.errors import InputError

XRUN_FLAGS = ("input_underflow", "input_overflow", "output_underflow", "output_overflow")
MOST_FADE_SECONDS = 1.0  # a device that hangs is not waited for
Device = int | str | None


class SoundCard:
    """Audio driver from a sound card's input through a player to its output, within a `with` block.

    The player is called in the sound card's own thread; what the system reports of lost or missing samples is
    counted as xruns. The output is the same on the first two channels.

    Args:
        player: plays at its own rate, which the device must have.
        block_size: samples per callback; with the system's own buffers it makes the delay that is felt.
        input_device, output_device: number or part of the name, see `list_devices`; None for the system's.
        channel: of the input, from 0.

    Raises:
        InputError: sounddevice is not installed, no such device, or it cannot do that rate or channel.
    """

    def __init__(
        self,
        player: Player,
        block_size: int,
        *,
        input_device: Device = None,
        output_device: Device = None,
        channel: int = 0,
    ) -> None:
        self._player, self._channel, self._block_size = player, channel, block_size
        self._devices = input_device, output_device
        self._error: BaseException | None = None
        self._sounddevice = _sounddevice()
        self._open()

    def _open(self) -> None:
        sounddevice, self._ended = self._sounddevice, threading.Event()
        try:
            self._outputs = min(
                2, sounddevice.query_devices(self._devices[1], "output")["max_output_channels"]
            )
            self._stream = sounddevice.Stream(
                samplerate=self._player.sample_rate,
                blocksize=self._block_size,
                device=self._devices,
                channels=(self._channel + 1, self._outputs),
                dtype="float32",
                latency="low",
                callback=self._callback,
                finished_callback=self._ended.set,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise _refused(error) from error

    @property
    def delay_ms(self) -> float:
        """Delay from input to output, as the system tells it: buffers and converters."""
        return 1000 * float(sum(self._stream.latency))

    def __enter__(self) -> "SoundCard":
        try:
            self._stream.start()
        except self._sounddevice.PortAudioError as error:
            self._stream.close()
            raise _refused(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.stop()
        self._stream.close()

    @property
    def active(self) -> bool:
        """True while the device plays."""
        return not self._ended.is_set()

    def takes(self, sample_rate: int) -> bool:
        """True if the device can play at this rate, in Hz."""
        device = self._sounddevice
        try:
            device.check_input_settings(
                self._devices[0], self._channel + 1, "float32", samplerate=sample_rate
            )
            device.check_output_settings(self._devices[1], self._outputs, "float32", samplerate=sample_rate)
        except (device.PortAudioError, ValueError):
            return False
        return True

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The stream is closed within, behind a fade, and opened anew at the player's rate afterwards."""
        self._player.rest()
        end = time.monotonic() + MOST_FADE_SECONDS
        while self.active and not self._player.resting and time.monotonic() < end:
            time.sleep(0.005)
        self._stream.stop()
        self._stream.close()
        yield
        self._open()
        self.__enter__()

    def check(self) -> None:
        """Raises here what went wrong in the sound card's thread."""
        if self._error is not None:
            raise self._error

    def _callback(self, indata: np.ndarray, outdata: np.ndarray, frames: int, time: Any, status: Any) -> None:
        if status and any(getattr(status, flag) for flag in XRUN_FLAGS):
            self._player.load.xruns += 1
        block = indata[:, self._channel]
        if not np.isfinite(block).all():  # some drivers hand out rubbish; it would stay in the model for ever
            block = np.zeros(frames, np.float32)
        try:
            outdata[:] = self._player.process(block)[:, None]
        except BaseException as error:
            outdata.fill(0)
            self._error = error
            raise self._sounddevice.CallbackAbort from error


def list_devices() -> str:
    """The sound devices with their numbers, one per line; `>` and `<` mark the system's input and output."""
    devices = str(_sounddevice().query_devices())
    return devices or "no sound devices"


def _sounddevice() -> Any:
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise InputError(
            "the package sounddevice is not installed: run python -m voxnas setup live, "
            "or play a file with file=PATH"
        ) from error
    except OSError as error:  # it has found no PortAudio; only its Linux package comes without
        raise InputError(
            f"{error}: install it (Debian, Ubuntu: sudo apt-get install libportaudio2), "
            "or play a file with file=PATH"
        ) from error


def _refused(error: Exception) -> InputError:
    reason = " ".join(str(error).split())
    return InputError(
        f"the sound card refuses ({reason}); devices=true lists what there is, to choose with input_device= "
        "and output_device=, and sample_rate= may help"
    )
