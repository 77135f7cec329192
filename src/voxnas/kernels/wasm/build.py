"""The module that plays networks in a page, from the sources of the streams: `make wasm`.

What is built ships with the package, since few who read a report have Clang for WebAssembly. At its end it
says which sources and which compiler it is of.
"""

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from voxnas.kernels.build import SOURCES, Unavailable
from voxnas.kernels.wasm import ENGINE

KINDS = ("wavenet", "recurrent", "chain", "graph")
TARGET = ["--target=wasm32-wasi"]
FLAGS = [*TARGET, "-std=c++17", "-O3", "-msimd128", "-fno-rtti", "-fignore-exceptions", "-ffp-contract=fast"]
FLAGS += ["-fno-math-errno", "-fno-trapping-math", "-fno-signed-zeros"]
LINK = [*TARGET, "-mexec-model=reactor", "-Wl,--strip-all", "-Wl,-z,stack-size=262144"]
# Each source brings these along; in the module there is one of them, of exports.cpp.
SHARED = ["voxnas_failure"]
FUNCTIONS = ("reset", "follow", "follow_weights", "control", "destroy")
SHARED += [f"voxnas_stream_{name}" for name in ("process", *FUNCTIONS)]
EXPORTS = [f"voxnas_{name}" for name in ("allocate", "free")]
EXPORTS += [f"voxnas_stream_{name}" for name in ("play", *FUNCTIONS)]
EXPORTS += [f"voxnas_{kind}_stream_create" for kind in KINDS]
SECTION = b"voxnas"  # a custom section
NEEDS = "clang, lld, wasi-libc, libc++-14-dev-wasm32 and libclang-rt-14-dev-wasm32 (Debian's names)"


def sources() -> list[Path]:
    """The sources that the module is made of."""
    headers = [path for path in SOURCES.glob("*.h") if not path.name.startswith(("train_", "string_"))]
    return sorted(
        [*headers, *(SOURCES / f"{kind}_stream.cpp" for kind in KINDS), *SOURCES.glob("wasm/*.cpp")]
    )


def digest() -> str:
    """Hash of the sources and the flags."""
    found = hashlib.sha256("\0".join([*FLAGS, *LINK, *EXPORTS]).encode())
    for path in sources():
        found.update(path.read_bytes())
    return found.hexdigest()


def compiler() -> str:
    """Version of the compiler; Unavailable where there is none, or none for WebAssembly."""
    if not shutil.which("clang++") or not shutil.which("wasm-ld"):
        raise Unavailable(f"no Clang for WebAssembly: install {NEEDS}")
    return _run(["clang++", "--version"]).splitlines()[0]


def build() -> bytes:
    """The module, built afresh; Unavailable where it cannot be."""
    made = f"{digest()} {compiler()}".encode()
    with tempfile.TemporaryDirectory() as folder:
        objects = [_compile(kind, Path(folder)) for kind in (*KINDS, "exports")]
        module = Path(folder) / "engine.wasm"
        exports = [f"-Wl,--export={name}" for name in EXPORTS]
        _run(["clang++", *LINK, *exports, *map(str, objects), "-o", str(module)])
        return module.read_bytes() + _custom_section(made)


def told(module: bytes) -> tuple[str, str]:
    """The digest and the compiler that a module says it is of."""
    text = module[module.rindex(SECTION) + len(SECTION) :].decode()
    sources_digest, _, version = text.partition(" ")
    return sources_digest, version


def _compile(kind: str, folder: Path) -> Path:
    result = folder / f"{kind}.o"
    source = SOURCES / ("wasm/exports.cpp" if kind == "exports" else f"{kind}_stream.cpp")
    apart = [] if kind == "exports" else [f"-D{name}={kind}_{name}" for name in SHARED]
    _run(["clang++", *FLAGS, *apart, "-c", str(source), "-o", str(result)])
    return result


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line] or ["it says nothing"]
        raise Unavailable(f"{command[0]} cannot build the module (needed are {NEEDS}): {errors[0]}")
    return done.stdout


def _custom_section(content: bytes) -> bytes:
    body = bytes([len(SECTION)]) + SECTION + content
    size, rest = bytearray(), len(body)
    while True:  # LEB128
        size.append(rest & 0x7F | (0x80 if rest > 0x7F else 0))
        rest >>= 7
        if not rest:
            return b"\0" + bytes(size) + body


if __name__ == "__main__":
    ENGINE.write_bytes(build())
    print(f"{ENGINE}: {ENGINE.stat().st_size:,} bytes")
