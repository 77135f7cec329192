"""The places of the nodes in a cell's picture, so that its edges can be told apart."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
Link = tuple[int, int]  # from, to

HEIGHTS = np.arange(-1.5, 1.6, 0.5)
CLEARANCE = 0.32  # of a curve from nodes that it passes
SAMPLES = 16  # points of a curve
SWEEPS = 3


def columns(links: Sequence[Link], nodes: int) -> list[int]:
    """Of each node: one more than the rightmost of those that it takes from."""
    found = [0] * nodes
    for node in range(nodes):
        found[node] = max((found[source] + 1 for source, target in links if target == node), default=0)
    return found


def curve(start: Points, end: Points, samples: int = SAMPLES) -> Points:
    """`(samples, 2)` of a cubic that leaves and arrives level; for Bézier curves see `handles`."""
    t = np.linspace(0, 1, samples)[:, None]
    first, second = handles(start, end)
    return (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * first + 3 * (1 - t) * t**2 * second + t**3 * end


def handles(start: Points, end: Points) -> tuple[Points, Points]:
    """The two control points of that cubic."""
    reach = np.array([0.4 * (end[0] - start[0]), 0.0])
    return start + reach, end - reach


def place(links: Sequence[Link], nodes: int, fixed: Sequence[int] = ()) -> Points:
    """`(nodes, 2)`: columns from left to right, heights such that curves meet few others and no nodes.

    `links` go from lower to higher numbers. The same for the same links: every node in turn is put at the
    best of a few heights, until that changes nothing.
    """
    at = np.zeros((nodes, 2))
    at[:, 0] = columns(links, nodes)
    for column in set(at[:, 0]):
        members = np.flatnonzero(at[:, 0] == column)
        at[members, 1] = np.arange(len(members))[::-1] - (len(members) - 1) / 2
    for _ in range(SWEEPS):
        before = at.copy()
        for node in (n for n in range(nodes) if n not in fixed):
            options = []
            for height in HEIGHTS:
                at[node, 1] = height
                options.append((round(_clutter(at, links), 6), abs(height), height))
            at[node, 1] = min(options)[2]
        if (at == before).all():
            break
    return at


def _clutter(at: Points, links: Sequence[Link]) -> float:
    """A picture's difficulty to read: nodes on each other or under curves, crossings, long ways."""
    curves = [curve(at[source], at[target]) for source, target in links]
    total = 0.0
    for node, (x, y) in enumerate(at):
        same = np.abs(at[:, 0] - x) < 0.1
        total += 20 * float(((np.abs(at[:, 1] - y) < 0.9) & same).sum() - 1)
        for points, link in zip(curves, links, strict=True):
            if node not in link:
                nearest = float(np.hypot(points[:, 0] - x, points[:, 1] - y).min())
                total += 10 * max(0.0, 1 - nearest / (2 * CLEARANCE))
    for index, points in enumerate(curves):
        total += 0.2 * float(np.abs(np.diff(points[:, 1])).sum())
        for other in curves[:index]:
            total += _crossing(points, other)
    return total


def _crossing(a: Points, b: Points) -> float:
    """1 if one curve changes sides of the other where both are, and a share for running close to it."""
    left, right = max(a[0, 0], b[0, 0]), min(a[-1, 0], b[-1, 0])
    if right <= left:
        return 0.0
    x = np.linspace(left, right, SAMPLES)[1:-1]
    apart = np.interp(x, a[:, 0], a[:, 1]) - np.interp(x, b[:, 0], b[:, 1])
    return float((np.diff(np.sign(apart)) != 0).any()) + 0.5 * float((np.abs(apart) < 0.15).mean())
