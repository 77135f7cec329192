"""Libraries are built whole, and where nobody else can write; without a compiler there is one reason."""

import os
import platform
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from voxnas.kernels import build

SCRIPT = """
import torch
from voxnas.models.wavenet import stack
torch.manual_seed(0)
net = stack(2, 4, backend="BACKEND")
print(net(torch.ones(1, 1, net.receptive_field)).item())
"""


def start(cache: Path, backend: str = "native", **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.replace("BACKEND", backend)],
        env={**os.environ, "XDG_CACHE_HOME": str(cache), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def compiler() -> None:
    try:
        build._compiler()
    except build.Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
def test_processes_that_build_at_once_leave_one_library_in_a_private_folder(tmp_path: Path) -> None:
    runs = [start(tmp_path) for _ in range(3)]
    outputs = [run.communicate() for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], outputs
    assert len({out for out, _ in outputs}) == 1
    folder = tmp_path / "voxnas"
    assert [path.suffix for path in folder.iterdir()] == [".so"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.slow
def test_without_a_compiler_pytorch_serves_and_one_line_says_so(tmp_path: Path) -> None:
    run = start(tmp_path, "auto", CXX="", PATH="/nowhere")
    out, err = run.communicate()
    assert run.returncode == 0
    assert float(out)
    assert err.count("\n") == 1
    assert "install g++ or set CXX" in err


def test_where_the_system_has_no_compiler_zig_s_serves(tmp_path: Path) -> None:
    """A stand-in for its package, which is large: `python -m ziglang c++ …` is the system's compiler."""
    package = tmp_path / "ziglang"
    package.mkdir()
    (package / "__init__.py").touch()
    calls = f"import os, sys; os.environ['PATH'] = {os.environ['PATH']!r}; assert sys.argv[1] == 'c++'"
    (package / "__main__.py").write_text(f"{calls}; os.execvp('c++', sys.argv[1:])")
    places = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    script = "from voxnas.kernels import build; print(build._compiler()[0][1:4]); build.load('peak.cpp')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "CXX": "", "PATH": "", "PYTHONPATH": places},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "['-m', 'ziglang', 'c++']\n"), done.stderr
    assert len(list((tmp_path / "voxnas").glob("peak-*"))) == 1


@pytest.mark.slow
def test_zig_s_compiler_trains_as_the_system_s(tmp_path: Path) -> None:
    pytest.importorskip("ziglang", reason="ziglang is not installed: ./setup.sh zig")
    zig = f"{sys.executable} -m ziglang c++"
    (out, err), (wanted, _) = start(tmp_path, CXX=zig).communicate(), start(tmp_path).communicate()
    assert float(out) == pytest.approx(float(wanted), rel=1e-5), err


def use_compiler(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = folder / "c++"
    fake.write_text(f"#!/bin/sh\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("CXX", str(fake))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))


def test_a_compiler_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "c++"
    fake.write_text(
        '#!/bin/sh\ncase "$*" in *-dM*) echo "#define X 1";; *) echo "error: no room" >&2; exit 1;; esac\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("CXX", str(fake))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(build.Unavailable, match=r"cannot build wavenet_train.cpp: error: no room"):
        build._open("wavenet_train.cpp")
    assert list((tmp_path / "voxnas").iterdir()) == []


def test_what_is_built_and_does_not_load_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_rubbish = 'while [ $# -gt 1 ]; do [ "$1" = -o ] && echo rubbish > "$2"; shift; done; exit 0'
    use_compiler(write_rubbish, tmp_path, monkeypatch)
    with pytest.raises(
        build.Unavailable, match=r"cannot build wavenet_train.cpp: what it builds does not load"
    ):
        build._open("wavenet_train.cpp")
    assert list((tmp_path / "voxnas").iterdir()) == []


@pytest.mark.usefixtures("compiler")
def test_a_library_that_was_damaged_says_which_file_to_delete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(build, "_compile", lambda compiler, source, library: library.write_bytes(b"rubbish"))
    with pytest.raises(build.Unavailable, match=r"wavenet_train-\w+\.so: .* delete it"):
        build._open("wavenet_train.cpp")


@pytest.mark.usefixtures("compiler")
def test_where_openmp_cannot_be_loaded_plain_threads_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A compiler that takes -fopenmp and links a library that is not there when it is loaded."""
    missing = (
        'extra=; case "$*" in *-fopenmp*) extra=-Wl,--unresolved-symbols=ignore-all,-u,absent_omp;; esac'
    )
    use_compiler(f'{missing}\nexec g++ "$@" $extra', tmp_path, monkeypatch)
    (tmp_path / "peak.cpp").write_text(
        "#ifdef _OPENMP\nextern int absent_omp(); int use = absent_omp();\n#endif\n"
        'extern "C" int peak() { return 1; }'
    )
    monkeypatch.setattr(build, "SOURCES", tmp_path)
    assert build._open("peak.cpp").peak() == 1


def test_a_folder_that_others_can_write_to_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(build.tempfile, "gettempdir", lambda: str(tmp_path / "tmp"))
    open_folder = tmp_path / "voxnas"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    chosen = build.cache_folder()
    assert chosen != open_folder
    assert chosen.parent == tmp_path / "tmp"


WIDTHS = """
import sys
from voxnas.kernels import build
build.CPU_FLAGS = (sys.argv[2:],)
import torch
from voxnas.models.layer_array import LayerArray
from voxnas.models.wavenet import WaveNet
torch.manual_seed(0)
array = LayerArray.of(7, [1, 30], activation=["SiLU", "Tanh"], gating=["gated", "none"])
net = WaveNet([array], 1.0, backend=sys.argv[1])
x = torch.randn(2, 1, 3000)
net(x).square().sum().backward()
print(*(p.grad.norm().item() for p in net.parameters() if p.grad is not None))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("compiler")
@pytest.mark.skipif(platform.machine() != "x86_64", reason="these are the vector widths of x86-64")
@pytest.mark.parametrize("flags", [["-msse2"], ["-mavx2", "-mfma"]], ids=["sse2", "avx2"])
def test_narrower_vectors_give_the_same_gradients(flags: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    norms = [
        subprocess.run(
            [sys.executable, "-c", WIDTHS, backend, *flags], env=environment, capture_output=True, check=True
        ).stdout.split()
        for backend in ("native", "torch")
    ]
    assert [float(norm) for norm in norms[0]] == pytest.approx([float(norm) for norm in norms[1]], rel=1e-4)
