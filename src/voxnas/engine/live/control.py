"""Control thread of a session: keys, meters, and the end."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext

from rich.console import Console
from rich.live import Live

from voxnas.engine.live.driver import AudioDriver, low_latency_interpreter
from voxnas.engine.live.keys import keyboard
from voxnas.engine.live.model_bank import ModelBank
from voxnas.engine.live.screen import screen

REFRESH_SECONDS = 0.1
GAIN_STEP_DB = 1.0
TURN = 0.05  # of a knob's way


def run(
    driver: AudioDriver,
    bank: ModelBank,
    console: Console | None = None,
    *,
    seconds: float | None = None,
    switch_every: float | None = None,
    rates: Sequence[int] = (),
    change_rate_every: float | None = None,
) -> None:
    """Play until the driver ends, `q` or Ctrl-C; show meters on a terminal, elsewhere only what is switched.

    Args:
        driver: plays `bank.player` while its `with` block lasts.
        seconds: of sound after which to stop; None for no limit.
        switch_every: seconds of sound after which the next model takes over; None for keys only.
        rates: in Hz, those that `r` goes through.
        change_rate_every: seconds of sound after which the next of them is taken; None for the key only.

    Raises:
        Exception: what went wrong in the thread that plays.
    """
    console = console or Console(highlight=False)
    live = Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else None
    load, next_switch, playing = bank.player.load, switch_every or 0.0, ""
    next_rate = change_rate_every or 0.0
    try:
        with low_latency_interpreter(), keyboard() as key, live or nullcontext(), driver:
            while driver.active and (seconds is None or load.seconds < seconds):
                if bank.playing != playing and live is None:
                    console.print(f"{load.seconds:.1f} s: {bank.playing}", soft_wrap=True)
                playing = bank.playing
                if live is not None:
                    live.update(screen(bank), refresh=True)
                if (pressed := key(REFRESH_SECONDS)) == "q":
                    break
                press(bank, pressed)
                if pressed == "r" or (change_rate_every and load.seconds >= next_rate):
                    change_rate(driver, bank, rates)
                    next_rate += change_rate_every or 0.0
                if switch_every and load.seconds >= next_switch:
                    bank.step(1)
                    next_switch += switch_every
    except KeyboardInterrupt:
        pass  # the way to end a session as good as any
    driver.check()


def change_rate(driver: AudioDriver, bank: ModelBank, rates: Sequence[int]) -> None:
    """Go on at the next of these rates that the driver takes, within a short silence; InputError where the
    model that plays cannot."""
    now = bank.player.sample_rate
    start = rates.index(now) + 1 if now in rates else 0
    found = next(
        (rate for rate in (*rates[start:], *rates[:start]) if rate != now and driver.takes(rate)), None
    )
    if found is not None:
        change = bank.prepare_rate(found)
        with driver.paused():
            change()


def press(bank: ModelBank, key: str) -> None:
    """Carries out a key's command; other keys do nothing."""
    if key.isdecimal():
        bank.choose(int(key) - 1)
    elif action := _actions(bank).get(key):
        action()


def _actions(bank: ModelBank) -> dict[str, Callable[[], None]]:
    def input_gain(step: float) -> None:
        bank.player.input_gain_db += step

    def output_gain(step: float) -> None:
        bank.player.output_gain_db += step

    return {
        "n": lambda: bank.step(1),
        "p": lambda: bank.step(-1),
        "b": bank.bypass,
        "k": lambda: bank.hold(1),
        ",": lambda: bank.turn(-TURN),
        ".": lambda: bank.turn(TURN),
        "[": lambda: input_gain(-GAIN_STEP_DB),
        "]": lambda: input_gain(GAIN_STEP_DB),
        "-": lambda: output_gain(-GAIN_STEP_DB),
        "+": lambda: output_gain(GAIN_STEP_DB),
        "=": lambda: output_gain(GAIN_STEP_DB),  # + without Shift
    }
