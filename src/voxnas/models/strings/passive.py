"""Cells that cannot gain energy, whatever their weights are.

Why. A string is delay lines and a few states z; in every sample it takes the samples x that arrive at the
lines' ends, and writes what goes in at their beginnings:

    (x_in, z') = C(x_out, z)          with |C(u)| <= rho |u| for every u.

Its energy is E = |lines|² + |z|², summed over all that is stored. In a sample the x_out leave the lines, and
the x_in come in, while z becomes z':

    E' - E = |x_in|² + |z'|² - |x_out|² - |z|² = |C(u)|² - |u|² <= -(1 - rho²) |u|² <= 0.

So E never rises, for any signal, level and pitch. All that is stored in a line passes C once in N samples,
and z in every sample; so E falls to rho² E at least within a period, and 60 dB in `max_t60` seconds at the
latest if rho is 10^(-3 N / (rate max_t60)). No constant value can stay, either. The all-pass that tunes a
line adds a rotation of its input and its own stored value (a normalised ladder), and a rotation keeps the
energy.

What it costs. For a linear C nothing is lost: by the bounded-real lemma every filter of so many states whose
response is nowhere above rho has such a form (Anderson and Vongpanitlerd, Network Analysis and Synthesis,
1973). Here it is C = rho Q diag(s) P with Q and P rotations and s below 1. With an MLP beside it C u + MLP(u)
is drawn back onto the ball of radius rho |u|, so that the same holds for any MLP.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus


class Contraction(nn.Module):
    """Square matrix whose largest singular value is below 1, by rotation, losses, rotation.

    Args:
        size: of the matrix.
        loss: of a passage, in nepers, to begin with.
    """

    def __init__(self, size: int, loss: float = 0.01) -> None:
        super().__init__()
        angles = size * (size - 1) // 2
        self.before, self.after = (
            nn.Parameter(0.3 * torch.randn(angles)),
            nn.Parameter(0.3 * torch.randn(angles)),
        )
        self.losses = nn.Parameter(torch.full((size,), loss).expm1().log())  # softplus of it is `loss`
        self.register_buffer("places", torch.triu_indices(size, size, 1), persistent=False)
        self.places: Tensor

    def forward(self) -> Tensor:
        gains = (-softplus(self.losses)).exp()
        return self._rotation(self.after) @ (gains.unsqueeze(1) * self._rotation(self.before))

    def _rotation(self, angles: Tensor) -> Tensor:
        """Cayley's map of a skew matrix."""
        size = self.losses.shape[0]
        skew = angles.new_zeros(size, size).index_put((self.places[0], self.places[1]), angles)
        skew, one = skew - skew.T, torch.eye(size, dtype=angles.dtype, device=angles.device)
        return torch.linalg.solve(one + skew, one - skew)


class PassiveCell(nn.Module):
    """Contraction of the ends of one or two lines, each with its own states, joined by a rotation.

    Args:
        lines: polarisations.
        states: of the loop filter of each.
    """

    def __init__(self, lines: int, states: int) -> None:
        super().__init__()
        self.lines, self.states = lines, states
        self.filters = nn.ModuleList(Contraction(1 + states) for _ in range(lines))
        self.coupling = nn.Parameter(torch.zeros(1)) if lines > 1 else None

    def forward(self) -> Tensor:
        """`(lines + states, lines + states)`: all lines before all states."""
        blocks = torch.block_diag(*(own() for own in self.filters))
        if self.coupling is not None:
            blocks = blocks @ self._rotation(self.coupling)
        order = self._order()
        return blocks[order][:, order]

    def _rotation(self, angle: Tensor) -> Tensor:
        """Of the ends of two lines into each other: a bridge, which turns the plane of the swing."""
        size, other = self.lines * (1 + self.states), 1 + self.states
        one = torch.eye(size, dtype=angle.dtype, device=angle.device)
        plane, turn = torch.zeros_like(one), torch.zeros_like(one)
        plane[0, 0] = plane[other, other] = 1.0
        turn[0, other], turn[other, 0] = -1.0, 1.0
        return one + (angle.cos() - 1) * plane + angle.sin() * turn

    def _order(self) -> list[int]:
        each = 1 + self.states
        ends = [line * each for line in range(self.lines)]
        return ends + [k for k in range(self.lines * each) if k not in ends]

    def response(self, line: int, z: Tensor, rho: float = 1.0) -> Tensor:
        """The loop filter of a line alone at complex points z, with all passages scaled by rho."""
        own = rho * self.filters[line]().to(z.dtype)
        if not self.states:
            return own[0, 0].expand_as(z)
        one = torch.eye(self.states, dtype=z.dtype, device=z.device)
        inner = torch.linalg.solve(z.view(-1, 1, 1) * one - own[1:, 1:], own[1:, :1].expand(len(z), -1, -1))
        passed: Tensor = own[0, 0] + (own[0, 1:] * inner.squeeze(-1)).sum(-1)
        return passed
