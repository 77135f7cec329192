"""Look at a VIMH set before training on it: what is in it, and every contradiction."""

from voxnas.problems.spectral.vimh.dataset import VimhSet, contradictions, empty_classes, open_set
from voxnas.problems.spectral.vimh.write import copy_set
from voxnas.utils.errors import InputErrors


def inspect_vimh(folder: str, copy_to: str | None = None) -> None:
    """Check all of a set, say what is in it, and copy it where that is asked for.

    Raises InputErrors with one line for each contradiction.
    """
    opened = open_set(folder)
    if lines := contradictions(opened):
        raise InputErrors(lines)
    print("\n".join(described(opened)))
    for line in empty_classes(opened):
        print(f"note: {line}")
    if copy_to is not None:
        print(f"written: {copy_set(opened, copy_to)}")


def described(opened: VimhSet) -> list[str]:
    """Lines about a set."""
    values, (height, width, channels) = opened.metadata.values, opened.metadata.size
    labels = ", ".join(opened.metadata.channel_labels)
    lines = [
        f"{opened.folder}",
        f"  images   {len(opened.train):,d} to train, {len(opened.test):,d} to test",
        f"  size     {height} frequencies × {width} times × {channels} ({labels})",
        f"  sounds   {values['duration']:g} s at {values['sample_rate']} Hz",
    ]
    for knob in opened.knobs:
        lines.append(
            f"  {knob.name:<24} {knob.text(knob.low)} to {knob.text(knob.high)}, "
            f"{knob.classes} steps of {knob.text(knob.step)}"
        )
    for name, fixed in (values.get("fixed_parameters") or {}).items():
        lines.append(f"  {name:<24} {fixed['value']:g}, fixed")
    return lines
