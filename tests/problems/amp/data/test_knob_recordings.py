"""Recordings with knobs: checked one by one, fed with settings that differ from segment to segment."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from tiny_amp import RATE, amp, dry_signal

from voxnas.models.wavenet import stack
from voxnas.problems.amp.data.knobs import datamodule
from voxnas.problems.amp.data.knobs.sources import amp_knobs, demo_knobs
from voxnas.utils.errors import InputError, InputErrors

DRIVES = [0.0, 2.0, 5.0, 10.0]


@pytest.fixture
def settings(tmp_path) -> dict[str, str]:
    """A table of the tiny amp at four drives, each louder than the one before."""
    soundfile.write(tmp_path / "dry.wav", dry_signal(), RATE, subtype="FLOAT")
    for drive in DRIVES:
        wet = (0.1 + 0.09 * drive) * amp((0.3 + drive / 10) * dry_signal())
        soundfile.write(tmp_path / f"{drive:g}.wav", wet, RATE, subtype="FLOAT")
    lines = "".join(f"{drive:g}.wav,{drive:g}\n" for drive in DRIVES)
    (tmp_path / "table.csv").write_text("file,drive\n" + lines)
    files = {"settings": str(tmp_path / "table.csv"), "input": str(tmp_path / "dry.wav")}
    return {**files, "segment_length": 500}


def test_a_batch_mixes_settings_and_an_epoch_has_all_that_train(settings):
    data = amp_knobs(**settings, held_out=[{"drive": 5}], batch_size=6)
    data.adapt(stack(3, 2))
    batches = list(data.train_dataloader())
    places = torch.cat([batch.place for batch in batches])
    assert sorted(set(places.tolist())) == [0, 1, 3]  # the third trains nothing
    assert len(set(batches[0].place.tolist())) > 1
    first = batches[0]
    assert first.x.shape == (len(first.place), 1, 500 + data.receptive_field - 1)
    assert first.y.shape == (len(first.place), 1, 500)
    expected = torch.tensor([DRIVES[place] / 10 for place in first.place])
    torch.testing.assert_close(first.controls[:, 0], expected)


def test_each_step_hears_every_setting_about_equally_often(settings):
    data = amp_knobs(**settings, batch_size=8)
    data.adapt(stack(3, 2))
    for batch in list(data.train_dataloader())[:-1]:
        counts = torch.bincount(batch.place, minlength=len(DRIVES))
        assert counts.max() - counts.min() <= 2


def test_a_step_is_as_large_as_there_are_settings_up_to_four_times_the_usual(settings, monkeypatch):
    network = stack(3, 2)
    network.batch_size = 2
    data = amp_knobs(**settings)
    data.adapt(network)
    assert data.batch_size == len(DRIVES)
    monkeypatch.setattr(datamodule, "MOST_SEGMENTS", 1)
    data.adapt(network)
    assert data.batch_size == 2
    given = amp_knobs(**settings, batch_size=3)
    given.adapt(network)
    assert given.batch_size == 3


def test_every_setting_counts_the_same_however_loud_it_is(settings):
    data = amp_knobs(**settings)
    data.adapt(stack(3, 2))
    for place, recording in enumerate(data.recordings.recordings):
        start, stop = recording.sections.train
        loudness = np.sqrt(np.mean(np.square(recording.pair.target[start:stop])))
        assert data.recordings.gains[place] * loudness == pytest.approx(1, rel=1e-4)


def test_the_order_is_that_of_seed_and_epoch(settings):
    data = amp_knobs(**settings, seed=3)
    data.adapt(stack(3, 2))
    starts = data.train_dataloader().sampler
    again = list(starts)
    assert list(starts) == again
    starts.set_epoch(1)
    assert list(starts) != again


def test_sections_are_whole_and_of_every_setting(settings):
    data = amp_knobs(**settings, held_out="centre")
    data.adapt(stack(3, 2))
    data.piece_length = 700
    for loader, places, section in (
        (data.val_dataloader(), {0, 1, 3}, "val"),
        (data.test_dataloader(), {0, 1, 2, 3}, "test"),
    ):
        samples: dict[int, list[torch.Tensor]] = {}
        for batch in loader:
            samples.setdefault(int(batch.place[0]), []).append(batch.y.flatten())
        assert set(samples) == places
        for place, parts in samples.items():
            recording = data.recordings.recordings[place]
            expected = recording.pair.target[slice(*getattr(recording.sections, section))]
            np.testing.assert_array_equal(torch.cat(parts).numpy(), expected)


def test_the_network_follows_the_table_at_rest_where_it_was_recorded(settings):
    network = stack(3, 2)
    data = amp_knobs(**settings)
    data.adapt(network)
    assert [(c.name, c.low, c.high, c.at_rest) for c in network.controls] == [("drive", 0, 10, 5)]
    assert data.recording is data.recordings.recordings[2]
    mixed = network.control_mix
    data.adapt(network)  # as from a file that training starts from
    assert network.control_mix is mixed


def test_what_is_trained_on_and_what_is_kept_back_tell_runs_apart(settings):
    def fingerprint(held_out: str | None = None) -> str:
        return amp_knobs(**settings, held_out=held_out).describe()["fingerprint"]

    first = fingerprint()
    assert fingerprint() == first
    assert fingerprint("centre") != first
    table = Path(settings["settings"])
    table.write_text(table.read_text().replace("file,drive", "file,drive [0..20]"))
    assert fingerprint() != first


def test_recordings_that_cannot_be_trained_on_have_a_line_each(settings, tmp_path):
    for name in ("2.wav", "10.wav"):
        soundfile.write(tmp_path / name, np.zeros(3 * RATE), RATE)
    with pytest.raises(InputErrors) as error:
        _ = amp_knobs(**settings).recordings
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["row 3 (drive=2)", "row 5 (drive=10)"]
    assert all("silent" in line for line in lines)


def test_a_differentiable_search_says_that_it_takes_one_setting(settings):
    with pytest.raises(InputError, match="one setting"):
        amp_knobs(**settings).bilevel(0.3, None)


def test_the_demo_rig_has_settings_of_its_own(tmp_path):
    data = demo_knobs(str(tmp_path), 16000, 1.5, held_out="centre", segment_length=100)
    assert len(data.table.rows) == 15
    assert not list(tmp_path.iterdir())  # nothing is made before it is asked for
    few = demo_knobs(str(tmp_path), 16000, 2.0, knobs={"drive": [0.1, 0.9]}, segment_length=100)
    few.adapt(stack(2, 2))
    assert [row.label for row in few.table.rows] == ["drive=0.1", "drive=0.9"]
    assert len(few.recordings.recordings) == 2
    with pytest.raises(InputError, match=r"data\.knobs\.gain: the demo rig has drive, tone, level"):
        demo_knobs(str(tmp_path), knobs={"gain": [0, 1]})
