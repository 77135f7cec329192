"""Distances of a model's output from the amp's, as ratios without unit; 0 is perfect.

All take tensors `(samples,)` or `(batch, 1, samples)` of the same shape, judge everything that is given at
once (never a mean of batches), return a tensor without dimensions and can be differentiated.
"""

from itertools import pairwise

from torch import Tensor

from voxnas.problems.amp.esr import esr, relative

PRE_EMPHASIS = 0.85


def pre_emphasised_esr(output: Tensor, target: Tensor, coefficient: float = PRE_EMPHASIS) -> Tensor:
    """ESR after y[n] - coefficient·y[n-1], which weighs the treble as the ear does.

    Source: Wright and Välimäki (2020), "Perceptual Loss Function for Neural Modelling of Audio Systems".
    """
    return esr(pre_emphasis(output, coefficient), pre_emphasis(target, coefficient))


def dc_error(output: Tensor, target: Tensor) -> Tensor:
    """Squared mean of the error over time, relative to the target's power: mean(y - ŷ)² / mean(y²).

    Source: as `pre_emphasised_esr`. A silent target is treated as in `esr`.
    """
    _check_shapes(output, target)
    return relative((target - output).mean(dim=-1).square().mean(), target)


def mrstft(output: Tensor, target: Tensor, sample_rate: int, window_s: float = 60.0) -> Tensor:
    """Multi-resolution STFT distance: spectral convergence plus log-magnitude distance, mean of three sizes.

    What is longer than `window_s` seconds is judged in windows of that length and averaged by length, so
    that memory stays bounded. Windows of 512, 1,024 and 2,048 samples, as auraloss has them.
    Source: Yamamoto et al. (2020), "Parallel WaveGAN"; Steinmetz and Reiss (2020), "auraloss".

    Raises:
        ValueError: fewer samples than half of the largest STFT window plus one.
    """
    from auraloss.freq import MultiResolutionSTFTLoss

    _check_shapes(output, target)
    samples = target.shape[-1]
    if samples < _SHORTEST:
        raise ValueError(f"mrstft needs at least {_SHORTEST} samples, got {samples}")
    distance = MultiResolutionSTFTLoss(device=target.device)
    edges = _edges(samples, max(round(window_s * sample_rate), _SHORTEST))
    total = target.new_zeros(())
    for start, stop in pairwise(edges):
        part = (signal[..., start:stop].reshape(-1, 1, stop - start) for signal in (output, target))
        total = total + (stop - start) / samples * distance(*part)
    return total


def all_metrics(output: Tensor, target: Tensor, sample_rate: int) -> dict[str, float]:
    """Every metric above, by name; `mrstft` is left out where there are too few samples for it."""
    metrics = {
        metric.__name__: float(metric(output, target)) for metric in (esr, pre_emphasised_esr, dc_error)
    }
    if target.shape[-1] >= _SHORTEST:
        metrics["mrstft"] = float(mrstft(output, target, sample_rate))
    return metrics


_SHORTEST = 1025  # the largest STFT mirrors half of its 2,048 samples at each end


def _edges(samples: int, length: int) -> list[int]:
    """Window borders; a rest that is too short for an STFT stays with the window before."""
    edges = list(range(0, samples, length))
    if len(edges) > 1 and samples - edges[-1] < _SHORTEST:
        edges.pop()
    return [*edges, samples]


def pre_emphasis(x: Tensor, coefficient: float = PRE_EMPHASIS) -> Tensor:
    """y[n] = x[n] - coefficient·x[n-1], one sample shorter: lifts the treble."""
    return x[..., 1:] - coefficient * x[..., :-1]


def _check_shapes(output: Tensor, target: Tensor) -> None:
    if output.shape != target.shape:
        raise ValueError(f"output {tuple(output.shape)} and target {tuple(target.shape)} differ in shape")
