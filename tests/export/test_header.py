"""C++ headers: compiled as a plug-in developer would, and compared with the network in float64."""

import copy
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from foreign import WINDOWS
from numpy.typing import NDArray

from voxnas.export.header.render import RUNTIME, namespace, write_header
from voxnas.models.activations import ACTIVATIONS
from voxnas.models.base import Network
from voxnas.models.build import build
from voxnas.models.conv_net import Linear
from voxnas.models.film import SLOTS
from voxnas.models.wavenet import WaveNet, stack
from voxnas.utils.errors import InputError

WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Werror", "-pedantic"]
BLOCKS = ["1", "64", "7", "128", "300", "33"]
SAMPLES = 1500

# Plays a file four times, and counts what is allocated meanwhile.
MAIN = """
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>
#include <vector>

static long allocations = 0;
#if defined(__GLIBC__)  // whose operator new calls malloc
extern "C" void* __libc_malloc(std::size_t);
extern "C" void* malloc(std::size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
#else
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
#endif

static std::vector<int> blocks;

// In blocks of all sizes in turn.
template <class Model>
void play(Model& model, const std::vector<float>& in, std::vector<float>& out, int begin, int end) {
  for (std::size_t i = 0; begin < end; ++i) {
    const int rest = end - begin, size = blocks[i % blocks.size()] < rest ? blocks[i % blocks.size()] : rest;
    model.process(in.data() + begin, out.data() + begin, size);
    begin += size;
  }
}

template <class Model>
int run(const char* input, const char* output) {
  std::ifstream file(input, std::ios::binary | std::ios::ate);
  const int bytes = static_cast<int>(file.tellg()), samples = bytes / 4, half = samples / 2;
  std::vector<float> in(static_cast<std::size_t>(samples)), out[4] = {in, in, in, in}, noise;
  file.seekg(0).read(reinterpret_cast<char*>(in.data()), bytes);
  noise = out[2] = in;
  static Model model, other;

  const long before = allocations;
  play(model, in, out[0], 0, samples);
  // Again, while another object plays what is heard by nobody.
  model.reset();
  for (int t = 0; t < samples; t += 100) {
    const int end = t + 100 < samples ? t + 100 : samples;
    play(model, in, out[1], t, end);
    play(other, noise, noise, t, end);
  }
  // Into where it comes from, all at once.
  model.reset();
  model.process(out[2].data(), out[2].data(), samples);
  // The second half by a copy, while the first object plays something else.
  model.reset();
  play(model, in, out[3], 0, half);
  other = model;
  play(model, noise, noise, 0, samples);
  play(other, in, out[3], half, samples);
  const long during = allocations - before;

  std::ofstream result(output, std::ios::binary);
  for (const auto& signal : out) result.write(reinterpret_cast<const char*>(signal.data()), bytes);
  volatile float tiny = 1e-39f;
  std::printf("%ld %zu %d", during, sizeof(Model), tiny * .5f > 0.f);
  return 0;
}

int main(int count, char** arguments) {
  for (int i = 3; i < count; ++i) blocks.push_back(std::atoi(arguments[i]));
  return run<NAME::Model>(arguments[1], arguments[2]);
}
"""


def compilers() -> list[str]:
    """What there is of them: the one that builds native code, and clang++ if that is another."""
    return [c for c in dict.fromkeys([os.environ.get("CXX") or "c++", "clang++"]) if shutil.which(c)]


needs_compiler = pytest.mark.skipif(not compilers(), reason="there is no C++ compiler here")


def network(architecture: dict) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return build(architecture)


def wavenet(*arrays: dict) -> dict:
    return {"type": "WaveNet", "layer_arrays": arrays, "head_scale": 0.5, "name": "net"}


def recurrent(kind: str, hidden_size: int, num_layers: int = 1, skip: bool = False, gain: float = 1) -> dict:
    sizes = {"hidden_size": hidden_size, "num_layers": num_layers, "warm_up": 8}
    return {"type": kind, **sizes, "skip": skip, "skip_gain": gain}


LEAKY = {"type": "LeakyHardtanh", "min_val": -0.3, "max_val": 0.2, "min_slope": 0.1, "max_slope": 0.2}
NETWORKS = {
    "two arrays": wavenet(
        {"channels": 4, "dilations": [1, 2, 200], "head_size": 2, "head_bias": False},
        {"channels": 2, "dilations": [1, 8]},
    ),
    "every activation": wavenet(
        {
            "channels": 5,
            "dilations": list(range(1, 13)),
            "kernel_size": [1, 2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 16],
            "activation": [*ACTIVATIONS, LEAKY],
        }
    ),
    "every gating, groups, bottleneck": wavenet(
        {
            "channels": 6,
            "dilations": [1, 2, 7],
            "gating": ["gated", "blended", "none"],
            "activation": ["Tanh", "PReLU", "LeakyReLU"],
            "secondary_activation": ["Sigmoid", "PReLU", "Tanh"],
            "bottleneck": 4,
            "groups_input": 2,
            "layer1x1_groups": 2,
            "head1x1_channels": 6,
            "head1x1_groups": 2,
            "head_kernel_size": 5,
            "head_size": 3,
            "head_bias": False,
        },
        {"channels": 3, "dilations": [5, 40], "layer1x1": False, "head_kernel_size": 16, "head_dilation": 2},
    ),
    "wide": wavenet(
        {"channels": 33, "dilations": [1, 100], "head_size": 17, "head_kernel_size": 3},
        {"channels": 17, "dilations": [3], "bottleneck": 5, "head1x1_channels": 17, "layer1x1": False},
    ),
    "LSTM of 1 unit": recurrent("LSTM", 1, skip=True),
    "LSTM of 3 layers": recurrent("LSTM", 19, num_layers=3),
    "LSTM of 40 units": recurrent("LSTM", 40, skip=True, gain=0.4),
    "GRU": recurrent("GRU", 16),
    "GRU of 2 layers": recurrent("GRU", 33, num_layers=2, skip=True),
    "ConvNet": {"type": "ConvNet", "channels": 9, "dilations": [1, 5], "kernel_size": [4, 2]},
    "ConvNet with slopes": {"type": "ConvNet", "channels": 2, "dilations": [3, 1], "activation": "PReLU"},
    "Linear": {"type": "Linear", "taps": 300, "bias": True},
    "Linear of 1 tap": {"type": "Linear", "taps": 1},
    "TCN": {"type": "TCN", "channels": 5, "num_layers": 3, "kernel_size": 5, "dilation_base": 7},
    "state trajectory": {"type": "StateTrajectory", "states": 3, "hidden_size": 20, "warm_up": 50},
    "state trajectory without a skip": {"type": "StateTrajectory", "hidden_layers": 1, "skip": False},
    "LACTOSE": {"type": "Lactose", "ranges": 5, "taps": 9, "filter_taps": 11},
    "LACTOSE of one range": {"type": "Lactose", "ranges": 1, "features": 1, "blend": 0, "activation": "ReLU"},
    "transformer": {"type": "Transformer", "channels": 6, "heads": 3, "window": 5, "norm": True},
    "state space": {"type": "StateSpace", "channels": 5, "modes": 3, "gated": True, "activation": "PReLU"},
    "FiLM, a condition and a head": {
        "type": "ConditionedWaveNet",
        "layer_arrays": [
            {
                "channels": 4,
                "dilations": [1, 9, 2],
                "gating": ["none", "gated", "blended"],
                "activation": ["PReLU", "Tanh", "LeakyReLU"],
                "groups_input": 2,
                "head1x1_channels": 3,
                "head_size": 2,
                "films": {slot: {"shift": index % 2 == 0} for index, slot in enumerate(SLOTS)},
            }
        ],
        "head_scale": 0.5,
        "head": {"channels": 3, "kernel_sizes": [3, 2], "activation": "PReLU"},
        "condition": {"type": "WaveNet", "layer_arrays": [{"channels": 2, "dilations": [5], "head_size": 2}]},
    },
    "TCN of one channel": {"type": "TCN", "channels": 1, "num_layers": 2, "activation": "Tanh"},
}
EVERY_KIND = ("every gating, groups, bottleneck", "LSTM of 40 units", "GRU", "ConvNet", "Linear", "TCN")
EVERY_KIND += ("state trajectory", "LACTOSE", "transformer", "state space", "FiLM, a condition and a head")


def clip(samples: int = SAMPLES) -> NDArray[np.float32]:
    return (0.5 * np.random.default_rng(0).standard_normal(samples)).astype(np.float32)


def expected(net: Network, x: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = copy.deepcopy(net).double()
    with torch.no_grad():
        return exact.stream(torch.from_numpy(x).double()[None, None], exact.initial_state())[0][0, 0].numpy()


def compile_program(source: Path, *flags: str, compiler: str | None = None) -> Path:
    program = source.with_suffix(".exe")  # which Windows wants, and others do not mind
    command = [
        *shlex.split(compiler or compilers()[0]),
        "-std=c++17",
        *WARNINGS,
        *flags,
        str(source),
        "-o",
        str(program),
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[:3000]
    return program


def play(
    header: Path, *flags: str, compiler: str | None = None, emulator: tuple[str, ...] = ()
) -> tuple[NDArray[np.float32], int, int, int]:
    """Four renderings, allocations, the object's size, and whether denormals work afterwards."""
    source, x, y = (header.with_name(name) for name in ("play.cpp", "x.raw", "y.raw"))
    source.write_text(f'#include "{header.name}"\n' + MAIN.replace("NAME", namespace(header.stem)))
    program = compile_program(source, *flags, compiler=compiler)
    clip().tofile(x)
    run = [*emulator, str(program), str(x), str(y), *BLOCKS]
    figures = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    allocations, size, denormals = map(int, figures.split())
    return np.fromfile(y, np.float32).reshape(4, -1), allocations, size, denormals


def check(net: Network, folder: Path, *flags: str, **how) -> None:
    header = write_header(net, folder / "amp_1.h", 48000)
    played, allocations, size, denormals = play(header, *flags, **how)
    reference = expected(net, clip())
    assert np.abs(reference).max() > 0.01
    np.testing.assert_allclose(played, np.tile(reference, (4, 1)), rtol=0, atol=2e-6)
    assert allocations == 0
    assert denormals == 1
    told = int(header.read_text().partition("in the object, about ")[2].split()[0])
    assert told == pytest.approx(size / 1024, rel=0.15, abs=1.5)


@needs_compiler
@pytest.mark.parametrize("name", EVERY_KIND)
def test_a_header_sounds_as_its_network_and_allocates_nothing(name, tmp_path):
    check(network(NETWORKS[name]), tmp_path, "-O1", "-march=native")


VARIANTS = [
    ["-O3", "-march=native"],
    ["-O3"],
    ["-O2", "-mavx"],
    ["-O2", "-mavx2", "-mfma"],
    ["-O2", "-mavx512f"],
    ["-O0"],
    ["-O2", "-DVOXNAS_PLAIN"],
]


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("flags", VARIANTS, ids=" ".join)
@pytest.mark.parametrize("name", NETWORKS)
def test_a_header_is_right_on_every_kind_of_cpu(name, flags, tmp_path):
    info = Path("/proc/cpuinfo")
    known = info.read_text().split() if info.exists() else []
    missing = {flag[2:] for flag in flags if flag.startswith("-m") and "=" not in flag} - set(known)
    if missing:
        pytest.skip(f"this CPU lacks {' and '.join(sorted(missing))}")
    for compiler in compilers():
        check(network(NETWORKS[name]), tmp_path, *flags, compiler=compiler)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_header_is_right_on_arm(name, tmp_path):
    compiler, emulator = "aarch64-linux-gnu-g++", "qemu-aarch64"
    if not (shutil.which(compiler) and shutil.which(emulator)):
        pytest.skip(f"needs {compiler} and {emulator}")
    check(
        network(NETWORKS[name]),
        tmp_path,
        "-O2",
        compiler=compiler,
        emulator=(emulator, "-L", "/usr/aarch64-linux-gnu"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", EVERY_KIND)
def test_a_header_is_right_on_windows(name, tmp_path, monkeypatch):
    if WINDOWS.missing or not WINDOWS.emulator:
        pytest.skip(WINDOWS.missing or "there is no wine64 to run it")
    monkeypatch.chdir(tmp_path)
    for key, value in WINDOWS.environment(tmp_path).items():
        monkeypatch.setenv(key, value)
    compiler = shlex.join(WINDOWS.compiler)
    check(network(NETWORKS[name]), tmp_path, "-O2", compiler=compiler, emulator=WINDOWS.emulator)


@needs_compiler
def test_a_started_network_is_in_the_state_that_silence_leaves(tmp_path):
    net = network(NETWORKS["LSTM of 40 units"])
    with torch.no_grad():
        net.start.uniform_(-1, 1)
        net.units.bias_hh_l0.add_(0.5)
    check(net, tmp_path, "-O1")


@needs_compiler
def test_numbers_too_small_to_hear_are_flushed(tmp_path):
    wire = Linear(1)
    with torch.no_grad():
        wire.convolutions[0].weight.fill_(1.0)
    header = write_header(wire, tmp_path / "a_wire.h", 48000)
    body = (
        "a_wire::Model m; float x[2] = {1e-40f, .5f}; m.process(x, x, 2); return x[0] != 0.f || x[1] != .5f;"
    )
    (tmp_path / "t.cpp").write_text(f'#include "{header.name}"\nint main() {{ {body} }}')
    program = compile_program(tmp_path / "t.cpp", "-O1")
    assert subprocess.run([program]).returncode == 0


@needs_compiler
def test_headers_go_together_even_under_one_name(tmp_path):
    """Two models in one file, and a third that has the first one's name and another file."""
    nets = [network(NETWORKS[name]) for name in ("two arrays", "LSTM of 1 unit", "GRU")]
    for folder, file, net in zip(("a", "a", "b"), ("amp_1.h", "amp_2.h", "amp_1.h"), nets, strict=True):
        write_header(net, tmp_path / folder / file, 48000)
    played = "float {}(float x) {{ static {}::Model m; m.process(&x, &x, 1); return x; }}\n"
    include = '#include "{}"\n'
    (tmp_path / "other.cpp").write_text(
        include.format("b/amp_1.h") + "float third(float);\n" + played.format("third", "amp_1")
    )
    values = "double(first(.3f)), double(second(.3f)), double(third(.3f))"
    (tmp_path / "main.cpp").write_text(
        "#include <cstdio>\n"
        + "".join(map(include.format, ("a/amp_1.h", "a/amp_2.h", "a/amp_1.h")))
        + "float third(float);\nstatic "
        + played.format("first", "amp_1")
        + "static "
        + played.format("second", "amp_2")
        + f'int main() {{ std::printf("%.9g %.9g %.9g", {values}); }}'
    )
    program = compile_program(tmp_path / "main.cpp", "-O1", str(tmp_path / "other.cpp"))
    found = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split()
    x = np.array([0.3], np.float32)
    np.testing.assert_allclose([float(f) for f in found], [expected(net, x)[0] for net in nets], atol=1e-6)


@needs_compiler
def test_one_header_for_several_cpus_stays_apart_in_one_program(tmp_path):
    """Else the linker would keep one of them, and an older CPU meet the instructions of a newer."""
    write_header(network(NETWORKS["Linear of 1 tap"]), tmp_path / "amp_1.h", 48000)
    (tmp_path / "t.cpp").write_text(
        '#include "amp_1.h"\n#include <typeinfo>\nconst char* name();\n'
        "const char* name() { return typeid(amp_1::Model).name(); }"
    )
    found = set()
    for flags in ([], ["-DVOXNAS_PLAIN"]):
        (tmp_path / "main.cpp").write_text(
            "#include <cstdio>\nconst char* name();\nint main() { std::puts(name()); }"
        )
        program = compile_program(tmp_path / "main.cpp", str(tmp_path / "t.cpp"), *flags)
        found.add(subprocess.run([program], capture_output=True, check=True).stdout)
    assert len(found) == 2


@needs_compiler
def test_constants_tell_what_is_known_of_the_model(tmp_path):
    net = stack(2, 2)
    about = {"name": 'Ämp "1"?\\\n//', "loudness": -18.25, "input_level_dbu": 12, "gain": None}
    header = write_header(net, tmp_path / "the_amp.h", 44100, about)
    (tmp_path / "t.cpp").write_text(
        f'#include "{header.name}"\n#include <cstdio>\nusing M = the_amp::Model;\n'
        "static_assert(M::sample_rate == 44100 && M::loudness == -18.25 && M::input_level_dbu == 12);\n"
        f"static_assert(M::receptive_field == {net.receptive_field});\n"
        f"static_assert(M::parameters == {net.num_parameters});\n"
        f"static_assert(M::macs_per_sample == {net.macs_per_sample});\n"
        f'int main() {{ std::printf("%s", M::name); }}'
    )
    program = compile_program(tmp_path / "t.cpp")
    assert subprocess.run([program], capture_output=True, check=True).stdout.decode() == about["name"]
    assert "output_level_dbu" not in header.read_text()


def test_weights_come_back_from_the_text_exactly(tmp_path):
    net = Linear(64)
    with torch.no_grad():
        net.convolutions[0].weight[0, 0, :4] = torch.tensor([0.0, -1.0, 3e-39, 3.4e38])
    text = write_header(net, tmp_path / "an_ir.h", 48000).read_text()
    literals = text.partition("kWeights[64] = {")[2].partition("}")[0].split(",")
    found = np.array([float.fromhex(one.strip().removesuffix("f")) for one in literals], np.float32)
    np.testing.assert_array_equal(found, net.convolutions[0].weight.detach().numpy()[0, 0, ::-1])


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("wavenet-l5-c16-k3", "wavenet_l5_c16_k3"),
        ("JTM 12 (bright)", "JTM_12_bright"),
        ("Ünïcode__amp", "Unicode_amp"),
        ("class", "class_model"),
        ("static-assert", "static_assert_model"),
        ("uint8_t", "uint8_t_model"),
        ("5150 red", "amp_model_5150_red"),
        ("…", "amp_model"),
    ],
)
def test_a_namespace_is_called_after_the_file(name, identifier):
    assert namespace(name) == identifier


def test_a_header_includes_nothing_but_the_standard_library_and_the_compilers_own(tmp_path):
    for name in EVERY_KIND:
        text = write_header(network(NETWORKS[name]), tmp_path / "amp_1.h", 48000).read_text()
        lines = {line for line in text.splitlines() if line.startswith("#include")}
        own = {"cstddef", "cstdint", "cstring", "tuple", "utility", "immintrin.h", "arm_neon.h"}
        own |= {"cmath"} if "square_root" in text else set()  # of steps.h
        assert lines == {f"#include <{file}>" for file in own}


def test_a_header_holds_the_projects_licence(tmp_path):
    licence = (Path(__file__).parents[2] / "LICENSE").read_text().splitlines()
    comment = (RUNTIME / "licence.h").read_text().splitlines()
    assert [line.removeprefix("//").strip() for line in comment] == licence


def test_a_header_of_a_diverged_or_foreign_network_is_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "amp_1.h"
    path.write_text("before")
    net = stack(2, 2)
    with torch.no_grad():
        next(net.parameters())[0] = torch.nan
    with pytest.raises(InputError, match=r"amp_1\.h: not written: .*NaN"):
        write_header(net, path, 48000)

    class Other(WaveNet):
        pass

    with pytest.raises(InputError, match="cannot hold a Other"):
        write_header(Other([{"channels": 1, "dilations": [1]}]), path, 48000)
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]
