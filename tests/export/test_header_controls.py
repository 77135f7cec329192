"""C++ headers with knobs: compiled as a plug-in developer would, and compared with the engine."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from knobbed import shaken
from test_header import compile_program, needs_compiler

from voxnas.engine.make import make_engine
from voxnas.export.header.render import write_header
from voxnas.models.base import StreamingNetwork
from voxnas.models.build import build

CONTROLS = [
    {"name": "drive", "low": 0, "high": 10},
    {"name": "mode", "options": ["clean", "crunch", "lead"], "default": "crunch"},
    {"name": "tone", "low": 20, "high": 2000, "taper": "log"},
]
FORMS = {
    "WaveNet": {
        "type": "WaveNet",
        "layer_arrays": [
            {"channels": 4, "dilations": [1, 2], "head_size": 2, "gating": "gated", "groups_input": 2},
            {"channels": 2, "dilations": [8, 1], "activation": "LeakyReLU"},
        ],
        "head_scale": 0.5,
    },
    "WaveNet that adds": {
        "type": "WaveNet",
        "layer_arrays": [{"channels": 3, "dilations": [1, 2]}],
        "head_scale": 0.5,
        "conditioning": "mixin",
    },
    "WaveNet whose weights follow": {
        "type": "WaveNet",
        "layer_arrays": [
            {"channels": 3, "dilations": [1, 2], "head_size": 2, "activation": "LeakyReLU"},
            {"channels": 2, "dilations": [3, 1], "activation": "PReLU", "head_kernel_size": 2},
        ],
        "head_scale": 0.5,
        "conditioning": "weights",
    },
    "TCN": {"type": "TCN", "channels": 5, "num_layers": 3, "kernel_size": 4, "dilation_base": 5},
    "TCN that adds": {"type": "TCN", "num_layers": 2, "activation": "Tanh", "conditioning": "mixin"},
    "LSTM": {"type": "LSTM", "hidden_size": 7, "num_layers": 2},
    "GRU": {"type": "GRU", "hidden_size": 17, "skip": True},
}
# Sets controls between blocks, as its arguments say: a number of samples, or a control and a value.
MAIN = """
#include "amp_1.h"
#include <cstdio>
#include <cstdlib>
#include <vector>
int main(int count, char** arguments) {
  static amp_1::Model model;
  std::vector<float> x(20000), y(20000);
  FILE* file = std::fopen("x.raw", "rb");
  if (!file || std::fread(x.data(), 4, x.size(), file) != x.size()) return 1;
  std::fclose(file);
  std::size_t at = 0;
  for (int i = 1; i + 1 < count; i += 2) {
    const int first = std::atoi(arguments[i]);
    if (first == -2) model.reset();
    else if (first == -1) {
      const int size = std::atoi(arguments[i + 1]);
      model.process(x.data() + at, y.data() + at, size);
      at += static_cast<std::size_t>(size);
    } else model.set_control(first, std::atof(arguments[i + 1]));
  }
  file = std::fopen("y.raw", "wb");
  std::fwrite(y.data(), 4, at, file);
  std::fclose(file);
  for (const auto& of : amp_1::Model::control)
    std::printf("%s %g %g %g\\n", of.name, of.low, of.high, of.at_rest);
}
"""


X = (0.3 * np.random.default_rng(0).standard_normal(20000)).astype(np.float32)


@pytest.fixture(params=FORMS, scope="module")
def network(request) -> StreamingNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        return shaken(build({**FORMS[request.param], "controls": CONTROLS})).eval()


@pytest.fixture(scope="module")
def program(network, tmp_path_factory) -> Path:
    """Its header in a program that plays `X`."""
    folder = tmp_path_factory.mktemp("program")
    write_header(network, folder / "amp_1.h", 48000)
    (folder / "t.cpp").write_text(MAIN)
    X.tofile(folder / "x.raw")
    return compile_program(folder / "t.cpp", "-O1")


def played(program: Path, *steps: tuple[int, float]) -> tuple[np.ndarray, str]:
    arguments = [str(value) for step in steps for value in step]
    done = subprocess.run(
        [program, *arguments], cwd=program.parent, capture_output=True, text=True, check=True
    )
    return np.fromfile(program.parent / "y.raw", np.float32), done.stdout


@needs_compiler
def test_a_header_follows_its_controls_as_the_engine_does(network, program):
    engine = make_engine(network)

    at_rest, told = played(program, (-1, 1000), (-1, 37))
    np.testing.assert_allclose(at_rest, engine.process(X[:1037]), rtol=0, atol=3e-6)
    assert told.splitlines() == ["drive 0 10 5", "mode 0 2 1", "tone 20 2000 200"]

    # From the silence of another setting on, in blocks of any size.
    elsewhere, _ = played(program, (0, 2), (1, 2), (2, 1000), (-2, 0), (-1, 999), (-1, 1))
    engine.set_controls({"drive": 2, "mode": "lead", "tone": 1000}, glide=0)
    engine.reset()
    np.testing.assert_allclose(elsewhere, engine.process(X[:1000]), rtol=0, atol=2e-5)

    # On the way in small steps, then exactly there; what is beyond an end is at that end.
    moved, _ = played(program, (-1, 500), (0, 99), (1, 0), (-1, 4000))
    engine = make_engine(network)
    before = engine.process(X[:500])
    engine.set_controls({"drive": 10, "mode": "clean"})
    expected = np.concatenate([before, engine.process(X[500:4500])])
    np.testing.assert_allclose(moved, expected, rtol=0, atol=0.02 * np.abs(expected).max())
    np.testing.assert_allclose(moved[3500:], expected[3500:], rtol=0, atol=1e-4)


@needs_compiler
def test_a_control_that_does_not_exist_is_left_alone(program):
    untouched, _ = played(program, (-1, 100))
    ignored, _ = played(program, (7, 1.0), (0, float("nan")), (-1, 100))
    np.testing.assert_array_equal(untouched, ignored)
