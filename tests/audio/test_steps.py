"""A lost buffer is found wherever it was lost; the part beside it can be used."""

from pathlib import Path

import numpy as np
import pytest
from known_amps import RATE, distort
from material.reamp_signal import make_reamp_signal

from voxnas.audio.align import estimate_delay
from voxnas.audio.files import write_audio
from voxnas.audio.pair import load_pair
from voxnas.audio.steps import Step, find_steps
from voxnas.utils.errors import InputError


@pytest.fixture(scope="module")
def take() -> tuple[np.ndarray, np.ndarray]:
    """25 s of plucked notes, and what an amp makes of them."""
    dry = make_reamp_signal(seed=1)[20 * RATE : 45 * RATE]
    return dry, distort(dry)


def dropped(samples: np.ndarray, at: float, count: int) -> np.ndarray:
    """A buffer lost at a share of the recording (negative: played twice), at equal length."""
    k = int(at * len(samples))
    return np.concatenate((samples[:k], samples[k + count :], np.zeros(max(count, 0), np.float32)))[
        : len(samples)
    ]


@pytest.mark.parametrize(
    ("at", "count"), [(0.5, 20), (0.8, -64), (0.2, 256), (0.2, -64), (0.5, 2048), (0.8, 2048)]
)
def test_a_lost_buffer_is_found_with_time_and_size(take, at: float, count: int) -> None:
    dry, amp = take
    broken = dropped(amp, at, count)
    (step,) = find_steps(dry, broken, RATE, estimate_delay(dry, broken, RATE).samples)
    assert step.samples == pytest.approx(-count, abs=1)
    assert step.seconds == pytest.approx(25 * at, abs=1.5)


def test_two_lost_buffers_are_two_steps(take) -> None:
    dry, amp = take
    broken = dropped(dropped(amp, 0.7, 128), 0.3, 64)
    steps = find_steps(dry, broken, RATE, estimate_delay(dry, broken, RATE).samples)
    assert [step.samples for step in steps] == pytest.approx([-64, -128], abs=1)


@pytest.mark.parametrize("gain", [1, 20, 200])
def test_a_whole_take_has_no_step(take, gain: float) -> None:
    dry, _ = take
    assert find_steps(dry, distort(dry, 2000, gain), RATE, 0) == []


def test_a_step_is_refused_and_the_part_beside_it_is_proposed(take, tmp_path: Path) -> None:
    dry, amp = take
    files = [
        write_audio(tmp_path / "dry.wav", dry, RATE),
        write_audio(tmp_path / "amp.wav", dropped(amp, 0.75, 256), RATE),
    ]
    with pytest.raises(InputError, match=r'steps by -256 samples .* s: .*data.train="0\.0:') as caught:
        load_pair(*files)
    proposed = str(caught.value).split('data.test="')[1].rstrip('"').split(":")
    assert float(proposed[1]) <= 18.75
    assert load_pair(*files, used=(0, float(proposed[1]))).delay_samples == 0
    assert -262 <= load_pair(*files, used=(20, 25)).delay_samples <= -250
    with pytest.raises(InputError, match="steps by"):
        load_pair(*files, used=(12, 25))


def test_a_step_whose_place_is_vague_says_between_which_times() -> None:
    assert str(Step(44, 48, -128)) == "-128 samples between 44.0 and 48.0 s"
