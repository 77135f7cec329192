"""The sounds that a finished run leaves to listen to."""

import numpy as np
import pytest
import soundfile
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.nn.functional import pad

from voxnas.problems.amp.measures.preview import Preview, _loudest


def sounds(finished, seconds: float) -> dict[str, np.ndarray]:
    record = finished.end_with(Preview(seconds))
    read = {name: soundfile.read(finished.folder / file) for name, file in record.previews.items()}
    assert {rate for _, rate in read.values()} == {8000}
    return {name: samples for name, (samples, _) in read.items()}


def loudest_start(samples: np.ndarray, length: int) -> int:
    energies = [np.square(samples[i : i + length]).sum() for i in range(len(samples) - length + 1)]
    return int(np.argmax(energies))


@pytest.mark.parametrize("seconds", [0.2, 6.0])
def test_dry_target_and_model_are_the_same_stretch_at_their_own_levels(finished, recording, seconds):
    found = sounds(finished, seconds)
    start, stop = recording.sections.test
    length = min(round(8000 * seconds), stop - start)
    begin = start + loudest_start(recording.pair.target[start:stop].astype("f8"), length)
    stretch = slice(begin, begin + length)
    np.testing.assert_array_equal(found["dry"], recording.pair.input[stretch])
    np.testing.assert_array_equal(found["target"], recording.pair.target[stretch])
    source = torch.from_numpy(recording.pair.input).view(1, 1, -1)
    with torch.no_grad():
        whole = finished.module(pad(source, (finished.module.network.receptive_field - 1, 0))).flatten()
    np.testing.assert_allclose(found["model"], whole[stretch], atol=1e-6)


def test_tensorboard_has_them_at_one_step_so_that_models_sit_side_by_side(finished):
    finished.trainer.global_step = 5
    sounds(finished, 0.2)
    finished.logger.experiment.flush()
    events = EventAccumulator(finished.logger.log_dir).Reload()
    tags = events.Tags()["audio"]
    assert sorted(tags) == ["preview/dry", "preview/model", "preview/target"]
    assert {event.step for tag in tags for event in events.Audio(tag)} == {0}


def test_the_loudest_stretch_may_be_the_first_and_the_last():
    first = torch.tensor([9.0, 9, 0, 0, 1])
    assert _loudest(first, 2) == 0
    assert _loudest(first.flip(0), 2) == 3
    assert _loudest(first, 5) == _loudest(first, 9) == 0
