"""Adam along the directions in which the gradients of a small network's weights vary together."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from voxnas.utils.errors import InputError

State = dict[str, Any]

NORM_BETA = 0.99  # of the running mean of the gradients' norms
KNOWN_AFTER = 20  # steps, from which on that mean tells what is usual


class BlockSOAP(Optimizer):
    """Adam in the eigenbasis of the gradients' covariance, of blocks of weights that follow one another.

    As SOAP (N. Vyas et al., "SOAP: Improving and Stabilizing Shampoo using Adam", 2024, arXiv 2409.11321),
    but with the whole covariance of a block instead of a Kronecker product of two: networks that play in
    real time have so few weights that it can be afforded. Every `refresh_every` steps a power iteration
    brings the basis closer to the eigenvectors; the moments go over to the new basis with it.

    The weights of a group are one vector in the order of its tensors, cut into blocks of equal size.

    Args:
        params: tensors or groups of them, all of one type on one device.
        lr: about what a weight moves at most in a step, as of Adam.
        betas: of the running means of the gradient and of its square.
        covariance_beta: of the running mean of the covariance, per step.
        block_size: weights in a block at most; memory and time per weight grow with it.
        refresh_every: steps between two bases. The first stretch is Adam's own.
        eps: see Adam.
        outlier: times the running mean of the gradients' norms that a gradient's norm may be; a larger one is
            scaled down to it. A network of many layers comes to a cliff of its loss now and then, where a
            gradient is ten thousand times as large as others. It leads back; but the mean of squares would
            hardly let any weight move for hundreds of steps. None for no limit.

    Raises:
        InputError: sizes that are not whole numbers from 1, an outlier that is not above 1.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 0.025,
        betas: Sequence[float] = (0.9, 0.99),
        covariance_beta: float = 0.995,
        block_size: int = 256,
        refresh_every: int = 20,
        eps: float = 1e-8,
        outlier: float | None = 5.0,
    ) -> None:
        for name, value in (("block_size", block_size), ("refresh_every", refresh_every)):
            if not isinstance(value, int) or value < 1:
                raise InputError(f"training.optimizer.{name}={value}: give a whole number from 1")
        if outlier is not None and not outlier > 1:
            raise InputError(
                f"training.optimizer.outlier={outlier}: give a number above 1, or null for no limit"
            )
        defaults: dict[str, Any] = {"lr": lr, "betas": tuple(betas), "covariance_beta": covariance_beta}
        defaults |= {"block_size": block_size, "refresh_every": refresh_every, "eps": eps, "outlier": outlier}
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move every weight; the closure, if there is one, computes the gradients and tells the loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            weights = [p for p in group["params"] if p.requires_grad]
            if weights:
                self._step(weights, group)
        return loss

    def _step(self, weights: Sequence[Tensor], group: dict[str, Any]) -> None:
        state: State = self.state[weights[0]] or self._fresh(weights, group)
        recent: Tensor = state["recent"]
        gradient = recent[state["step"] % len(recent)]
        _gather(weights, gradient.view(-1))
        if group["outlier"] is not None:
            _tame(state, gradient, group["outlier"])
        state["step"] += 1
        change = _adam(state, gradient, group["betas"], group["eps"]).view(-1)
        _scatter_add(weights, change, -group["lr"])
        if state["step"] % len(recent) == 0:
            refresh(state, group["covariance_beta"])

    def _fresh(self, weights: Sequence[Tensor], group: dict[str, Any]) -> State:
        count = sum(p.numel() for p in weights)
        blocks = -(-count // group["block_size"])
        size = -(-count // blocks)
        zeros = weights[0].new_zeros
        state = self.state[weights[0]]
        state |= {"step": 0, "mean": zeros(blocks, size), "variance": zeros(blocks, size)}
        state |= {"recent": zeros(group["refresh_every"], blocks, size)}  # gradients that are not yet in it
        state |= {"covariance": zeros(blocks, size, size)}
        state |= {"basis": torch.eye(size).to(weights[0]).expand(blocks, size, size).contiguous()}
        return state


def _tame(state: State, gradient: Tensor, outlier: float) -> None:
    """Scale a gradient down whose norm is far above the usual, and remember how large they are."""
    norm = float(gradient.norm())
    usual = state.setdefault("norm", norm)
    if state["step"] >= KNOWN_AFTER and norm > outlier * usual:
        gradient.mul_(outlier * usual / norm)
        norm = outlier * usual
    state["norm"] = usual + (1 - NORM_BETA) * (norm - usual)


def _adam(state: State, gradient: Tensor, betas: tuple[float, float], eps: float) -> Tensor:
    """The step of Adam in the basis, as weights (blocks × size); gradient alike."""
    basis, step = state["basis"], state["step"]
    beta1, beta2 = betas
    rotated = turned(gradient, basis)
    mean = state["mean"].lerp_(rotated, 1 - beta1)
    variance = state["variance"].mul_(beta2).addcmul_(rotated, rotated, value=1 - beta2)
    scale = (variance / (1 - beta2**step)).sqrt_().add_(eps)
    return turned((mean / (1 - beta1**step)).div_(scale), basis.mT)


def refresh(state: State, beta: float) -> None:
    """Take the recent gradients into the covariance, and turn the basis towards its eigenvectors.

    Of what is squared along the new directions the mean follows as if it had been uncorrelated along the old
    ones. Where a gradient was not finite, or no basis was found, the old one stays; whoever looks at the loss
    will tell of gradients.
    """
    recent = state["recent"]
    ages = torch.arange(len(recent) - 1, -1, -1, device=recent.device)
    weighted = (recent * ((1 - beta) * beta**ages).sqrt().view(-1, 1, 1).to(recent)).transpose(0, 1)
    covariance = state["covariance"].mul_(beta ** len(recent)).baddbmm_(weighted.mT, weighted)
    if not covariance.isfinite().all():
        return
    first = state["step"] == len(recent)
    new = _eigenvectors(covariance) if first else torch.linalg.qr(covariance @ state["basis"])[0]
    if not new.isfinite().all():
        return
    rotation = state["basis"].mT @ new
    state["mean"] = turned(state["mean"], rotation)
    state["variance"] = turned(state["variance"], rotation.square_())
    state["basis"] = new


def _eigenvectors(covariance: Tensor) -> Tensor:
    """In double precision: of fewer gradients than weights LAPACK's single one makes NaN now and then."""
    return torch.linalg.eigh(covariance.double())[1].to(covariance)


def turned(vectors: Tensor, basis: Tensor) -> Tensor:
    """Each block's vector (blocks × size) by its coordinates along the columns of its basis."""
    return torch.bmm(vectors.unsqueeze(1), basis).squeeze(1)


def _gather(weights: Sequence[Tensor], into: Tensor) -> None:
    """The weights' gradients one after the other; zeros for those that have none."""
    parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in weights]
    count = sum(part.numel() for part in parts)
    torch.cat([part.flatten() for part in parts], out=into[:count])


def _scatter_add(weights: Sequence[Tensor], change: Tensor, factor: float) -> None:
    sizes = [p.numel() for p in weights]
    parts = change[: sum(sizes)].split(sizes)
    torch._foreach_add_(
        list(weights), [part.view_as(p) for p, part in zip(weights, parts, strict=True)], alpha=factor
    )
