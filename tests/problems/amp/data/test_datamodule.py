"""The data module: what its loaders feed, and what it does not copy."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from hydra.utils import instantiate

from voxnas.problems.amp.data.datamodule import PairDataModule
from voxnas.problems.amp.data.sections import Sections
from voxnas.utils.errors import InputError


def suited(**figures: int) -> SimpleNamespace:
    """A network as far as data is concerned."""
    return SimpleNamespace(**({"batch_size": 8, "delay_samples": 0} | figures))


@pytest.fixture
def data(recording) -> PairDataModule:
    module = PairDataModule(lambda: recording, 8000, segment_length=512, batch_size=8, seed=5)
    module.receptive_field = 31
    return module


def test_batches_have_a_receptive_field_of_context(data, recording):
    batches = list(data.train_dataloader())
    assert len(batches) == 4  # 30 segments by at most 8
    for x, y in batches:
        assert len(x) in (7, 8)
        assert (x.shape[1:], y.shape) == ((1, 512 + 30), (len(x), 1, 512))
        assert x.dtype == y.dtype == torch.float32
    source = torch.from_numpy(recording.pair.input)
    target = torch.from_numpy(recording.pair.target)
    for segment, expected in zip(x[:, 0], y[:, 0], strict=True):
        (start,) = (target[:16000].unfold(0, 512, 1) == expected).all(1).nonzero().flatten().tolist()
        assert torch.equal(segment[30:], source[start : start + 512])
        if start >= 30:
            assert torch.equal(segment[:30], source[start - 30 : start])


@pytest.mark.parametrize(("loader", "section"), [("val", (16000, 20000)), ("test", (20000, 24000))])
def test_sections_are_fed_from_end_to_end(data, recording, loader, section):
    data.piece_length = 1500
    batches = list(getattr(data, f"{loader}_dataloader")())
    assert [y.shape[-1] for _, y in batches] == [1500, 1500, 1000]
    target = torch.cat([y for _, y in batches], dim=-1).flatten()
    assert torch.equal(target, torch.from_numpy(recording.pair.target[slice(*section)]))


def test_the_pair_is_in_memory_once(data, recording):
    segments = data.segments()
    assert segments.source.data_ptr() == recording.pair.input.ctypes.data
    for loader in (data.train_dataloader(), data.val_dataloader()):
        held = getattr(loader.dataset, "segments", loader.dataset)
        assert held.source.data_ptr() == recording.pair.input.ctypes.data
        assert held.target.data_ptr() == recording.pair.target.ctypes.data


@pytest.mark.parametrize(
    ("given", "expected"), [((None, None), (3, 1024)), ((512, None), (3, 512)), ((None, 5), (5, 1024))]
)
def test_segments_are_as_given_or_as_suits_the_network(recording, given, expected):
    data = PairDataModule(lambda: recording, 8000, *given)
    data.adapt(suited(receptive_field=31, segment_length=1024, batch_size=3))
    x, y = next(iter(data.train_dataloader()))
    size, length = expected
    assert (x.shape, y.shape) == ((size, 1, length + 30), (size, 1, length))


def test_a_network_that_is_late_hears_what_it_answers_sooner(recording):
    data = PairDataModule(lambda: recording, 8000, 512, 8)
    data.adapt(suited(receptive_field=31, segment_length=512, delay_samples=3))
    late = [x for x, _ in (*data.train_dataloader(), *data.test_dataloader())]
    data.adapt(suited(receptive_field=31, segment_length=512))
    for sooner, x in zip(
        late, (x for x, _ in (*data.train_dataloader(), *data.test_dataloader())), strict=True
    ):
        assert torch.equal(sooner[..., 3:-3], x[..., 6:])
    assert sooner[..., -3:].abs().max() == 0  # the recording has ended


def test_the_seed_determines_the_segments(recording):
    def first_batch(seed: int) -> torch.Tensor:
        return next(iter(PairDataModule(lambda: recording, 8000, 512, 8, seed).train_dataloader()))[0]

    assert torch.equal(first_batch(1), first_batch(1))
    assert not torch.equal(first_batch(1), first_batch(2))


def test_the_recording_is_read_once_and_only_when_it_is_wanted(recording):
    reads = []
    data = PairDataModule(lambda: reads.append(1) or recording, 8000, 512, 8)
    assert not reads
    data.train_dataloader(), data.val_dataloader(), data.test_dataloader()
    assert reads == [1]


@pytest.mark.parametrize("short", ["train", "val", "test"])
def test_a_section_shorter_than_a_segment_is_refused(recording, short):
    sections = Sections(
        **{"train": (0, 16000), "val": (16000, 20000), "test": (20000, 24000)} | {short: (0, 511)}
    )
    data = PairDataModule(lambda: replace(recording, sections=sections), 8000, 512, 8)
    with pytest.raises(InputError, match=f"the {short} section holds 511 samples but 512 are needed"):
        data.recording  # noqa: B018


def test_the_config_of_own_recordings_loads_them(composed, tiny_pair, recording):
    data = instantiate(composed("train", *tiny_pair).data)
    assert data.sample_rate == 8000
    assert torch.equal(data.segments().source, torch.from_numpy(recording.pair.input))
    assert data.recording.sections == Sections((0, 16800), (16800, 20400), (20400, 24000))
