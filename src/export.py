"""Write a run or a model in a format that plug-ins and other programs read."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from voxnas.export.header.render import write_header
from voxnas.export.load import Model, load_model
from voxnas.export.metadata import nam_metadata
from voxnas.export.nam import write_nam
from voxnas.export.record_json import write_record_json
from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.app import hydra_app
from voxnas.utils.errors import InputError

WRITERS = {"nam": write_nam, "json": write_record_json, "header": write_header}
SUFFIXES = {"header": "h"}  # where it is not the format's name


@hydra_app("on_model/export")
def main(cfg: DictConfig) -> None:
    """`python src/export.py model=PATH format=nam [output=PATH] [metadata.name="My amp"]`."""
    model = load_model(cfg.model, cfg.submodel)
    if cfg.format not in WRITERS:
        raise InputError(f"format={cfg.format} is unknown; use one of {', '.join(WRITERS)}")
    sample_rate = cfg.sample_rate or model.sample_rate
    if sample_rate is None:
        raise InputError(f"{model.path}: does not tell its sample rate; add sample_rate=48000 or what it is")
    suffix = SUFFIXES.get(cfg.format, cfg.format)
    output = Path(cfg.output) if cfg.output else model.path.with_name(f"{_stem(model)}.{suffix}")
    if output.resolve() == model.path.resolve():
        raise InputError(f"{output}: is the model itself; give another output=")
    given = OmegaConf.to_container(cfg.metadata)
    measured = nam_metadata(model.network, sample_rate, validation_esr=_validation_esr(model), **given)
    path = WRITERS[cfg.format](model.network, output, sample_rate, {**model.metadata, **measured})
    print(f"wrote {path} ({path.stat().st_size / 1024:.0f} KiB)")


def _stem(model: Model) -> str:
    """A run's files have general names, so its model goes by the network's."""
    return model.path.stem if model.path.suffix == ".nam" else model.network.name


def _validation_esr(model: Model) -> float | None:
    record = model.path.parent / FILE_NAME
    return Record.read(record).best_val_loss if record.is_file() else None


if __name__ == "__main__":
    main()
