"""Stretches of a recording that train, validate and test."""

from dataclasses import dataclass
from itertools import pairwise

from voxnas.audio.checks import Finding
from voxnas.utils.errors import InputError

Span = tuple[int, int]
Share = float | str | None


@dataclass(frozen=True)
class Sections:
    """Half-open stretches [start, stop) in samples; `test` is `val` where there is none of its own."""

    train: Span
    val: Span
    test: Span
    findings: tuple[Finding, ...] = ()


def split(
    total_samples: int, sample_rate: int, train: Share = 0.7, val: Share = 0.15, test: Share = 0.15
) -> Sections:
    """Cut a recording into contiguous stretches.

    Each is a share of the whole, laid out in the order train, val, test; or each is "START:STOP" in seconds,
    in any order ("60:" runs to the end). `test=None` tests on the validation stretch, with a notice.
    Raises InputError on a mixture, a stretch that is empty, outside the recording or overlaps another.
    """
    given = {
        name: part for name, part in (("train", train), ("val", val), ("test", test)) if part is not None
    }
    if "train" not in given or "val" not in given:
        raise InputError("train and val must both be given, as shares or as START:STOP in seconds")
    if all(isinstance(part, str) and ":" in part for part in given.values()):
        spans = {
            name: _from_seconds(name, str(part), total_samples, sample_rate) for name, part in given.items()
        }
    elif not any(isinstance(part, str) for part in given.values()):
        spans = _from_shares({name: float(part) for name, part in given.items()}, total_samples)
    else:
        raise InputError(
            f"sections {given} are neither all shares nor all START:STOP in seconds, such as 0:60"
        )
    _refuse_overlap(spans, sample_rate)
    if "test" in spans:
        return Sections(spans["train"], spans["val"], spans["test"])
    notice = Finding(
        "sections", "notice", "no test section: test figures are those of the validation section"
    )
    return Sections(spans["train"], spans["val"], spans["val"], (notice,))


def used_seconds(*parts: Share) -> tuple[float, float] | None:
    """The stretch from the first section's start to the last's end; None unless all are in seconds."""
    given = [part for part in parts if part is not None]
    try:
        edges = [str(part).split(":") for part in given]
        spans = [(float(first or 0), float(last or "inf")) for first, last in edges]
    except ValueError:  # shares, or what `split` refuses
        return None
    return min(start for start, _ in spans), max(stop for _, stop in spans)


def require_length(sections: Sections, samples_needed: int) -> None:
    """Raise InputError unless train, val and test each hold `samples_needed`: a segment and its context."""
    for name in ("train", "val", "test"):
        start, stop = getattr(sections, name)
        if stop - start < samples_needed:
            raise InputError(
                f"the {name} section holds {stop - start} samples but {samples_needed} are needed (one "
                "segment and the network's receptive field); record more, or enlarge the section"
            )


def _from_shares(shares: dict[str, float], total: int) -> dict[str, Span]:
    if not all(share > 0 for share in shares.values()) or sum(shares.values()) > 1 + 1e-9:
        raise InputError(f"shares {shares} must be positive and add up to 1 at most")
    spans, start, used = {}, 0, 0.0
    for name, share in shares.items():
        used += share
        stop = min(total, round(total * used))
        if stop <= start:
            raise InputError(f"a recording of {total} samples is too short for a {name} section of {share:g}")
        spans[name] = (start, stop)
        start = stop
    return spans


def _from_seconds(name: str, text: str, total: int, sample_rate: int) -> Span:
    first, _, last = text.partition(":")
    try:
        start = round(float(first or 0) * sample_rate)
        stop = round(float(last) * sample_rate) if last.strip() else total
    except (ValueError, OverflowError):
        raise InputError(f"{name} section {text!r} is not START:STOP in seconds, such as 0:60") from None
    if not 0 <= start < stop:
        raise InputError(f"{name} section {text!r} must start at 0 s or later and stop after it starts")
    if stop > total:
        raise InputError(
            f"{name} section {text!r} ends after the recording, which is {total / sample_rate:.2f} s long"
        )
    return start, stop


def _refuse_overlap(spans: dict[str, Span], sample_rate: int) -> None:
    ordered = sorted(spans.items(), key=lambda item: item[1])
    for (name, span), (following, next_span) in pairwise(ordered):
        if next_span[0] < span[1]:
            start, stop = next_span[0] / sample_rate, min(span[1], next_span[1]) / sample_rate
            raise InputError(
                f"sections {name} and {following} overlap from {start:g} to {stop:g} s; keep them apart"
            )
