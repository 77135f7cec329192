"""The native sources build for 64-bit ARM as well, and what they stream there is what PyTorch computes."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from voxnas.engine.native_engine import _flat
from voxnas.engine.torch_engine import TorchEngine
from voxnas.kernels import build
from voxnas.kernels.activations import PLAYED
from voxnas.kernels.wavenet import shape_list
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet

COMPILER, EMULATOR = (
    "aarch64-linux-gnu-g++",
    shutil.which("qemu-aarch64") or shutil.which("qemu-aarch64-static"),
)
FLAGS = [flag for flag in build.FLAGS if flag not in ("-fPIC", "-shared")]
BLOCKS = (1, 64, 7, 500)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which(COMPILER), reason=f"there is no {COMPILER}"),
]

# Takes the files of the shape, the weights and the input, and writes the output, block by block.
PLAY = """
#include "wavenet_stream.cpp"
#include <fstream>
#include <iterator>
template <class T>
std::vector<T> read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<T> values(bytes.size() / sizeof(T));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}
int main(int, char** paths) {
  const auto shape = read<int64_t>(paths[1]);
  const auto weights = read<float>(paths[2]), x = read<float>(paths[3]);
  std::vector<float> y(x.size());
  voxnas::Stream* stream = voxnas_wavenet_stream_create(shape.data(), weights.data(), 1.f);
  size_t at = 0;
  for (const size_t size : {BLOCKS}) {
    voxnas_stream_process(stream, x.data() + at, y.data() + at, size);
    at += size;
  }
  std::ofstream(paths[4], std::ios::binary).write(reinterpret_cast<char*>(y.data()), at * sizeof(float));
}
"""


@pytest.mark.parametrize("source", sorted(path.name for path in build.SOURCES.glob("*.cpp")))
def test_every_source_compiles(source: str, tmp_path: Path):
    line = [COMPILER, *build.FLAGS, "-fopenmp", str(build.SOURCES / source)]
    subprocess.run([*line, "-o", str(tmp_path / "library.so")], check=True)
    assert (tmp_path / "library.so").stat().st_size


@pytest.mark.skipif(not EMULATOR, reason="there is no qemu-aarch64 to run it")
def test_a_stream_plays_the_same(tmp_path: Path):
    torch.manual_seed(0)
    activations = ["Tanh", "PReLU", "Fasttanh", "LeakyHardtanh", "Hardswish"]
    first = LayerArray.of(
        6, [1, 30, 2, 5, 9], [3, 2, 6, 1, 4], activations,
        gating=["gated", "none", "blended", "none", "gated"], secondary_activation=["SiLU", *activations[1:]],
        bottleneck=4, groups_input=2, head1x1_channels=3, head_size=5, head_kernel_size=3,
    )  # fmt: skip
    second = LayerArray.of(5, [1, 7], activation=["ReLU", "Softsign"], layer1x1=False)
    network = WaveNet([first, second], head_scale=1.0)
    x = np.random.default_rng(0).standard_normal(sum(BLOCKS)).astype(np.float32)
    inputs = (np.array(shape_list(network.shapes, PLAYED), np.int64), _flat(network), x)
    paths = [tmp_path / name for name in ("shape", "weights", "x", "y")]
    for path, values in zip(paths, inputs, strict=False):
        path.write_bytes(values.tobytes())
    source, program = tmp_path / "play.cpp", tmp_path / "play"
    source.write_text(PLAY.replace("BLOCKS", ", ".join(map(str, BLOCKS))))
    line = [COMPILER, *FLAGS, "-static", f"-I{build.SOURCES}", str(source), "-o", str(program)]
    subprocess.run(line, check=True)
    subprocess.run([str(EMULATOR), str(program), *map(str, paths)], check=True)
    y = np.frombuffer(paths[3].read_bytes(), np.float32)
    np.testing.assert_allclose(y, TorchEngine(network).process(x), rtol=0, atol=1e-5)
