"""Positions and names for pictures of many candidates."""

from collections.abc import Sequence


def spread(total: int, limit: int) -> list[int]:
    """At most `limit` of `total` positions, evenly spread, the first and the last among them."""
    count = min(total, limit)
    return [round(i * (total - 1) / max(count - 1, 1)) for i in range(count)]


def short_names(names: Sequence[str]) -> list[str]:
    """Names without the parts that all of them share: `net-l5-c16-k3` becomes `l5-c16` among its like."""
    parts = [name.split("-") for name in names]
    shared = set.intersection(*map(set, parts)) if len(set(names)) > 1 else set()
    return [
        "-".join(p for p in split if p not in shared) or name
        for split, name in zip(parts, names, strict=True)
    ]
