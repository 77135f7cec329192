"""Writer of a trained model as one C++17 header without dependencies, for plug-in developers."""

import copy
import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from string import Template
from textwrap import fill
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from voxnas.audio.polyphase import DENSITY, low_delay, prototype
from voxnas.export.files import CannotHold
from voxnas.export.header import chain, program, recurrent, wavenet
from voxnas.export.header.control_weights import weight_values
from voxnas.export.header.controls import control_values, row_values
from voxnas.export.header.parts import Parts
from voxnas.kernels.build import SOURCES
from voxnas.models.base import StreamingNetwork
from voxnas.models.weighed import WeighedNetwork
from voxnas.utils.errors import InputError
from voxnas.utils.files import write_text

RUNTIME = Path(__file__).parent / "runtime"
VALUES = ("rational_tanh.h", "activation_values.h")
SHARED = (*VALUES, "resampler.h", "steps.h")  # of the native code's sources
_ARCHITECTURES: dict[str, Callable[[Any], Parts]] = {
    "WaveNet": wavenet.parts,
    "LSTM": recurrent.parts,
    "GRU": recurrent.parts,
    "ConvNet": chain.parts,
    "Linear": chain.parts,
    "TCN": program.parts,
    "StateTrajectory": program.parts,
    "Lactose": program.parts,
    "Transformer": program.parts,
    "StateSpace": program.parts,
    "ConditionedWaveNet": program.parts,
}
# What C++ has itself that consists of several words; single words are too many to know.
_RESERVED = re.compile(r".*_(t|eq|cast)|co_.*|static_assert|thread_local")


def write_header(
    network: StreamingNetwork, path: str | Path, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write a network as a C++ header, in a namespace that is called after the file. Returns the path.

    Raises:
        CannotHold: no header can hold the network.
        InputError: it holds NaN, or the file cannot be written.
    """
    path = Path(path)
    try:
        text = render_header(network, namespace(path.stem), sample_rate, metadata)
    except CannotHold as error:
        raise CannotHold(f"{path}: not written: {error}") from error
    except InputError as error:
        raise InputError(f"{path}: not written: {error}") from error
    try:
        write_text(path, text)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error})") from error
    return path


def namespace(name: str) -> str:
    """Identifier made of a name: `JTM 12 (bright)` is `JTM_12_bright`, a single word gets `_model` added.

    That is because a word may be a keyword, a macro, or a function of the C library.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")
    if not words or words[0].isdigit():
        return f"amp_model_{words}".rstrip("_")
    return f"{words}_model" if "_" not in words or _RESERVED.fullmatch(words) else words


def render_header(
    network: StreamingNetwork, name: str, sample_rate: int, metadata: Mapping[str, Any] | None = None
) -> str:
    """Text of a header, with everything in the namespace `name`.

    Numbers are written such that they come back exactly. Of the metadata `name`, `loudness`,
    `input_level_dbu` and `output_level_dbu` become constants.

    Raises:
        CannotHold: no header can hold such a network.
        InputError: it holds NaN or infinity.
    """
    kind = type(network).__name__
    if kind not in _ARCHITECTURES:
        raise CannotHold(f"a header cannot hold a {kind}; known are {', '.join(_ARCHITECTURES)}")
    with torch.no_grad():
        exact = copy.deepcopy(network).cpu().double()
        parts = _ARCHITECTURES[kind](exact)
        of_controls: Mapping[str, str] = {}
        if network.controls:
            of_controls = _controls(exact, _ARCHITECTURES[kind])
    if not all(np.isfinite(array).all() for array in (parts.weights, parts.silence)):
        raise InputError("the model's weights hold NaN or infinity")
    about = {"name": network.name, **(metadata or {})}
    text = Template(_code("model.h")).safe_substitute(
        namespace=name,
        licence=_code("licence.h").rstrip(),
        includes=("#include <cmath>\n" if of_controls or "steps.h" in parts.runtime else "")
        + _code("includes.h"),
        state_kib=max(1, round((parts.state_floats + len(of_controls and parts.weights)) * 4 / 1024)),
        controls="\n" + Template(_code("controls.h")).substitute(of_controls) if of_controls else "",
        methods=Template(_code("methods_controls.h")).substitute(of_controls)
        if of_controls
        else _code("methods.h"),
        runtime="\n".join(_code(file) for file in ("vec.h", *VALUES, "activations.h", *parts.runtime)),
        type=parts.type,
        constants="\n".join(_constants(network, sample_rate, about)),
        weight_count=max(1, len(parts.weights)),
        weights=_literals(parts.weights),
        silence_count=max(1, len(parts.silence)),
        silence=_literals(parts.silence),
        resampler=_resampler(),
        any_rate=Template(_code("any_rate.h")).substitute(delay_samples=repr(round(2 * low_delay(), 6))),
    )
    unique = f"model_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    return Template(text).substitute(unique=unique)


def _controls(network: StreamingNetwork, make_parts: Callable[[Any], Parts]) -> Mapping[str, str]:
    """What stands for the names in controls.h and methods_controls.h."""
    weights = network.control_weights if isinstance(network, WeighedNetwork) else None
    if weights is None:
        mixing, values = "controls_rows.h", row_values(network, make_parts, _literals)
    else:
        mixing, values = "controls_weights.h", weight_values(network, weights, make_parts, _literals)  # type: ignore[arg-type]
    return {
        **control_values(network, _literals, _string),
        "mixing": Template(_code(mixing)).substitute(values).strip(),
    }


def _resampler() -> str:
    """The conversion of sample rates: code, and the filter's numbers."""
    code, numbers = _code("resampler.h"), prototype()
    return (
        f"{code}\nconstexpr int kPrototypeSize = {len(numbers)};\n"
        f"constexpr int kDensity = {DENSITY};\n"
        f"inline constexpr float kPrototype[kPrototypeSize] = {{\n{_literals(numbers)}}};"
    )


def _code(file: str) -> str:
    """Text of a file of the runtime, or of what it shares with the streams without what surrounds it."""
    if file in SHARED:
        text = (SOURCES / file).read_text(encoding="utf-8")
        about, code = text.split("#pragma once\n")
        inside = code.partition("namespace voxnas {\n")[2].rpartition("}  // namespace voxnas")[0]
        return f"{about.rstrip()}{inside.rstrip()}\n"
    return (RUNTIME / file).read_text(encoding="utf-8")


def _constants(network: StreamingNetwork, sample_rate: int, about: Mapping[str, Any]) -> Iterator[str]:
    def constant(kind: str, key: str, value: str, unit: str = "") -> str:
        return f"  static constexpr {kind} {key} = {value};" + (f"  // {unit}" if unit else "")

    yield constant("const char*", "name", _string(str(about["name"])))
    yield constant("int", "sample_rate", str(sample_rate), "Hz")
    yield constant(
        "int", "receptive_field", str(network.receptive_field), "samples, the current one included"
    )
    yield constant("long", "parameters", str(network.num_parameters))
    yield constant("long", "macs_per_sample", str(network.macs_per_sample))
    for key, unit in (("loudness", "dB"), ("input_level_dbu", "dBu"), ("output_level_dbu", "dBu")):
        value = about.get(key)
        if isinstance(value, int | float) and np.isfinite(value):
            yield constant("double", key, repr(float(value)), unit)


def _string(text: str) -> str:
    """A literal in plain ASCII that is these bytes of UTF-8."""
    plain = set(range(32, 127)) - set(b'"\\?')
    return '"' + "".join(chr(b) if b in plain else f"\\{b:03o}" for b in text.encode()) + '"'


def _literals(values: NDArray[np.float32]) -> str:
    """Hexadecimal, which has no rounding."""
    if not len(values):
        return "0.f"
    return fill(", ".join(map(_literal, values)), 120, break_long_words=False, break_on_hyphens=False)


def _literal(value: np.float32) -> str:
    mantissa, exponent = float(value).hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{int(exponent)}f"
