"""What native streams are held to: PyTorch in double precision, for blocks of any sizes."""

import copy
import os
import subprocess
import sys
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import torch
from hypothesis import strategies as st
from numpy.typing import NDArray

from voxnas.engine.base import StreamingEngine
from voxnas.engine.native_engine import NativeEngine
from voxnas.kernels import build as kernels
from voxnas.models.base import Network
from voxnas.models.build import build

block_sizes = st.lists(
    st.one_of(st.integers(1, 70), st.sampled_from([64, 128, 512, 1000])), min_size=1, max_size=12
)


def seeded(seed: int = 0, **architecture) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build(architecture).eval()


def clip(samples: int, seed: int = 0) -> NDArray[np.float32]:
    return (0.5 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def exact(network: Network, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """After silence, by PyTorch in double precision and in one go."""
    network = copy.deepcopy(network).double()
    with torch.no_grad():
        return network.stream(torch.from_numpy(x).double()[None, None], network.initial_state())[0][
            0, 0
        ].numpy()


def in_blocks(engine: StreamingEngine, x: NDArray[np.float32], sizes: list[int]) -> NDArray[np.float32]:
    return np.concatenate([engine.process(x[a:b]) for a, b in pairwise(accumulate(sizes, initial=0))])


def assert_plays_exactly(network: Network, sizes: list[int]) -> None:
    x = clip(sum(sizes))
    expected = exact(network, x)
    error = np.abs(in_blocks(NativeEngine(network), x, sizes) - expected).max()
    assert error <= 1e-5 * max(1.0, np.abs(expected).max())


_PLAY = """
import json, sys
import numpy as np
import torch
from voxnas.engine.make import make_engine
from voxnas.kernels import build as kernels
from voxnas.models.build import build
kernels.CPU_FLAGS = (sys.argv[3:],)
x = np.random.default_rng(0).standard_normal(1000).astype(np.float32)
for form in json.loads(sys.argv[2]):
    torch.manual_seed(0)
    engine = make_engine(build(form), sys.argv[1])
    print(*(y for block in (x[:64], x[64:65], x[65:]) for y in engine.process(block)))
"""


def assert_narrower_vectors_play_the_same(forms: str, flags: list[str], cache: Path) -> None:
    """`forms` are architectures in JSON, `flags` those of a compiler that knows less of this CPU."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}

    def output(kind: str) -> NDArray[np.float64]:
        command = [sys.executable, "-c", _PLAY, kind, forms, *flags]
        printed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
        return np.array(printed.split(), float)

    np.testing.assert_allclose(output("native"), output("torch"), rtol=0, atol=1e-5)


_COUNT = """
#include "{source}"
#include <cstdio>
#include <cstdlib>
static long allocations = 0;
extern "C" void* __libc_malloc(size_t);
extern "C" void* __libc_memalign(size_t, size_t);
extern "C" void* malloc(size_t size) {{ ++allocations; return __libc_malloc(size); }}
extern "C" void* aligned_alloc(size_t at, size_t size) {{ ++allocations; return __libc_memalign(at, size); }}
int main() {{
  const std::vector<float> weights(100000, .01f), x(5000, .5f);
  std::vector<float> y(5000);
  voxnas::Stream* stream = {create};
  const long before = allocations;
  for (int size : {{1, 64, 5000, 63}})
    for (int i = 0; i < 20; ++i) voxnas_stream_process(stream, x.data(), y.data(), size);
  voxnas_stream_reset(stream);
  std::printf("%ld %ld", before, allocations);
  voxnas_stream_destroy(stream);
}}
"""


def assert_allocates_nothing(source: str, create: str, folder: Path) -> None:
    """Builds and runs a program that counts; `create` is the C++ expression for a stream."""
    compiler, _ = kernels._compiler()
    file, program = folder / "count.cpp", folder / "count"
    file.write_text(_COUNT.format(source=source, create=create))
    flags = [flag for flag in compiler if flag not in ("-shared", "-fPIC", "-O3")]
    subprocess.run([*flags, "-O1", f"-I{kernels.SOURCES}", str(file), "-o", str(program)], check=True)
    before, after = map(int, subprocess.run([program], check=True, capture_output=True).stdout.split())
    assert before > 0  # it counts
    assert after == before
