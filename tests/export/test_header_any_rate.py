"""C++ headers in a host of another sample rate."""

import subprocess
from pathlib import Path

import numpy as np
from test_header import MAIN, compile_program, needs_compiler, network, wavenet

from voxnas.engine.at_host_rate import AtHostRate
from voxnas.engine.make import make_engine
from voxnas.export.header.render import namespace, write_header

pytestmark = needs_compiler
RUN = """
#include <vector>
int main(int count, char** arguments) {
  static NAME::AnyRateModel model;
  if (model.set_host_rate(0) || model.set_host_rate(NAME::Model::sample_rate * 8 + 1)) return 3;
  if (model.host_rate() != NAME::Model::sample_rate || model.delay_ms() != 0) return 4;
  std::vector<float> signal(4000);
  for (std::size_t i = 0; i < 4000; ++i) signal[i] = static_cast<float>(i % 100) / 100.f - .5f;
  std::ofstream result(arguments[1], std::ios::binary);
  for (int i = 2; i < count; ++i) {
    const long before = allocations;
    if (!model.set_host_rate(std::atoi(arguments[i]))) return 5;
    if (i == 2) model.reset();
    std::vector<float> out = signal;
    const long own = allocations - before;
    for (int at = 0, size = 1; at < 4000; at += size, size = size * 3 % 1000) {
      if (size > 4000 - at) size = 4000 - at;
      model.process(signal.data() + at, out.data() + at, size);
    }
    if (allocations - before != own) return 6;
    result.write(reinterpret_cast<const char*>(out.data()), 16000);
  }
  std::printf("%f", model.delay_ms());
  return 0;
}
"""
NET = wavenet({"channels": 4, "dilations": [1, 2, 4], "head_bias": True, "activation": "Tanh"})


def test_it_plays_at_any_rate_as_the_engine_does_and_changes_it_without_a_step(tmp_path: Path):
    net = network(NET)
    header = write_header(net, tmp_path / "amp_1.h", 48000)
    name = namespace(header.stem)
    source = tmp_path / "play.cpp"
    before_main = MAIN.partition("static std::vector<int> blocks;")[0]
    source.write_text(f'#include "{header.name}"\n' + before_main + RUN.replace("NAME", name))
    rates = [44100, 96000, 48000]
    program = compile_program(source, "-O2", "-march=native")
    done = subprocess.run([program, tmp_path / "out.raw", *map(str, rates)], capture_output=True, text=True)
    assert done.returncode == 0
    played = np.fromfile(tmp_path / "out.raw", np.float32).reshape(3, 4000)
    engine = AtHostRate(make_engine(net), 48000, 44100)
    signal = (np.arange(4000) % 100 / 100 - 0.5).astype(np.float32)
    np.testing.assert_allclose(played[0], engine.process(signal), atol=1e-5)
    delay = engine.delay_ms
    engine.set_host_rate(96000)
    np.testing.assert_allclose(played[1], engine.process(signal), atol=1e-5)
    # At its own rate it is the model, once what sounded last has faded.
    own = make_engine(net)
    np.testing.assert_allclose(played[2, 600:], own.process(signal)[600:], atol=1e-5)
    assert abs(played[2, 0] - played[1, -1]) < 0.01
    assert float(done.stdout) == 0
    assert 0.1 < delay < 0.13
