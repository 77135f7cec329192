"""The control thread: keys, meters, and when to stop."""

from collections.abc import Callable
from contextlib import nullcontext

from rich.console import Console
from rich.live import Live

from voxnas.engine.live.keys import keyboard
from voxnas.engine.live.rack import Rack
from voxnas.engine.live.screen import screen
from voxnas.engine.live.session import Drive, brisk_interpreter

REFRESH_SECONDS = 0.1
GAIN_STEP_DB = 1.0


def run(
    drive: Drive,
    rack: Rack,
    console: Console | None = None,
    *,
    seconds: float | None = None,
    switch_every: float | None = None,
) -> None:
    """Play until the drive ends, `q` or Ctrl-C; show meters on a terminal, elsewhere only what is switched.

    Args:
        drive: plays `rack.player` while its `with` block lasts.
        seconds: of sound after which to stop; None for no limit.
        switch_every: seconds of sound after which the next model takes over; None for keys only.

    Raises:
        Exception: what went wrong in the thread that plays.
    """
    console = console or Console(highlight=False)
    live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
    load, next_switch, playing = rack.player.load, switch_every or 0.0, ""
    try:
        with brisk_interpreter(), keyboard() as key, live or nullcontext(), drive:
            while drive.active and (seconds is None or load.seconds < seconds):
                if rack.playing != playing and live is None:
                    console.print(f"{load.seconds:.1f} s: {rack.playing}", soft_wrap=True)
                playing = rack.playing
                if live is not None:
                    live.update(screen(rack), refresh=True)
                if (pressed := key(REFRESH_SECONDS)) == "q":
                    break
                press(rack, pressed)
                if switch_every and load.seconds >= next_switch:
                    rack.step(1)
                    next_switch += switch_every
    except KeyboardInterrupt:
        pass  # the way to end a session as good as any
    drive.check()


def press(rack: Rack, key: str) -> None:
    """Do what a key stands for; others do nothing."""
    if key.isdecimal():
        rack.choose(int(key) - 1)
    elif action := _actions(rack).get(key):
        action()


def _actions(rack: Rack) -> dict[str, Callable[[], None]]:
    def input_gain(step: float) -> None:
        rack.player.input_gain_db += step

    def output_gain(step: float) -> None:
        rack.player.output_gain_db += step

    return {
        "n": lambda: rack.step(1),
        "p": lambda: rack.step(-1),
        "b": rack.bypass,
        "[": lambda: input_gain(-GAIN_STEP_DB),
        "]": lambda: input_gain(GAIN_STEP_DB),
        "-": lambda: output_gain(-GAIN_STEP_DB),
        "+": lambda: output_gain(GAIN_STEP_DB),
        "=": lambda: output_gain(GAIN_STEP_DB),  # + without Shift
    }
