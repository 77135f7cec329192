"""Play through a model live: sound card in, model, sound card out; or a file through the same loop."""

from voxnas.utils import interrupt

interrupt.until_started()

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from omegaconf import DictConfig

from voxnas.audio.streams import open_source
from voxnas.engine.for_host import engine_for
from voxnas.engine.live.control import run
from voxnas.engine.live.driver import AudioDriver
from voxnas.engine.live.file_driver import FileDriver
from voxnas.engine.live.model_bank import ModelBank, Slot, at_rate, session_rate
from voxnas.engine.live.screen import figures, summary
from voxnas.engine.live.sound_card import SoundCard, list_devices
from voxnas.export.files import write_json
from voxnas.export.load import load_model
from voxnas.models.controls import check_names, encode
from voxnas.utils.app import hydra_app
from voxnas.utils.errors import InputError
from voxnas.utils.flags import as_overrides

sys.argv[1:] = as_overrides(sys.argv[1:], {"file", "output", "model"})

HOW = {
    "auto": "made to sound right at",
    "around": "converted from and to",
    "inside": "made to play at",
    "as_is": "sounds different at",
}


@hydra_app("on_model/realtime_demo", open_groups=["controls"])
def main(cfg: DictConfig) -> None:
    """`python src/realtime_demo.py model=PATH | models=[PATH,…] [--file in.wav [output=out.wav]]`."""
    if cfg.devices:
        print(list_devices())
        return
    if cfg.block_size < 1:
        raise InputError(f"block_size={cfg.block_size} is not positive")
    slots = [_slot(path, cfg) for path in [*([cfg.model] if cfg.model else []), *cfg.models]]
    for name in cfg.controls:
        if not any(name in slot.setting for slot in slots):
            check_names([control for slot in slots for control in slot.controls], {name: None})
    rate = session_rate(slots, cfg.sample_rate)
    slots = [at_rate(slot, rate) for slot in slots]
    bank = ModelBank(slots, rate, cfg.block_size, cfg.input_gain_db, cfg.output_gain_db)
    for slot in slots:
        if slot.sample_rate not in (None, rate):
            print(f"note: {slot.name} is for {slot.sample_rate} Hz: {HOW[cfg.rate_method]} {rate} Hz")
    with _driver(cfg, bank) as driver:
        every = {"switch_every": cfg.switch_every, "change_rate_every": cfg.change_rate_every}
        run(driver, bank, seconds=cfg.seconds, rates=list(cfg.rates), **every)
    print(*summary(bank), sep="\n")
    if isinstance(driver, FileDriver) and driver.written:
        print(*(f"note: {notice}" for notice in driver.written.notices), f"wrote {cfg.output}", sep="\n")
    if cfg.json:
        print(f"wrote {write_json(figures(bank), Path(cfg.json), indent=2)}")


def _slot(path: str, cfg: DictConfig) -> Slot:
    model = load_model(path, cfg.submodel)
    network, rate = model.network, model.sample_rate if cfg.sample_rate else model.rate()
    name = Path(path).name if Path(path).is_dir() else Path(path).stem
    own = {control.name for control in network.controls}
    setting = {name: value for name, value in cfg.controls.items() if name in own}
    encode(network.controls, setting)  # what is off its panel is refused before anything plays
    make = partial(engine_for, network, cfg.engine, rate, method=cfg.rate_method)
    return Slot(name, make, rate, network.receptive_field, network.controls, setting)


@contextmanager
def _driver(cfg: DictConfig, bank: ModelBank) -> Iterator[AudioDriver]:
    player, size = bank.player, cfg.block_size
    if cfg.file is None:
        if cfg.output is not None:
            raise InputError("output= goes with file=PATH; a sound card's output is not recorded")
        devices = {"input_device": cfg.input_device, "output_device": cfg.output_device}
        card = SoundCard(player, size, **devices, channel=cfg.channel or 0)
        print(f"sound card: {player.sample_rate} Hz, blocks of {size}, delay {card.delay_ms:.1f} ms")
        yield card
        return
    with open_source(cfg.file, cfg.channel) as source:
        if cfg.output is not None and Path(cfg.output).exists() and Path(cfg.output).samefile(cfg.file):
            raise InputError(f"{cfg.output}: is the input itself; give the output another name")
        for notice in source.notices:
            print(f"note: {notice}")
        yield FileDriver(player, source, size, output=cfg.output, subtype=cfg.subtype, pace=cfg.pace)


if __name__ == "__main__":
    main()
