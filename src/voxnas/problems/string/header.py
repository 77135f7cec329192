"""A string as one C++ header: `strike`, `set_pitch`, `set_damping`, `process`."""

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from voxnas.kernels.build import SOURCES
from voxnas.models.strings.net import StringNet
from voxnas.utils.files import write_text

WIDTH = 8  # numbers on a line
INCLUDED = ("string_voice_layer", "rational_tanh")  # by the voice, and by each other in this order


def write_header(network: StringNet, exciter: NDArray[np.float32], path: Path) -> Path:
    """Write the string, its weights and the recording's pluck; C++14, no libraries."""
    write_text(path, header(network, exciter, path.stem))
    return path


def header(network: StringNet, exciter: NDArray[np.float32], name: str) -> str:
    """The header's text; what it defines lies in a namespace named after the string."""
    form, space = network.voice_form(), "string_" + re.sub(r"\W", "_", name)
    voice = (SOURCES / "string_voice.h").read_text(encoding="utf-8")
    for part in INCLUDED:
        text = (SOURCES / f"{part}.h").read_text(encoding="utf-8")
        text = text.replace("}  // namespace voxnas", "}")  # the voice's stays open
        voice = voice.replace(f'#include "{part}.h"\n', text)
    voice = voice.replace("#pragma once\n", "")
    voice = voice.replace("namespace voxnas {", f"namespace {space} {{")
    voice = voice.replace("}  // namespace voxnas", "")
    arrays = {
        "weights": form.weights,
        "parts": form.parts,
        "offsets": form.offsets,
        "delays": form.delays,
        "exciter": exciter.ravel(),
    }
    tables = "\n".join(_table(key, values) for key, values in arrays.items())
    shape = ", ".join(str(value) for value in form.shape)
    numbers = ", ".join(f"{v:.17g}" for v in (form.sample_rate, form.period, form.max_t60, form.drop))
    return f"""// {name}: a string, {network.num_parameters} parameters, for {form.sample_rate:g} Hz.
//   {space}::String string;
//   string.strike(0.8f); string.set_pitch(110.0); string.process(block, 64);  // adds to the block
#pragma once
{voice}
{tables}

inline VoiceModel model() {{
  return {{{{{shape}}}, weights, parts, offsets, delays, {numbers}}};
}}

// At rest until it is struck.
class String : public StringVoice {{
 public:
  String() : StringVoice(model()) {{}}
  using StringVoice::strike;
  // The recording's own pluck.
  void strike(float velocity = 1.f) {{ StringVoice::strike(exciter, {exciter.shape[1]}, velocity); }}
}};

}}  // namespace {space}
"""


def _table(name: str, values: NDArray[np.float32]) -> str:
    numbers = [_literal(value) for value in values]
    lines = [", ".join(numbers[i : i + WIDTH]) for i in range(0, len(numbers), WIDTH)]
    return f"static const float {name}[] = {{\n    " + ",\n    ".join(lines) + "};"


def _literal(value: float) -> str:
    text = f"{value:.9g}"
    return text + ("f" if any(c in text for c in ".en") else ".f")
