"""Segments: which are cut, when, and that they are the recording's own samples."""

from collections import Counter
from itertools import pairwise

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from voxnas.problems.amp.data.segments import Pieces, Segments, ShuffledStarts

SOURCE = torch.arange(1, 1001).float()
TARGET = -SOURCE


def epoch_of(sampler: ShuffledStarts, epoch: int) -> list[list[int]]:
    sampler.set_epoch(epoch)
    return list(sampler)


@st.composite
def samplers(draw) -> ShuffledStarts:
    length = draw(st.integers(1, 50))
    start = draw(st.integers(0, 100))
    samples = draw(st.integers(length, 40 * length))
    batch_size = draw(st.integers(1, 20))
    return ShuffledStarts(start, start + samples, length, batch_size, seed=draw(st.integers(0, 2**31)))


@given(samplers(), st.integers(0, 2000))
def test_an_epoch_is_even_batches_inside_the_section_that_do_not_overlap(sampler, epoch):
    batches = epoch_of(sampler, epoch)
    sizes = [len(batch) for batch in batches]
    assert len(batches) == len(sampler) >= 1
    assert min(sizes) >= 1
    assert max(sizes) - min(sizes) <= 1
    starts = sorted(start for batch in batches for start in batch)
    assert starts[0] >= sampler.start
    assert starts[-1] + sampler.length <= sampler.stop
    assert all(later - earlier >= sampler.length for earlier, later in pairwise(starts))


@given(samplers(), st.integers(0, 2000))
def test_an_epoch_leaves_out_less_than_two_segments(sampler, epoch):
    covered = sum(map(len, epoch_of(sampler, epoch))) * sampler.length
    left_out = sampler.stop - sampler.start - covered
    assert left_out < 2 * sampler.length


def test_batches_are_no_larger_than_asked_for():
    sizes = [len(batch) for batch in ShuffledStarts(0, 100, 10, batch_size=4)]
    assert sizes == [3, 3, 3]


@settings(deadline=None)
@given(samplers())
def test_over_the_epochs_every_sample_is_heard(sampler):
    heard = torch.zeros(sampler.stop, dtype=torch.bool)
    for epoch in range(400):
        for batch in epoch_of(sampler, epoch):
            for start in batch:
                heard[start : start + sampler.length] = True
        if heard[sampler.start :].all():
            return
    missed = (~heard[sampler.start :]).sum()
    assert missed <= 2 * sampler.length, f"{missed} samples are never heard"


def test_offsets_and_order_change_from_epoch_to_epoch():
    sampler = ShuffledStarts(0, 10_000, 100, 7, seed=3)
    epochs = [epoch_of(sampler, epoch) for epoch in range(20)]
    offsets = {min(start for batch in epoch for start in batch) % 100 for epoch in epochs}
    assert len(offsets) > 10
    firsts = Counter(epoch[0][0] // 100 for epoch in epochs)
    assert len(firsts) > 10


def test_seed_and_epoch_determine_everything():
    first, same, other = (ShuffledStarts(0, 10_000, 100, 7, seed=seed) for seed in (3, 3, 4))
    assert [epoch_of(first, e) for e in range(3)] == [epoch_of(same, e) for e in range(3)]
    assert epoch_of(first, 1) != epoch_of(other, 1)
    torch.manual_seed(99)  # whatever else draws random numbers
    assert epoch_of(first, 1) == epoch_of(same, 1)


STARTS, LENGTHS = st.lists(st.integers(0, 950), min_size=1, max_size=5), st.integers(1, 50)


@given(STARTS, LENGTHS, st.integers(0, 300), st.integers(0, 40))
def test_a_segment_is_the_recording_with_its_past_or_silence_in_front(starts, length, context, delay):
    x, y = Segments(SOURCE, TARGET, length, context, delay)[starts]
    assert (x.shape, y.shape) == ((len(starts), 1, length + context), (len(starts), 1, length))
    silent = torch.cat([torch.zeros(context), SOURCE, torch.zeros(delay)])
    for start, inputs, outputs in zip(starts, x[:, 0], y[:, 0], strict=True):
        assert torch.equal(outputs, TARGET[start : start + length])
        assert torch.equal(inputs, silent[start + delay : start + delay + length + context])


@given(*[st.integers(0, 500), st.integers(1, 500), st.integers(1, 600), *[st.integers(0, 40)] * 2])
def test_pieces_together_are_the_section(start, samples, length, context, delay):
    pieces = Pieces(Segments(SOURCE, TARGET, 64, context, delay), start, start + samples, length)
    batches = [pieces[i] for i in range(len(pieces))]
    assert torch.equal(torch.cat([y for _, y in batches], dim=-1).flatten(), TARGET[start : start + samples])
    inputs = torch.cat([x[..., context:] for x, _ in batches], dim=-1).flatten()
    moved = torch.cat([SOURCE, torch.zeros(delay)])[start + delay : start + delay + samples]
    assert torch.equal(inputs, moved)
    assert all(1 <= y.shape[-1] <= length for _, y in batches)
