"""An architecture as a candidate: a name that it determines, and the overrides that make it."""

from collections.abc import Mapping, Sequence
from typing import Any

from voxnas.records.identity import identity


def wavenet(layer_arrays: Sequence[Mapping[str, Any]], head_scale: float) -> dict[str, Any]:
    """The WaveNet of these arguments of `LayerArray.of`, as `voxnas.models.build` takes it.

    Its name is `wavenet-16x10k3-8x10k3g-tanh-1a2b3c4d`: per array channels × layers and kernel size, g where
    it is gated; the activations; a hash, so that one network has one name, and no other has the same.
    """
    shape = {"layer_arrays": list(layer_arrays), "head_scale": head_scale}
    activations = [str(array["activation"]).lower()[:4] for array in layer_arrays]
    named = activations[:1] if len(set(activations)) == 1 else activations
    name = "-".join(["wavenet", *map(_summary, layer_arrays), *named, identity(shape)[:8]])
    return {"type": "WaveNet", "name": name, **shape}


def _summary(array: Mapping[str, Any]) -> str:
    kernel, gated = array["kernel_size"], "g" if array["gating"] == "gated" else ""
    kernels = str(kernel) if isinstance(kernel, int) else f"{min(kernel)}to{max(kernel)}"
    return f"{array['channels']}x{len(array['dilations'])}k{kernels}{gated}"


def overrides(architecture: Mapping[str, Any]) -> list[str]:
    """Hydra overrides that make an architecture the model of `configs/train.yaml`."""
    return ["model=architecture", f"model.architecture={_in_hydra_grammar(architecture)}"]


def _in_hydra_grammar(value: Any) -> str:
    """Plain values as an override has them; texts in them are names, which need no quotes."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}:{_in_hydra_grammar(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_in_hydra_grammar, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
