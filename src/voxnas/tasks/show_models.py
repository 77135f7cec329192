"""Diagrams of networks by the names of their configs, and lists of configs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from hydra import compose
from hydra.utils import instantiate

from voxnas.drawing import style
from voxnas.models.base import Network
from voxnas.models.diagram import Layer, layers_of
from voxnas.utils.app import ROOT
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMS = ("png", "text", "list")
LISTED = ("problem", "model", "data", "sound", "space", "search", "training", "experiment")
ROW = 0.34  # inches


def show_models(models: Sequence[str], form: str, output_dir: str) -> list[Path]:
    """Draw networks, each from what it does when it runs.

    Args:
        models: names of `configs/model`; none for all that need nothing beside.
        form: "png" for pictures, "text" for tables in the terminal, "list" for a list of all configs.
        output_dir: of the pictures.

    Raises InputError for a name that there is not, and for a network that needs a setting.
    """
    if form not in FORMS:
        raise InputError(f"form={form}: one of {', '.join(FORMS)}")
    if form == "list":
        print("\n".join(listed(models or LISTED)))
        return []
    written = []
    for name in models or names("model"):
        network = network_named(name, bool(models))
        if network is None:
            continue
        layers = layers_of(network)
        print(f"{name}: {type(network).__name__}, {network.num_parameters:,d} parameters")
        if form == "text":
            print("\n".join(f"  {layer.text}" for layer in layers))
            continue
        path = Path(output_dir) / f"{name}.png"
        style.save(diagram(name, network, layers), path)
        print(f"  {path}")
        written.append(path)
    return written


def names(group: str) -> list[str]:
    """Configs of a group."""
    return sorted(path.stem for path in (ROOT / "configs" / group).glob("*.yaml"))


def listed(groups: Sequence[str]) -> list[str]:
    """Lines with the configs of groups, each with the first line of what it says."""
    lines = []
    for group in groups:
        if not (found := names(group)):
            raise InputError(f"no group {group}; there are {', '.join(LISTED)}")
        lines.append(f"{group}:")
        for name in found:
            text = (ROOT / "configs" / group / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
            said = next((line[2:] for line in text if line.startswith("# ") and "@package" not in line), "")
            lines.append(f"  {name:<22} {said}")
    return lines


def network_named(name: str, is_wanted: bool) -> Network | None:
    """The network of a config; None for one that needs settings and was not asked for by its name."""
    if name not in names("model"):
        raise InputError(f"models: {name} is none of {', '.join(names('model'))}")
    try:
        config = compose("train", overrides=[f"model={name}"])
        if "backend" in config.model:
            config.model.backend = "torch"  # whose layers are called one by one
        network: Network = instantiate(config.model, _convert_="all")
    except Exception as error:
        if is_wanted:
            raise InputError(
                f"model={name} needs further settings ({' '.join(str(error).split())})"
            ) from error
        print(f"{name}: needs further settings, and is left out")
        return None
    return network


def diagram(name: str, network: Network, layers: Sequence[Layer]) -> "Figure":
    """Figure of boxes from the first layer to the last; equal ones that follow each other are one box."""
    boxes = joined(layers)
    with matplotlib.rc_context(style.RC | {"axes.grid": False}):
        figure = style.new_figure(7.5, 1.2 + 1.6 * ROW * len(boxes))
        axes = figure.add_subplot(xlim=(0, 10), ylim=(-len(boxes) + 0.3, 0.9))
        axes.set_axis_off()
        axes.set_title(f"{name}: {type(network).__name__}, {network.num_parameters:,d} parameters")
        box: Any = {"boxstyle": "round,pad=0.35", "fc": "#EAF1F8", "ec": style.LINES[1], "lw": 1}
        for i, (layer, times) in enumerate(boxes):
            words = layer.kind + (f" × {times}" if times > 1 else "")
            axes.text(2.2, -i, words, ha="center", va="center", bbox=box, fontsize=8)
            about = f"{'×'.join(map(str, layer.made)) or ''}   {layer.says}"
            axes.text(4.6, -i, about.strip()[:78], va="center", fontsize=7)
            axes.text(10, -i, f"{times * layer.parameters:,d}", va="center", ha="right", fontsize=7)
            if i:
                arrow = {"arrowstyle": "->", "color": style.FAINT}
                axes.annotate("", (2.2, -i + 0.28), (2.2, -i + 0.72), arrowprops=arrow)
    return figure


def joined(layers: Sequence[Layer]) -> list[tuple[Layer, int]]:
    """Layers that are alike but for their place, and follow each other, counted."""
    boxes: list[tuple[Layer, int]] = []
    for layer in layers:
        alike = boxes and (layer.kind, layer.says, layer.made, layer.parameters) == (
            *(boxes[-1][0].kind, boxes[-1][0].says, boxes[-1][0].made, boxes[-1][0].parameters),
        )
        boxes = [*boxes[:-1], (boxes[-1][0], boxes[-1][1] + 1)] if alike else [*boxes, (layer, 1)]
    return boxes
