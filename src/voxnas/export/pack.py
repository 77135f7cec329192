"""Several models in one file, in the order of what they cost in the plug-in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voxnas.drawing.names import spread
from voxnas.export.container_costs import costs_of
from voxnas.export.files import CannotHold, write_json
from voxnas.export.load import Model, load_model, load_models
from voxnas.export.metadata import MEASURED
from voxnas.export.metadata_of import known, metadata_of_all, own_metadata
from voxnas.export.nam import nam_content
from voxnas.export.nam_container import MAX_SUBMODELS, PLAYED, packed, positions
from voxnas.export.record_json import FILE_NAME as RUN_FILE_NAME
from voxnas.utils.errors import InputError

FORMAT = "nam_container"


@dataclass(frozen=True)
class Member:
    """Model on its way into a container, with what it says of itself."""

    model: Model
    metadata: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As messages have it: its run's folder or its file, and the place in it where there are several."""
        path = self.model.path
        file = str(path.parent if path.name == RUN_FILE_NAME else path)
        return f"{file} submodel={self.model.place}" if self.model.models > 1 else file


@dataclass(frozen=True)
class Packed:
    """Container that was written.

    Args:
        places: of the models in it, among those that were given.
        positions: where in the player's slider each of them plays.
        title: of the positions.
        played: how players go through it, in words.
    """

    places: Sequence[int]
    positions: Sequence[str]
    title: str = "slim value"
    played: str = PLAYED


def pack(
    paths: Sequence[str],
    output: str | Path,
    submodel: int | None = None,
    sample_rate: int | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write models into a container, the cheapest first, and say which lies where.

    Args:
        paths: see `load_models`.
        output: a file.
        submodel: the one to take of each container; None for all.
        sample_rate: of all, in Hz; None for their own, see `Model.rate`.
        metadata: the container's, see `metadata_of_all`.

    Raises:
        InputError: a model that cannot be read, or that such a file cannot hold; different rates.
    """
    files = [_load(path, submodel) for path in paths]
    container = files[0][1] if len(files) == 1 else None
    models = [m for held, said in files for m in (held if container else _with_said(held, said or {}))]
    rate = common_rate(models, sample_rate)
    _refuse_overwriting(models, Path(output))
    costs = costs_of([model.network.architecture() for model in models], rate)
    order = sorted(range(len(models)), key=costs.values.__getitem__)
    members = [Member(models[i], own_metadata(models[i], rate)) for i in order]
    said = metadata_of_all(container, [member.metadata for member in members], metadata or {})
    written = write_container(members, Path(output), rate, said)
    for note in costs.notes:
        print(f"note: {note}")
    for position, i, member in zip(positions(len(order)), order, members, strict=True):
        print(f"slim {position}: {member.name}, {costs.title} {costs.text(i)}")
    print(PLAYED.replace("`", ""))
    print(f"wrote {written} ({written.stat().st_size / 1024:.0f} KiB)")


def pack_files(files: Sequence[Path], path: Path, name: str) -> Packed:
    """Write the models of exported files into a container in this order, with what they say of themselves.

    Of more than it holds those that are evenly spread. It goes by `name` where they have none in common.
    Raises InputError as `pack` does.
    """
    places = spread(len(files), MAX_SUBMODELS)
    models = [load_model(files[place]) for place in places]
    rate = common_rate(models)
    members = [Member(model, known(model.metadata)) for model in models]
    said = metadata_of_all(None, [member.metadata for member in members], {})
    write_container(members, path, rate, {"name": name, **said} if name else said)
    return Packed(places, positions(len(places)))


def write_container(
    members: Sequence[Member], path: Path, sample_rate: int, metadata: Mapping[str, Any]
) -> Path:
    """Write models in their order, and return the path; InputError naming one that it cannot hold."""
    if len(members) > MAX_SUBMODELS:
        raise InputError(f"{path}: not written: {len(members)} models, {MAX_SUBMODELS} at most")
    contents = []
    for member in members:
        try:
            contents.append(nam_content(member.model.network, sample_rate, member.metadata))
        except CannotHold as error:
            raise CannotHold(f"{path}: not written: {member.name}: {error}; leave it out") from error
        except InputError as error:
            raise InputError(f"{path}: not written: {member.name}: {error}") from error
    return write_json(packed(contents, sample_rate, metadata), path)


def common_rate(
    models: Sequence[Model], wanted: int | None = None, say: Callable[[str], None] = print
) -> int:
    """The one rate in Hz that the models are for; InputError naming them where they differ."""
    notes: dict[str, None] = {}
    rates = [model.rate(wanted, say=lambda note: notes.setdefault(note)) for model in models]
    for note in notes:
        say(note)
    if len(set(rates)) > 1:
        told = ", ".join(f"{Member(m, {}).name} {rate} Hz" for m, rate in zip(models, rates, strict=True))
        raise InputError(f"models for different sample rates do not go into one file: {told}")
    return rates[0]


def _load(path: str, submodel: int | None) -> tuple[list[Model], dict[str, Any] | None]:
    if submodel is None:
        return load_models(path)
    return [load_model(path, submodel)], None


def _with_said(models: Sequence[Model], said: Mapping[str, Any]) -> list[Model]:
    """Models that leave a container take along what it said of all of them."""
    shared = {key: value for key, value in known(said).items() if key not in MEASURED}
    return [replace(model, metadata={**shared, **known(model.metadata)}) for model in models]


def _refuse_overwriting(models: Sequence[Model], output: Path) -> None:
    if output.resolve() in {model.path.resolve() for model in models}:
        raise InputError(f"{output}: is one of the models itself; give another output=")
