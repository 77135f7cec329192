"""Loss of a network's answers to sines: what is folded back, and harmonics that are not those wanted."""

import torch
from torch import Tensor

LEAST_ALIASES, LEAST_CHANGE = 1e-10, 1e-8  # ratios; what lies below is not worth a step


def sine_loss(
    output: Tensor, answers: Tensor, harmonic: Tensor, weight: float, settled: bool = True
) -> Tensor:
    """Loss of answers to sines over a whole number of their periods.

    The aliases' share in dB, as a logarithm of amplitudes, and the harmonics' change, as a share of the
    answer's amplitude.

    Args:
        output, answers: `(sines, 1, samples)`.
        harmonic: `(sines, bins)`: which bins are multiples of each sine's, DC included.
        weight: of the harmonics' change.
        settled: whether the output begins anew with the sine. Otherwise it is windowed, so that what still
            drifts is no alias; nor is what lies beside a harmonic then.
    """
    if not settled:
        window = torch.hann_window(output.shape[-1]).to(output)
        output, answers = output * window, answers * window
        harmonic = beside(harmonic)
    heard, wanted = torch.fft.rfft(output[:, 0]), torch.fft.rfft(answers[:, 0])
    energy = heard.abs().square()
    aliases, harmonics = (energy * ~harmonic).sum(1), (energy * harmonic)[:, 1 if settled else 2 :].sum(1)
    change = ((heard - wanted).abs().square() * harmonic).sum(1) / wanted.abs().square().sum(1)
    folded = 0.5 * (aliases / (harmonics + LEAST_ALIASES) + LEAST_ALIASES).log().mean()
    return folded + weight * (change + LEAST_CHANGE).sqrt().mean()


def beside(harmonic: Tensor) -> Tensor:
    """Bins that are harmonics, or next to one."""
    wide = harmonic.clone()
    wide[:, 1:] |= harmonic[:, :-1]
    wide[:, :-1] |= harmonic[:, 1:]
    return wide
