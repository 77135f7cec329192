"""The gradient of the choices, as if the weights were those that one step of training makes of them.

H. Liu, K. Simonyan, Y. Yang (2019), "DARTS: Differentiable Architecture Search", equations 7 and 8.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Loss = Callable[[], Tensor]


def unrolled_gradient(
    training_loss: Loss,
    choice_loss: Loss,
    weights: Sequence[Tensor],
    alphas: Sequence[Tensor],
    step: float,
    perturbation: float = 0.01,
) -> list[Tensor]:
    """∇α C(w', α) - step · ∇²αw T(w, α) · ∇w' C(w', α) with w' = w - step · ∇w T(w, α).

    The product with the second derivative is a central difference in w, `perturbation` long. The weights are
    as before when it returns.

    Args:
        training_loss, choice_loss: T and C, of the parameters as they are when called.
        weights, alphas: w and α; leaves.
        step: the learning rate of the step that is looked ahead.
    """
    before = [weight.detach().clone() for weight in weights]
    try:
        _move(weights, before, gradients(training_loss(), weights), -step)
        both = gradients(choice_loss(), [*alphas, *weights])
        direct, direction = both[: len(alphas)], both[len(alphas) :]
        norm = torch.sqrt(sum((part.square().sum() for part in direction), torch.zeros(()))).item()
        if norm == 0:
            return direct
        epsilon = perturbation / norm
        _move(weights, before, direction, epsilon)
        above = gradients(training_loss(), alphas)
        _move(weights, before, direction, -epsilon)
        below = gradients(training_loss(), alphas)
    finally:
        _move(weights, before, before, 0.0)
    return [d - step * (a - b) / (2 * epsilon) for d, a, b in zip(direct, above, below, strict=True)]


def gradients(loss: Tensor, parameters: Sequence[Tensor]) -> list[Tensor]:
    """Gradients of the loss by each parameter; zeros where it does not depend on one."""
    return list(torch.autograd.grad(loss, list(parameters), allow_unused=True, materialize_grads=True))


def _move(weights: Sequence[Tensor], start: Sequence[Tensor], direction: Sequence[Tensor], by: float) -> None:
    with torch.no_grad():
        for weight, origin, along in zip(weights, start, direction, strict=True):
            weight.copy_(origin + by * along if by else origin)
