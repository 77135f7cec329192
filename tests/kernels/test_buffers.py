"""Memory comes back when the last holder lets go, and never before."""

from voxnas.kernels.buffers import Buffers


def test_memory_is_used_again_once_it_is_free() -> None:
    buffers = Buffers()
    first = buffers.take(1000)
    second = buffers.take(1000)
    assert first.data_ptr() != second.data_ptr()
    address, view = first.data_ptr(), first[:10]
    del first
    third = buffers.take(1000)
    assert third.data_ptr() != address, "a view still holds it"
    del view
    assert buffers.take(900).data_ptr() == address


def test_a_small_need_does_not_hold_a_large_memory() -> None:
    buffers = Buffers()
    address = buffers.take(10_000).data_ptr()
    kept = buffers.take(10)
    assert kept.data_ptr() != address
    assert buffers.take(9_000).data_ptr() == address


def test_only_so_many_are_kept() -> None:
    buffers = Buffers(spare=2)
    held = [buffers.take(100) for _ in range(5)]
    del held
    assert len(buffers._free) == 2
