"""Genotypes are checked when they are made, and survive their file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxnas.models.activations import ACTIVATIONS
from voxnas.models.genotype import (
    INPUTS,
    PRIMITIVES,
    CellGenotype,
    Edge,
    Genotype,
    LayerChoice,
    WaveNetGenotype,
    as_values,
    from_values,
    read_genotype,
    write_genotype,
)
from voxnas.utils.errors import InputError


@st.composite
def cells(draw: st.DrawFn, nodes: int) -> tuple[tuple[Edge, ...], ...]:
    return tuple(
        tuple(
            Edge(draw(st.sampled_from(PRIMITIVES)), draw(st.integers(0, INPUTS + index - 1)))
            for _ in range(draw(st.integers(1, 2)))
        )
        for index in range(nodes)
    )


@st.composite
def genotypes(draw: st.DrawFn) -> Genotype:
    if draw(st.booleans()):
        layers = st.builds(
            LayerChoice,
            kernel_size=st.integers(1, 16),
            dilation=st.integers(1, 512),
            activation=st.sampled_from(ACTIVATIONS),
            gated=st.booleans(),
        )
        return WaveNetGenotype(
            draw(st.integers(1, 32)), tuple(draw(st.lists(layers, min_size=1, max_size=9)))
        )
    nodes = draw(st.integers(1, 5))
    return CellGenotype(
        normal=draw(cells(nodes)),
        reduction=draw(cells(nodes)),
        dilations=tuple(draw(st.lists(st.integers(1, 64), min_size=3, max_size=8))),
        init_channels=draw(st.integers(1, 8)),
        channel_multiplier=draw(st.integers(1, 3)),
        fanout_concat=draw(st.integers(1, nodes)),
    )


NODE = (Edge("skip_connect", 0), Edge("conv_bn_relu_3", 1))
SMALL = CellGenotype((NODE,), (NODE,), (1, 1, 2), init_channels=2, fanout_concat=1)


@given(genotypes())
def test_values_and_back(genotype: Genotype) -> None:
    assert from_values(json.loads(json.dumps(as_values(genotype)))) == genotype


def test_a_file_and_back(tmp_path: Path) -> None:
    assert read_genotype(write_genotype(SMALL, tmp_path / "genotype.json")) == SMALL


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"dilations": (1, 2)}, "layers are 3 or more"),
        ({"fanout_concat": 2}, "larger than the 1 nodes"),
        ({"normal": ((Edge("conv_9", 0),),)}, "unknown primitive 'conv_9'"),
        ({"normal": ((Edge("none", 2),),)}, "does not come before"),
        ({"normal": ()}, "as many nodes"),
        ({"init_channels": 0}, "whole numbers from 1"),
    ],
)
def test_what_cannot_be_is_refused(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(SMALL, **change)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "null", '{"kind": "cells"}', '{"kind": "trees"}', "[" * 100_000),
        '{"kind": "wavenet", "layers": 3}',
        '{"kind": "wavenet", "channels": 2, "layers": [{"kernel_size": 3}]}',
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line_that_names_it(text: str, tmp_path: Path) -> None:
    path = tmp_path / "genotype.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"genotype\.json") as refused:
        read_genotype(path)
    assert "\n" not in str(refused.value)


def test_reductions_lie_at_thirds() -> None:
    assert SMALL.reductions == (1, 2)
