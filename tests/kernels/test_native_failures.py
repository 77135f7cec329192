"""What goes wrong in native code comes back to Python; it neither ends the process nor is overlooked."""

import subprocess
from pathlib import Path

import pytest

from voxnas.kernels import build
from voxnas.kernels.wavenet import shape_list as wavenet_shape
from voxnas.models.layer_array import LayerArray

try:
    COMPILER = [flag for flag in build._compiler()[0] if flag not in ("-O3", "-shared", "-fPIC")]
except build.Unavailable as reason:
    pytest.skip(str(reason), allow_module_level=True)


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


WAVENET = wavenet_shape([LayerArray.of(3, [1, 2], gating=["gated", "none"]), LayerArray.of(2, [1])])

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
