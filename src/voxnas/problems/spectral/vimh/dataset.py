"""A VIMH set on disk: its folder's name, its JSON and its bytes, held against each other."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voxnas.problems.spectral.vimh.folder import EXAMPLE, FolderName
from voxnas.problems.spectral.vimh.knobs import Knob
from voxnas.problems.spectral.vimh.metadata import FILE, Metadata, read_metadata
from voxnas.problems.spectral.vimh.records import SIZES, first_header, map_records, record_type
from voxnas.utils.errors import InputError, InputErrors

PARTS = ("train", "test")
PROBED = 64  # records, spread over a file, that a fingerprint reads and every opening checks
CHUNK = 4096  # records that a whole check reads at a time


@dataclass(frozen=True)
class VimhSet:
    """A set that is open: records are read as they are asked for, so that any number of them may be.

    Args:
        folder: where it is.
        metadata: what its JSON says.
        train, test: records `(n,)`, see `record_type`.
    """

    folder: Path
    metadata: Metadata
    train: np.ndarray
    test: np.ndarray

    @property
    def knobs(self) -> tuple[Knob, ...]:
        """Knobs in the order of the labels."""
        return self.metadata.knobs

    def fingerprint(self) -> str:
        """Hash of the JSON, of the numbers of records, and of records from all over the files."""
        sha = hashlib.sha256(self.metadata.written().encode())
        for records in (self.train, self.test):
            sha.update(f"{len(records)}".encode())
            sha.update(records[spread(len(records))].tobytes())
        return sha.hexdigest()

    def values(self, records: np.ndarray) -> np.ndarray:
        """What the knobs of records stand at, `(n, knobs)`."""
        levels = records["labels"][:, :, 1]
        return np.stack([knob.decode(levels[:, i]) for i, knob in enumerate(self.knobs)], axis=1)


def spread(number: int, most: int = PROBED) -> np.ndarray:
    """Numbers of at most so many records, the first and the last among them."""
    return np.unique(np.linspace(0, max(0, number - 1), min(number, most)).round().astype(np.int64))


def open_set(folder: str | Path) -> VimhSet:
    """The set of a folder, in a time that does not grow with it.

    Raises InputErrors with one line for each contradiction between folder, JSON and bytes; a file's records
    are looked at in places only, see `contradictions` for all of them.
    """
    where = Path(folder).expanduser()
    if not where.is_dir():
        raise InputError(f"{where}: no such folder; python src/generate_vimh.py makes a set")
    missing = [name for name in (FILE, *PARTS) if not (where / name).is_file()]
    if missing:
        pickles = [f"{part}_batch" for part in PARTS if (where / f"{part}_batch").is_file()]
        hint = f" ({', '.join(pickles)}: pickles, which run code and are never opened)" if pickles else ""
        raise InputError(f"{where}: no set of VIMH bytes: {', '.join(missing)} missing{hint}")
    metadata = read_metadata(where / FILE)
    lines = [
        *_of_folder(where, metadata),
        *(line for part in PARTS for line in _of_header(where / part, metadata)),
    ]
    if lines:
        raise InputErrors(lines)
    kind = record_type(*metadata.size, len(metadata.knobs))
    train, test = (map_records(where / part, kind) for part in PARTS)
    opened = VimhSet(where, metadata, train, test)
    lines = [*_of_counts(opened), *(line for part in PARTS for line in _of_records(opened, part, PROBED))]
    if lines:
        raise InputErrors(lines)
    return opened


def contradictions(opened: VimhSet) -> list[str]:
    """A line for every record that says something else than its set, the first of each file's kind."""
    return [line for part in PARTS for line in _of_records(opened, part, None)]


def empty_classes(opened: VimhSet) -> list[str]:
    """A line for each knob of which no training image stands at some points of its grid."""
    lines, values = [], opened.values(opened.train[spread(len(opened.train), 100_000)])
    for i, knob in enumerate(opened.knobs):
        counts = np.bincount(knob.class_of(values[:, i]), minlength=knob.classes)
        if empty := [knob.text(knob.grid[k]) for k in np.flatnonzero(counts == 0)]:
            shown = ", ".join(empty[:6]) + (", …" if len(empty) > 6 else "")
            lines.append(
                f"{knob.name}: no training image at {len(empty)} of {knob.classes} steps ({shown}): "
                "an estimate there is a guess"
            )
    return lines


def _of_folder(folder: Path, metadata: Metadata) -> list[str]:
    """Contradictions between a folder's name and its JSON."""
    name = FolderName.parse(folder.resolve().name)
    if name is None:
        return [f"{folder}: the folder's name is not of the form {EXAMPLE}"]
    values = metadata.values
    said = {
        "height": (name.height, values["height"]),
        "width": (name.width, values["width"]),
        "channels": (name.channels, values["channels"]),
        "sample rate": (name.sample_rate, values["sample_rate"]),
        "duration": (name.duration, float(values["duration"])),
        "number of knobs": (name.varying, values["varying_parameters"]),
        "number of images": (name.samples, values["train_samples"] + values["test_samples"]),
    }
    return [
        f"{folder}: {what} is {by_name:g} by the folder's name and {by_json:g} by {FILE}"
        for what, (by_name, by_json) in said.items()
        if by_name != by_json
    ]


def _of_header(path: Path, metadata: Metadata) -> list[str]:
    """Contradictions between the first record and the JSON: what follows cannot be read without them."""
    if path.stat().st_size == 0 and metadata.values[f"{path.name}_samples"] == 0:
        return []
    try:
        header = first_header(path)
    except InputError as error:
        return [str(error)]
    found = {name: (int(header[name]), wanted) for name, wanted in zip(SIZES, metadata.size, strict=True)}
    found["number of knobs"] = int(header["count"]), len(metadata.knobs)
    return [
        f"{path}: {what} is {there} by its first record and {wanted} by {FILE}"
        for what, (there, wanted) in found.items()
        if there != wanted
    ]


def _of_counts(opened: VimhSet) -> list[str]:
    lines = []
    for part in PARTS:
        there, wanted = len(getattr(opened, part)), opened.metadata.values[f"{part}_samples"]
        if there != wanted:
            lines.append(f"{opened.folder / part}: {there} records, {wanted} by {FILE}")
    return lines or ([f"{opened.folder}: no image to train on"] if len(opened.train) == 0 else [])


def _of_records(opened: VimhSet, part: str, most: int | None) -> list[str]:
    """The first record of a part with each kind of contradiction; `most` for a look at so many only."""
    records: np.ndarray = getattr(opened, part)
    if most is not None:
        where = spread(len(records), most)
        return _wrong(opened, part, records[where], where)
    for start in range(0, len(records), CHUNK):
        chunk = records[start : start + CHUNK]
        if lines := _wrong(opened, part, chunk, np.arange(start, start + len(chunk))):
            return lines
    return []


def _wrong(opened: VimhSet, part: str, records: np.ndarray, numbers: np.ndarray) -> list[str]:
    knobs = len(opened.knobs)
    wanted = dict(zip(SIZES, opened.metadata.size, strict=True)) | {"count": knobs}
    wrong = {
        f"its {'number of knobs' if name == 'count' else name} is not {value}": records[name] != value
        for name, value in wanted.items()
    }
    numbered = (records["labels"][:, :, 0] != np.arange(knobs)).any(axis=1)
    wrong[f"a label out of range: its knobs are not numbered 0 to {knobs - 1}"] = numbered
    scales = np.isfinite(records["low"]) & np.isfinite(records["high"]) & (records["low"] <= records["high"])
    wrong["its scale (spec_min, spec_max) is no range"] = ~scales
    return [
        f"{opened.folder / part}: record {numbers[int(np.argmax(mask))]}: {words}"
        for words, mask in wrong.items()
        if mask.any()
    ]
