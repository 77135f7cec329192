"""Conversion of a run or a model into another format."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from voxnas.export.files import check_sample_rate
from voxnas.export.formats import find_format
from voxnas.export.knobs import folded, is_sweep, suffix, write_sweep
from voxnas.export.load import Model, load_model
from voxnas.export.metadata_of import metadata_of
from voxnas.export.pack import FORMAT as CONTAINER
from voxnas.export.pack import pack
from voxnas.export.record_json import FILE_NAME as RUN_FILE_NAME
from voxnas.models.at_rate import at_ratio
from voxnas.utils.errors import InputError


def convert(
    model: str | None,
    format: str,
    output: str | None = None,
    submodel: int | None = None,
    sample_rate: int | None = None,
    metadata: Mapping[str, Any] | None = None,
    models: Sequence[str] = (),
    controls: Mapping[str, Any] | None = None,
    at_rate: int | None = None,
) -> None:
    """Write a model in a format, or several into a container, and say where.

    Args:
        model, submodel: see `load_model`; from container to container go all, unless one is picked.
        format: see `find_format`; or that of a container, see `pack`.
        output: a file; None for beside the model.
        sample_rate: in Hz; None for the model's own, see `Model.rate`.
        metadata: see `nam_metadata`; what is None is left out.
        models: further ones, for a container.
        controls: values of knobs, which are folded into the weights; `sweep:11` of one, for a container, has
            it at 11 positions there. Those that are left out stay knobs, where the format has any.
        at_rate: in Hz, a whole multiple of the model's: what is written sounds the same there.

    Raises:
        InputError: no such format or model, a format that cannot hold it.
    """
    paths = [*([] if model is None else [model]), *models]
    if not paths:
        raise InputError(f"model is missing: give model=PATH, or models=[PATH,PATH] with format={CONTAINER}")
    setting = dict(controls or {})
    if setting and len(paths) > 1:
        raise InputError("controls: they are of one model; fold the models one by one")
    if format == CONTAINER and at_rate is not None:
        raise InputError(f"at_rate: format={CONTAINER} keeps its models' rate; export them one by one")
    if format == CONTAINER and setting:
        loaded = load_model(paths[0], submodel)
        path, rate = _to(loaded, output, "-sweep.nam"), loaded.rate(sample_rate)
        if not is_sweep(setting):
            raise InputError(
                f"controls: format={CONTAINER} sweeps one of them, such as {next(iter(setting))}=sweep:11"
            )
        _say(write_sweep(loaded, setting, path, rate, metadata or {}))
        return
    if format == CONTAINER:
        pack(paths, output or _beside(paths), submodel, sample_rate, metadata or {})
        return
    chosen = find_format(format, [CONTAINER])
    if models:
        raise InputError(f"models: format={format} holds one, model=PATH; format={CONTAINER} holds several")
    loaded = folded(load_model(paths[0], submodel), setting)
    rate = loaded.rate(sample_rate)
    if at_rate is not None:
        loaded, rate = _at_rate(loaded, rate, at_rate), at_rate
    if chosen.rate not in (None, rate):
        print(f"note: {format} files play at {chosen.rate} Hz, where a model for {rate} Hz sounds different")
    ending = "" if at_rate is None else f"-{at_rate}"
    path = _to(loaded, output, suffix(setting) + ending + chosen.suffix)
    written = chosen.write(loaded.network, path, rate, metadata_of(loaded, rate, metadata or {}))
    if loaded.models > 1:
        others = f"submodel=0 to {loaded.models - 1} pick the others, format={CONTAINER} keeps all"
        print(f"note: {loaded.path} holds {loaded.models} models; this is submodel={loaded.place}, {others}")
    _say(written)


def _at_rate(model: Model, own_rate: int, rate: int) -> Model:
    if (checked := check_sample_rate(rate)) is None:
        raise InputError(f"at_rate={rate} is not a rate in Hz, such as 96000")
    return replace(model, network=at_ratio(model.network, checked / own_rate), sample_rate=checked)


def _to(model: Model, output: str | None, ending: str) -> Path:
    """The file that is written: the user's, or one beside the model. InputError where that is the model."""
    path = Path(output) if output else model.path.with_name(_stem(model) + ending)
    if path.resolve() == model.path.resolve():
        raise InputError(f"{path}: is the model itself; give another output=")
    return path


def _say(written: Path) -> None:
    print(f"wrote {written} ({written.stat().st_size / 1024:.0f} KiB)")


def _beside(paths: Sequence[str]) -> Path:
    """Where the container of one model goes; several are at no one place."""
    if len(paths) > 1:
        raise InputError(f"output is missing: give output=PATH for the file of {len(paths)} models")
    loaded = load_model(paths[0])
    return loaded.path.with_name(_stem(loaded) + ".nam")


def _stem(model: Model) -> str:
    """A run's files have general names, so its model goes by the network's."""
    if model.path.name == RUN_FILE_NAME or model.path.suffix == ".ckpt":
        return re.sub(r"[^\w.-]+", "_", model.network.name)
    return re.sub(r"(\.(rtneural|aidax|proteus))?\.\w+$", "", model.path.name)
