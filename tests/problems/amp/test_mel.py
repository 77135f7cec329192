"""The mel distance against values that can be worked out by hand."""

import pytest
import torch

from voxnas.problems.amp.mel import WINDOWS, mel_distance

RATE = 48_000


def noise(samples: int = RATE, seed: int = 0) -> torch.Tensor:
    return torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def test_equal_sounds_have_none_and_silence_is_no_trouble():
    assert mel_distance(noise(), noise(), RATE).item() == 0
    assert mel_distance(torch.zeros(100), torch.zeros(100), RATE).item() == 0


def test_a_tenth_of_the_level_makes_one_per_window():
    x = noise()
    distance = mel_distance(0.1 * x, x, RATE).item()
    # a little less: some of the narrowest bands hold no frequency, and those are equal
    assert 0.9 * len(WINDOWS) < distance <= len(WINDOWS) + 1e-4


def test_it_grows_with_the_error_whatever_the_shape():
    x, error = noise(), noise(seed=1)
    distances = [mel_distance(x + share * error, x, RATE).item() for share in (0.01, 0.1, 1.0)]
    assert distances == sorted(distances)
    shaped = mel_distance((x + 0.1 * error).reshape(4, 1, -1), x.reshape(4, 1, -1), RATE).item()
    assert shaped == pytest.approx(distances[1])


def test_what_is_long_is_judged_in_parts(monkeypatch):
    x, y = noise(), noise(seed=1)
    whole = mel_distance(y, x, RATE).item()
    monkeypatch.setattr("voxnas.problems.amp.mel.PART_S", 0.25)
    assert mel_distance(y, x, RATE).item() == pytest.approx(whole, rel=0.05)


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        mel_distance(torch.zeros(10), torch.zeros(11), RATE)
