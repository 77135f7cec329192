"""The aliasing figures in the record."""

import numpy as np
import pytest
import torch
from torch import Tensor

from voxnas.engine.aliasing import Aliasing, overall
from voxnas.models.cells.net import CellNet
from voxnas.models.genotype import CellGenotype, Edge
from voxnas.problems.amp.measures.aliasing import AliasingMeter

CELL = ((Edge("conv_bn_relu_3", 0), Edge("conv_bn_relu_5", 1)),) * 2


def test_the_ratio_per_pitch_and_one_figure_for_all(finished):
    record = finished.end_with(AliasingMeter(pitches=[200.0, 1000.0, 3000.0]))
    rows = record.details["aliasing"]
    assert [round(at["hz"]) for at in rows] == pytest.approx([200, 1000, 3000], abs=4)
    assert record.metrics["asr"] == pytest.approx(overall([Aliasing(**at) for at in rows]))
    assert 0 < record.metrics["asr"] < 1


def aliasing_of(network: CellNet, cycles: int, length: int) -> float:
    """The ratio by PyTorch at -12 dBFS, over `period` times as many cycles and samples once settled."""
    whole = network.period * length
    settled = -(-network.receptive_field // whole) * whole
    sine = 10 ** (-12 / 20) * np.sin(2 * np.pi * cycles * np.arange(settled + whole) / length)
    with torch.no_grad():
        x = Tensor(sine.astype(np.float32)).view(1, 1, -1)
        y = network.stream(x, network.initial_state())[0][0, 0, settled:].double()
    bins = torch.fft.fft(y).abs().square()
    harmonic = np.zeros(whole, bool)
    harmonic[cycles * network.period : whole // 2 : cycles * network.period] = True
    harmonic |= np.roll(harmonic[::-1], 1)  # the negative frequencies
    return float(bins[1:][~harmonic[1:]].sum() / bins[harmonic].sum())


def test_a_network_that_repeats_itself_after_several_samples_is_measured_over_all_of_them(finished):
    """Its images around parts of the sample rate are aliases, and lie between the bins of a single period."""
    torch.manual_seed(0)
    network = CellNet(CellGenotype(CELL, CELL, (1, 2, 3), init_channels=2, fanout_concat=2)).eval()
    assert network.period == 4
    finished.module.network = network
    record = finished.end_with(AliasingMeter(pitches=[1000.0]))
    length = 2003  # the first prime from a quarter of a second on, at 8 kHz
    expected = aliasing_of(network, round(length / 8), length)
    assert record.metrics["asr"] == pytest.approx(expected, rel=1e-3)
