"""How a target lies in time against its input: delay, clock and lost buffers, with a finding on each."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from voxnas.audio.align import Delay, estimate_delay
from voxnas.audio.checks import Finding, propose_sections
from voxnas.audio.clocks import MAX_PPM, ClockError, same_clock
from voxnas.audio.steps import Step, find_steps, longest_stretch

MAX_DELAY_SECONDS = 1.0
DELAY_SLACK = 8  # samples by which a delay set by hand may differ from the measured one without a word
MIN_USED_SECONDS = 10.0  # less is not worth proposing

Stretch = tuple[float, float]  # in seconds


@dataclass(frozen=True, eq=False)
class Alignment:
    """Target on the input's clock, its delay, and what was found; `corrected`: it had a clock of its own.

    With `refuse_drift` such a clock is an error, however steady.
    """

    target: np.ndarray
    delay: Delay
    error: ClockError | None = None
    steps: list[Step] = field(default_factory=list)
    refuse_drift: bool = False

    @property
    def corrected(self) -> bool:
        return not self.steps and self.error is not None and self.error.steady and not self.error.absurd

    def offset(self, set_by_hand: int | None) -> int:
        """Samples to take off the target."""
        if set_by_hand is not None:
            return set_by_hand
        return self.delay.samples if self.delay.found and not self.delay.drifts else 0

    def findings(self, set_by_hand: int | None, sample_rate: int, total_seconds: float) -> list[Finding]:
        """Findings on lost buffers, or else on the clocks, the delay and the polarity."""
        if self.steps:
            return [check_steps(self.steps, total_seconds)]
        if self.error is not None and not self.corrected:
            return [_refuse_clock(self.error)]
        if self.error is not None and self.refuse_drift:
            return [_refuse_steady(self.error)]
        if not self.delay.found:
            return [_unknown_delay(set_by_hand)]
        text = "target is inverted against input" if self.delay.inverted else "target and input have the same"
        polarity = Finding("polarity", "notice", text, -1.0)
        if not self.delay.inverted:
            polarity = Finding("polarity", "ok", f"{text} polarity", 1.0)
        return [self._clock(), _describe_delay(self.delay, set_by_hand, sample_rate), polarity]

    def _clock(self) -> Finding:
        if self.error is None:
            count = len(self.delay.per_window)
            return Finding("drift", "ok", f"delay steady over {count} windows", self.delay.drift_ppm)
        message = (
            f"the delay drifts by {self.error.samples:+.1f} samples over the recording "
            f"({self.error.ppm:+.2f} ppm): two clocks; target resampled onto the input's"
        )
        return Finding("drift", "notice", message, self.error.ppm)


def align(dry: np.ndarray, amped: np.ndarray, sample_rate: int, used: Stretch | None = None) -> Alignment:
    """Bring the target onto the input's clock and measure its delay; of what is `used` alone, where only
    the rest has lost buffers. A clock that cannot be corrected, and steps, are told."""
    found = estimate_delay(dry, amped, sample_rate, MAX_DELAY_SECONDS)
    steps = [] if found.drifts else find_steps(dry, amped, sample_rate, found.samples)
    if not steps:
        clock = same_clock(dry, amped, sample_rate, found)
        result = Alignment(clock.target, clock.delay, clock.error)
        if clock.error is None:
            return result
        again = clock.target if result.corrected else amped  # a step bends the line, or was taken for drift
        steps = find_steps(dry, again, sample_rate, clock.delay.samples)
        if not steps:
            return result
        amped, found = again, clock.delay
    if used is None:
        return Alignment(amped, found, steps=steps)
    within = [step for step in steps if step.first < used[1] and step.last > used[0]]
    if within:
        return Alignment(amped, found, steps=within)
    start, stop = (int(min(second, 1e6) * sample_rate) for second in used)
    return Alignment(
        amped, estimate_delay(dry[start:stop], amped[start:stop], sample_rate, MAX_DELAY_SECONDS)
    )


def check_steps(steps: Sequence[Step], total_seconds: float) -> Finding:
    """The delay changes at once: what lies on one side of it can be used."""
    jumps = ", ".join(map(str, steps))
    start, stop = longest_stretch(list(steps), total_seconds)
    message = f"the delay steps by {jumps}: a buffer was lost or repeated; record again"
    if stop - start >= MIN_USED_SECONDS:
        message += f", or use what lies on one side: {propose_sections(start, stop)}"
    return Finding("drift", "error", message, float(steps[0].samples))


def _refuse_clock(error: ClockError) -> Finding:
    if error.absurd:
        message = (
            f"the delay drifts by {error.samples:+.0f} samples over the recording ({error.ppm:+.0f} ppm): no "
            f"two clocks differ by more than {MAX_PPM:.0f}; one file plays at a wrong speed, record again"
        )
    else:
        message = (
            f"the delay drifts by {error.samples:+.1f} samples, and unevenly (up to {error.wander:.1f} off a "
            "steady drift): a tape, a chorus, or buffers lost; record both on one interface, without"
        )
    return Finding("drift", "error", message, error.ppm)


def _refuse_steady(error: ClockError) -> Finding:
    message = (
        f"the delay drifts by {error.samples:+.1f} samples over the recording ({error.ppm:+.2f} ppm): two "
        "clocks; record both on one interface, or have it resampled with drift=auto"
    )
    return Finding("drift", "error", message, error.ppm)


def _unknown_delay(set_by_hand: int | None) -> Finding:
    message = "no clear delay between input and target; taken as aligned, set delay to correct it by hand"
    if set_by_hand is not None:
        message = f"delay of {set_by_hand} samples cannot be verified"
    return Finding("delay", "warning", message)


def _describe_delay(found: Delay, set_by_hand: int | None, sample_rate: int) -> Finding:
    measured = f"{found.samples} samples ({1000 * found.samples / sample_rate:.2f} ms)"
    if set_by_hand is not None:
        if found.samples < set_by_hand - DELAY_SLACK:
            message = (
                f"delay is set to {set_by_hand} samples but measured as {measured}: target would precede "
                'input; set delay="auto"'
            )
            return Finding("delay", "warning", message, found.samples)
        message = f"target is late by {measured}; delay is set to {set_by_hand}"
        return Finding("delay", "ok", message, found.samples)
    if found.samples == 0:
        return Finding("delay", "ok", "target and input are aligned", 0)
    who = f"late by {measured}"
    if found.samples < 0:
        who = f"early by {measured[1:].replace('(-', '(')}"
    return Finding("delay", "notice", f"target is {who}: corrected", found.samples)
