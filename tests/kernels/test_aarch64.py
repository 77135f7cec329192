"""The native sources build for 64-bit ARM as well, and what they stream there is what PyTorch computes."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from programs import conv, reference, upsample

from voxnas.engine.native_engine import _flat
from voxnas.engine.torch_engine import TorchEngine
from voxnas.kernels import build, wavenet
from voxnas.kernels.activations import PLAYED
from voxnas.kernels.graph import Step
from voxnas.kernels.stream_graph import shape_list, weight_list
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
#include "SOURCE"
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
  voxnas::Stream* stream = CREATE;
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


def play(source: str, create: str, inputs: Sequence[np.ndarray], folder: Path) -> np.ndarray:
    """What `source` makes there of the shape, the weights and the input, in `BLOCKS`."""
    paths = [folder / name for name in ("shape", "weights", "x", "y")]
    for path, values in zip(paths, inputs, strict=False):
        path.write_bytes(values.tobytes())
    file, program = folder / "play.cpp", folder / "play"
    code = PLAY.replace("SOURCE", source).replace("CREATE", create)
    file.write_text(code.replace("BLOCKS", ", ".join(map(str, BLOCKS))))
    line = [COMPILER, *FLAGS, "-static", f"-I{build.SOURCES}", str(file), "-o", str(program)]
    subprocess.run(line, check=True)
    subprocess.run([str(EMULATOR), str(program), *map(str, paths)], check=True)
    return np.frombuffer(paths[3].read_bytes(), np.float32)


@pytest.mark.skipif(not EMULATOR, reason="there is no qemu-aarch64 to run it")
def test_a_program_plays_the_same(tmp_path: Path):
    steps = [
        conv(0, 1, 7, kernel_size=5, relu=True),
        Step("max_pool", (1,), 7, 2, kernel_size=3, stride=2),
        conv(1, 7, 7, rate=2, kernel_size=3, dilation=5, stride=2, relu=True),
        Step("add", (2, 3), 7, 2),
        Step("concat", (4, 2), 14, 2),
        upsample(5, 14, 7, rate=1, kernel_size=2),
        Step("add", (6, 1), 7, 1),
        conv(7, 7, 1),
    ]
    x = np.random.default_rng(0).standard_normal(sum(BLOCKS)).astype(np.float32)
    inputs = (np.array(shape_list(steps), np.int64), weight_list(steps), x)
    create = "voxnas_graph_stream_create(shape.data(), weights.data())"
    y = play("graph_stream.cpp", create, inputs, tmp_path)
    np.testing.assert_allclose(y, reference(steps, x), rtol=0, atol=1e-5)


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
    inputs = (np.array(wavenet.shape_list(network.shapes, PLAYED), np.int64), _flat(network), x)
    create = "voxnas_wavenet_stream_create(shape.data(), weights.data(), 1.f)"
    y = play("wavenet_stream.cpp", create, inputs, tmp_path)
    np.testing.assert_allclose(y, TorchEngine(network).process(x), rtol=0, atol=1e-5)
