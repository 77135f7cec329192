"""The native sources build for 64-bit ARM and for Windows; what they play and train there is PyTorch's.

Training is also run here under ThreadSanitizer, in plain threads: OpenMP's own are beyond what that sees.
"""

from collections.abc import Sequence
from pathlib import Path
from subprocess import run

import numpy as np
import pytest
import torch
from foreign import ARM, WATCHED, WINDOWS, Foreign
from programs import conv, reference, upsample

from voxnas.engine.native_engine import _flat
from voxnas.engine.torch_engine import TorchEngine
from voxnas.kernels import build, wavenet
from voxnas.kernels.activations import PLAYED
from voxnas.kernels.graph import Step
from voxnas.kernels.stream_graph import shape_list, weight_list
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet

FLAGS = [flag for flag in build.FLAGS if flag not in ("-fPIC", "-shared")]
BLOCKS = (1, 64, 7, 500)

pytestmark = pytest.mark.slow

READ = """
#include "SOURCE"
#include <cstring>
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
"""

# Takes the files of the shape, the weights and the input, and writes the output, block by block.
PLAY = """
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

# Takes the shape, the weights, the input and the output's gradient; writes output and both gradients.
TRAIN = """
int main(int, char** paths) {
  const auto shape = read<int64_t>(paths[1]);
  const auto weights = read<float>(paths[2]), x = read<float>(paths[3]), dy = read<float>(paths[4]);
  std::vector<float> y(dy.size()), dweights(weights.size()), dx(x.size());
  Call call{};
  call.batch = BATCH;
  call.samples_in = x.size() / BATCH;
  call.samples_out = dy.size() / BATCH;
  call.threads = 2;
  call.tile = TILE;
  call.weights = weights.data(), call.x = x.data(), call.dy = dy.data(), call.scale = 1.f;
  int64_t sizes[3];
  if (voxnas_wavenet_sizes(shape.data(), &call, sizes)) return 1;
  std::vector<float> kept(sizes[0]), first(sizes[1]), second(sizes[2]);
  call.y = y.data(), call.kept = kept.data(), call.scratch = first.data();
  if (voxnas_wavenet_forward(shape.data(), &call)) return 2;
  call.dweights = dweights.data(), call.dx = dx.data(), call.scratch = second.data();
  if (voxnas_wavenet_backward(shape.data(), &call)) return 3;
  std::ofstream file(paths[5], std::ios::binary);
  for (const auto* part : {&y, &dweights, &dx})
    file.write(reinterpret_cast<const char*>(part->data()), part->size() * sizeof(float));
}
"""


@pytest.fixture(params=[ARM, WINDOWS], ids=["ARM", "Windows"])
def there(request: pytest.FixtureRequest) -> Foreign:
    machine: Foreign = request.param
    if machine.missing:
        pytest.skip(machine.missing)
    return machine


@pytest.fixture
def played(there: Foreign) -> Foreign:
    if not there.emulator:
        pytest.skip("there is no qemu-aarch64, or wine64, to run it")
    return there


@pytest.mark.parametrize("source", sorted(path.name for path in build.SOURCES.glob("*.cpp")))
def test_every_source_builds(source: str, there: Foreign, tmp_path: Path):
    """On Windows `long` has 32 bits, which a template may stumble over."""
    flags = [*FLAGS, "-O0", *there.library, str(build.SOURCES / source)]
    run([*there.compiler, *flags, "-o", str(tmp_path / "library")], check=True)
    assert b"voxnas_" in (tmp_path / "library").read_bytes()


def outcome(there: Foreign, code: str, inputs: Sequence[np.ndarray], folder: Path) -> np.ndarray:
    """What the program makes there of the inputs, each a file."""
    paths = [folder / f"in{number}" for number in range(len(inputs))]
    for path, values in zip(paths, inputs, strict=True):
        path.write_bytes(values.tobytes())
    file, program, result = folder / "main.cpp", folder / f"main{there.suffix}", folder / "out"
    file.write_text(code)
    line = [*there.compiler, *FLAGS, *there.program, f"-I{build.SOURCES}", str(file), "-o", str(program)]
    run(line, check=True)
    there.run(program, *(path.name for path in (*paths, result)), folder=folder)
    return np.frombuffer(result.read_bytes(), np.float32)


def play(there: Foreign, source: str, create: str, inputs: Sequence[np.ndarray], folder: Path) -> np.ndarray:
    """What `source` plays there of the shape, the weights and the input, in `BLOCKS`."""
    code = (READ + PLAY).replace("SOURCE", source).replace("CREATE", create)
    return outcome(there, code.replace("BLOCKS", ", ".join(map(str, BLOCKS))), inputs, folder)


def test_a_program_plays_the_same(played: Foreign, tmp_path: Path):
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
    y = play(played, "graph_stream.cpp", create, inputs, tmp_path)
    np.testing.assert_allclose(y, reference(steps, x), rtol=0, atol=1e-5)


def test_a_stream_plays_the_same(played: Foreign, tmp_path: Path):
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
    y = play(played, "wavenet_stream.cpp", create, inputs, tmp_path)
    np.testing.assert_allclose(y, TorchEngine(network).process(x), rtol=0, atol=1e-5)


@pytest.mark.skipif(bool(WATCHED.missing), reason=WATCHED.missing)
def test_threads_of_training_do_not_race(tmp_path: Path):
    _trains_the_same(WATCHED, tmp_path)


def test_a_network_trains_the_same(played: Foreign, tmp_path: Path):
    _trains_the_same(played, tmp_path)


def _trains_the_same(played: Foreign, tmp_path: Path) -> None:
    torch.manual_seed(0)
    batch, samples = 3, 300
    first = LayerArray.of(
        5, [1, 2, 40], 3, ["Tanh", "ReLU", "Sigmoid"], gating=["gated", "none", "gated"], head_size=4
    )
    network = WaveNet([first, LayerArray.of(4, [1, 7])], head_scale=1.0, backend="torch")
    x = torch.randn(batch, 1, samples + network.receptive_field - 1, requires_grad=True)
    dy = torch.randn(batch, 1, samples)
    y = network(x)
    y.backward(dy)
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in network.parameters()]
    wanted = torch.cat([part.detach().flatten() for part in (y, *gradients, x.grad)]).numpy()
    native = wavenet.NativeWaveNet(network.shapes)
    code = (READ + TRAIN).replace("SOURCE", "wavenet_train.cpp").replace("BATCH", str(batch))
    weights = torch.cat([p.detach().flatten() for p in network.parameters()]).numpy()
    inputs = (native.shape, weights, x.detach().numpy(), dy.numpy())
    found = outcome(played, code.replace("TILE", str(native.tile)), inputs, tmp_path)
    last = native.unused  # the last layer's residual leads nowhere
    sizes = [p.numel() for p in network.parameters()]
    unused = np.zeros(len(wanted), bool)
    for index in last:
        start = y.numel() + sum(sizes[: index % len(sizes)])
        unused[start : start + sizes[index]] = True
    np.testing.assert_allclose(found[~unused], wanted[~unused], rtol=1e-4, atol=1e-4)
