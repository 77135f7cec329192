"""Write a run or a model in a format that plug-ins and other programs read."""

import re
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from voxnas.export.formats import find_format
from voxnas.export.load import Model, load_model
from voxnas.export.metadata import nam_metadata
from voxnas.export.record_json import FILE_NAME as RUN_FILE_NAME
from voxnas.records.record import FILE_NAME, Record
from voxnas.utils.app import hydra_app
from voxnas.utils.errors import InputError


@hydra_app("on_model/export")
def main(cfg: DictConfig) -> None:
    """`python src/export.py model=PATH format=nam [output=PATH] [metadata.name="My amp"]`."""
    chosen = find_format(cfg.format)
    model = load_model(cfg.model, cfg.submodel)
    sample_rate = cfg.sample_rate or model.sample_rate
    if sample_rate is None:
        raise InputError(f"{model.path}: does not tell its sample rate; add sample_rate=48000 or what it is")
    output = Path(cfg.output) if cfg.output else model.path.with_name(_stem(model) + chosen.suffix)
    if output.resolve() == model.path.resolve():
        raise InputError(f"{output}: is the model itself; give another output=")
    given = OmegaConf.to_container(cfg.metadata)
    measured = nam_metadata(model.network, sample_rate, **_training(model), **given)
    path = chosen.write(model.network, output, sample_rate, {**model.metadata, **measured})
    print(f"wrote {path} ({path.stat().st_size / 1024:.0f} KiB)")


def _stem(model: Model) -> str:
    """A run's files have general names, so its model goes by the network's."""
    if model.path.name == RUN_FILE_NAME or model.path.suffix == ".ckpt":
        return re.sub(r"[^\w.-]+", "_", model.network.name)
    return re.sub(r"(\.(rtneural|aidax|proteus))?\.\w+$", "", model.path.name)


def _training(model: Model) -> dict[str, Any]:
    """Facts about the training: the run's record, or the file's own metadata."""
    known = model.metadata.get("training")
    said: dict[str, Any] = known if isinstance(known, dict) else {}
    record = model.path.parent / FILE_NAME
    esr = Record.read(record).best_val_loss if record.is_file() else said.get("validation_esr")
    settings = said.get("settings")
    return {"validation_esr": esr, "training_settings": settings if isinstance(settings, dict) else None}


if __name__ == "__main__":
    main()
