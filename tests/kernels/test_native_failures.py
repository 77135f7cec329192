"""What goes wrong in native code comes back to Python; it neither ends the process nor is overlooked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from programs import conv, upsample

from voxnas.kernels import build
from voxnas.kernels.activations import PLAYED
from voxnas.kernels.program import shape_list as program_shape
from voxnas.kernels.stream_graph import shape_list
from voxnas.kernels.wavenet import GATING
from voxnas.kernels.wavenet import shape_list as wavenet_shape
from voxnas.models.layer_array import LayerArray

try:
    COMPILER = [flag for flag in build._compiler()[0] if flag not in ("-O3", "-shared", "-fPIC")]
except build.Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)

# Memory that runs out after so many allocations, and calls that are told so.
OUT_OF_MEMORY = """
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>
std::atomic<long> left{1L << 40};
void* grant(std::size_t size, std::size_t alignment) {
  if (--left < 0) throw std::bad_alloc();
  return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}
void* operator new(std::size_t size) { return grant(size, 64); }
void* operator new(std::size_t size, std::align_val_t) { return grant(size, 64); }
void* operator new[](std::size_t size) { return grant(size, 64); }
void* operator new[](std::size_t size, std::align_val_t) { return grant(size, 64); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
#include "SOURCE"
const int64_t shape[] = {SHAPE};
static float numbers[1 << 20];
// Grants one allocation more each time, until `succeeds` does; prints how often it did not.
template <class Run>
void until(Run succeeds) {
  long granted = 0;
  for (;; ++granted) {
    left = granted;
    const bool done = succeeds();
    left = 1L << 40;
    if (done) break;
  }
  std::printf("%ld\\n", granted);
}
int main() { MAIN }
"""


def run(folder: Path, code: str, *flags: str) -> str:
    """What a program prints that is compiled of this."""
    source, program = folder / "program.cpp", folder / "program"
    source.write_text(code)
    line = [*COMPILER, "-O0", f"-I{build.SOURCES}", *flags, str(source), "-o", str(program)]
    subprocess.run(line, check=True)
    ended = subprocess.run([str(program)], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, (ended.returncode, ended.stderr)
    return ended.stdout


def integers(values: list[int]) -> str:
    return ", ".join(map(str, values))


def out_of_memory(source: str, shape: list[int], main: str) -> str:
    code = OUT_OF_MEMORY.replace("SOURCE", source).replace("SHAPE", integers(shape))
    return code.replace("MAIN", main)


WAVENET = wavenet_shape([LayerArray.of(3, [1, 2], gating=["gated", "none"]), LayerArray.of(2, [1])])
STREAMS = {
    "wavenet": (WAVENET, "shape, numbers, 1.f"),
    "chain": ([2, 1, 3, 2, 1, 1, *[-1, 0, 0, 0, 0], 3, 1, 1, 1, 0, *[-1, 0, 0, 0, 0]], "shape, numbers"),
    "graph": (shape_list([conv(0, 1, 2, rate=2, stride=2), upsample(1, 2, 1, rate=1)]), "shape, numbers"),
    "recurrent": ([0], "0, 2, 5, 0, numbers, 1, 1, numbers + 1"),
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_without_memory_is_none_wherever_the_memory_ends(name: str, tmp_path: Path):
    shape, arguments = STREAMS[name]
    main = f"""until([] {{
        voxnas::Stream* stream = voxnas_{name}_stream_create({arguments});
        if (stream) voxnas_stream_destroy(stream);
        else if (!strstr(voxnas_failure(), "too little memory")) std::abort();
        return stream;
    }});"""
    assert int(run(tmp_path, out_of_memory(f"{name}_stream.cpp", shape, main))) > 3


TRAIN = """
voxnas::Call call{2, 60, 20, 2, 96, numbers, numbers, numbers, 1.f};
int64_t sizes[4] = {};
const auto status = [](int found) { if (found != 0 && found != 2) std::abort(); return found == 0; };
until([&] { return status(voxnas_KIND_sizes(shape, &call, sizes)); });
std::vector<float> y(40), kept(sizes[0]), scratch(sizes[1] + sizes[2] + sizes[3]), dweights(1000), dx(120);
call.y = y.data(), call.kept = FROM.data(), call.scratch = scratch.data();
call.dweights = dweights.data(), call.dx = dx.data();
until([&] { return status(voxnas_KIND_forward(shape, &call)); });
until([&] { return status(voxnas_KIND_backward(shape, &call)); });
"""
PROGRAM = program_shape(
    [conv(0, 1, 3, kernel_size=3), conv(1, 3, 3, relu=True), conv(2, 3, 1, kernel_size=2)]
)
TRAININGS = {
    "wavenet": (WAVENET, "kept"),
    "program": (PROGRAM, "kept"),
    "program that keeps nothing": (PROGRAM, "std::vector<float>()"),
}


@pytest.mark.parametrize("threads", build.THREAD_FLAGS)
@pytest.mark.parametrize("name", TRAININGS)
def test_training_without_memory_says_so_wherever_the_memory_ends(name: str, threads: str, tmp_path: Path):
    """In the threads as well."""
    (shape, kept), kind = TRAININGS[name], name.split()[0]
    main = TRAIN.replace("KIND", kind).replace("FROM", kept)
    printed = run(tmp_path, out_of_memory(f"{kind}_train.cpp", shape, main), threads)
    assert all(int(count) > 5 for count in printed.split())
    assert len(printed.split()) == 3


GENEROUS = """
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>
namespace std {
template <class T>
struct generous : vector<T> {
  using vector<T>::vector;
  void reserve(size_t n) { vector<T>::reserve(3 * n + 1); }
};
}
#define vector generous
#include "wavenet.h"
int main() {
  const int64_t shape[1000] = {SHAPE};
  const voxnas::WaveNet net(shape);
  for (const auto& array : net.arrays) std::printf("%zu ", array.layers.size());
}
"""


def test_a_network_has_the_layers_it_is_said_to_have_whatever_room_there_is_for_more(tmp_path: Path):
    """A list may reserve more than it is asked for."""
    assert run(tmp_path, GENEROUS.replace("SHAPE", integers(WAVENET))).split() == ["2", "1"]


def test_a_gate_that_only_trains_is_refused_as_a_stream(tmp_path: Path):
    shape = wavenet_shape([LayerArray.of(2, [1], gating="gated")], PLAYED)
    shape[15] = len(GATING)  # Gating::Soft
    main = f"""
#include "wavenet_stream.cpp"
#include <cstdio>
int main() {{
  const int64_t shape[] = {{{integers(shape)}}};
  const float weights[1000] = {{}};
  if (voxnas_wavenet_stream_create(shape, weights, 1.f)) return 1;
  std::puts(voxnas_failure());
}}"""
    assert "gate" in run(tmp_path, main)


SCRIPT = """
import resource
import torch
from voxnas.models.wavenet import stack
net = stack(2, 4, backend="native")
x = torch.ones(1, 1, net.receptive_field)
net(x)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 2**27, resource.RLIM_INFINITY))
net._form.shape[12] = 2**30  # layers
net._form._memory.clear()
try:
    net(x)
except MemoryError as error:
    print(error)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.skipif("asan" in os.environ.get("LD_PRELOAD", ""), reason="AddressSanitizer's new never throws")
def test_training_without_memory_is_a_memory_error():
    line = [sys.executable, "-c", SCRIPT]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert ended.stdout == "there is too little memory for the network\n", ended.stderr
