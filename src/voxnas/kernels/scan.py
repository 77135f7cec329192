"""A linear recurrence of complex modes over whole signals, `h[n] = λ h[n-1] + u[n]`, and its gradients."""

import ctypes
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from voxnas.kernels.build import Unavailable, load
from voxnas.kernels.failures import check
from voxnas.kernels.graph_parts import powers_of


def diagonal_scan(u: Tensor, state: Tensor, real: Tensor, imag: Tensor) -> Tensor:
    """States `(2 modes, batch, samples)`; real parts in the first half of the rows, imaginary ones behind.

    In native code in float32 on a CPU that has a compiler, else by PyTorch.

    Args:
        u: what is added at every sample, of that shape.
        state: before the first sample, `(2 modes, batch)`.
        real, imag: of each λ, `(modes,)`, within the unit circle; float64.
    """
    h: Tensor = _Scan.apply(u, state, real, imag)
    return h


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, u: Tensor, state: Tensor, real: Tensor, imag: Tensor) -> Tensor:
        h = _run(u, state, real, imag)
        ctx.save_for_backward(h, state, real, imag)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dh: Tensor) -> tuple[Tensor, ...]:
        h, state, real, imag = ctx.saved_tensors
        # The same recurrence, from the end and with the conjugate.
        du = _run(dh.flip(-1), torch.zeros_like(state), real, -imag).flip(-1)
        before = torch.cat([state[..., None], h[..., :-1]], dim=-1)
        (p, q), (x, y) = du.flatten(1).chunk(2), before.flatten(1).chunk(2)
        dreal, dimag = ((a * x).sum(1) + sign * (b * y).sum(1) for a, b, sign in ((p, q, 1), (q, p, -1)))
        first_real, first_imag = du[..., 0].chunk(2)
        p, q = real[:, None], imag[:, None]
        dstate = torch.cat([p * first_real + q * first_imag, p * first_imag - q * first_real])
        return du, dstate.to(state), dreal.to(real), dimag.to(imag)


def _run(u: Tensor, state: Tensor, real: Tensor, imag: Tensor) -> Tensor:
    if u.dtype == torch.float32 and u.device.type == "cpu":
        try:
            return _native(u, state, real, imag)
        except Unavailable:
            pass
    return _doubling(u, state, real, imag)


def _native(u: Tensor, state: Tensor, real: Tensor, imag: Tensor) -> Tensor:
    library = load("scan_train.cpp")
    powers = torch.from_numpy(_powers(real, imag))
    u, state = u.contiguous(), state.contiguous()
    h = torch.empty_like(u)
    rows, batch, samples = u.shape
    pointers = [ctypes.c_void_p(part.data_ptr()) for part in (u, h, powers, state)]
    sizes = [ctypes.c_int64(n) for n in (batch, rows // 2, samples, torch.get_num_threads())]
    check(library, library.voxnas_scan(*pointers, *sizes))
    return h


def _powers(real: Tensor, imag: Tensor) -> NDArray[np.float32]:
    modes = real.detach().double().numpy() + 1j * imag.detach().double().numpy()
    return powers_of(modes).astype(np.float32)


def _doubling(u: Tensor, state: Tensor, real: Tensor, imag: Tensor) -> Tensor:
    """By the sums of 2, 4, 8, … samples."""
    modes = torch.complex(real, imag)[:, None].to(torch.complex(u[:0], u[:0]))
    h = torch.complex(*u.chunk(2))
    begin = torch.complex(*state.chunk(2))
    h = torch.cat([h[..., :1] + (modes * begin)[..., None], h[..., 1:]], dim=-1)
    shift, power = 1, modes[..., None]
    while shift < h.shape[-1]:
        h = torch.cat([h[..., :shift], h[..., shift:] + power * h[..., :-shift]], dim=-1)
        shift, power = 2 * shift, power * power
    return torch.cat([h.real, h.imag])
