"""Types and ranges of the settings, in one table by their dotted keys.

A table instead of structured configs, whose typed defaults would be part of what identifies a run: it looks
at what was composed and changes nothing. What a key beyond it is worth, the code that takes it says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any

from omegaconf import DictConfig, OmegaConf

from voxnas.utils.errors import InputError
from voxnas.utils.kinds import (
    Kind,
    either,
    flag,
    folder_name,
    is_open,
    listed,
    number,
    one_of,
    or_none,
    panel_value,
    path,
    pattern,
    text,
    unknown,
    whole,
    word,
)
from voxnas.utils.names import RUN_BYTES, STUDY_BYTES, shown

OURS = ("voxnas.", "torch.", "lightning.", "hydra_plugins.voxnas")  # whose arguments the table knows

STUDY, RUN = folder_name(STUDY_BYTES), folder_name(RUN_BYTES)
PATH, SEED, COUNT, SHARE = path(), whole(0, 2**32 - 1), whole(1), number(0, 1)
CHANNEL, RATE = or_none(whole(0)), or_none(whole(1000, 1_000_000))
DELAY = either(one_of("auto"), whole())
STRETCH = pattern(r"[\d.]*\s*:\s*[\d.]*", "START:STOP in seconds, in quotes where a file says it")
SECTION = or_none(either(number(0, 1), STRETCH))
DURATION = or_none(pattern(r"\d+:\d\d:\d\d:\d\d", "a duration as DD:HH:MM:SS"))
BLOCKS = listed(COUNT, "[512,64]")
OBJECTIVES = listed(word(), "[score,cpu_rtf]", may_be_empty=True)  # which code refuses in its own words
GEAR = ("amp", "pedal", "pedal_amp", "amp_cab", "amp_pedal_cab", "preamp", "studio")
TONES = ("clean", "overdrive", "crunch", "hi_gain", "fuzz")
METER = one_of("auto", "native", "torch", "command", "profile")
PRECISION = one_of(
    *("64-true", "32-true", "16-mixed", "bf16-mixed", "16-true", "bf16-true", "transformer-engine"),
    *("transformer-engine-float16", "64", "32", "16", "bf16", 64, 32, 16),
)

METADATA = {
    "gear_type": or_none(one_of(*GEAR)),
    "tone_type": or_none(one_of(*TONES)),
    "input_level_dbu": or_none(number(-100, 100)),
    "output_level_dbu": or_none(number(-100, 100)),
    **{key: or_none(text()) for key in ("name", "modeled_by", "gear_make", "gear_model")},
}
METADATA["*"] = unknown(f"one of {', '.join(METADATA)} instead")

# The first pattern that a key matches counts
SETTINGS: dict[str, Kind] = {
    # of a run and a study
    "study": replace(STUDY, fits=lambda name: name is None or STUDY.fits(name)),  # none where not asked for
    "rung": RUN,
    "from_rung": RUN,
    "to_rung": RUN,
    "name": RUN,
    "model.name": RUN,
    "seed": SEED,
    "data.seed": SEED,
    "demo_seed": SEED,
    "threads": or_none(whole(0)),
    "patience": or_none(whole(0)),
    "stale_after_s": number(),
    "genotype": or_none(PATH),
    "init_from": or_none(PATH),
    "inherit_from": or_none(PATH),
    "search.inherit": flag(),
    "objectives": or_none(OBJECTIVES),
    "tradeoff": OBJECTIVES,
    "constraints.*": or_none(number(finite=False)),
    "limits.*": or_none(number()),
    "max_cpu_rtf": or_none(number(above=0)),
    "max_us_per_block": or_none(number(above=0)),
    "epochs.*": COUNT,
    "search.rungs": listed(COUNT, "[2,10,50]", may_be_empty=True),  # which code refuses in its own words
    # metadata of exported files, by the words that players know
    **{f"export.metadata.{key}": kind for key, kind in METADATA.items()},
    **{f"metadata.{key}": kind for key, kind in METADATA.items()},
    # recordings
    "data.folder": PATH,
    "data.settings": PATH,
    "data.seconds": number(above=0),
    "data.demo_seed": SEED,
    "data.train": SECTION,
    "data.val": SECTION,
    "data.test": SECTION,
    "data.segment_length": or_none(COUNT),
    "data.batch_size": or_none(COUNT),
    "data.strict": flag(),
    **{f"{at}{key}": PATH for at in ("data.", "") for key in ("input", "target")},
    **{f"{at}{key}": CHANNEL for at in ("data.", "") for key in ("channel", "target_channel")},
    **{f"{at}{key}": SHARE for at in ("data.", "") for key in ("drive", "tone", "level")},
    **{f"{at}sample_rate": RATE for at in ("data.", "")},
    **{f"{at}delay": DELAY for at in ("data.", "")},
    # networks
    "model.num_layers": COUNT,
    "model.channels": COUNT,
    "model.dilation_base": COUNT,
    "model.kernel_size": COUNT,
    "model.head_kernel_size": COUNT,
    "model.bottleneck": or_none(COUNT),
    "model.hidden_size": COUNT,
    "model.taps": COUNT,
    "model.warm_up": whole(0),
    "model.head_scale": number(),
    "model.dilations": listed(COUNT, "[1,2,4]"),
    "model.skip": flag(),
    "model.conditioning": or_none(one_of("film", "mixin", "weights")),
    "model.bias": flag(),
    "model": or_none(PATH),  # where it is no group
    # networks and sets of images
    "model.weights": COUNT,
    "model.depth": COUNT,
    "model.growth": number(above=0),
    "model.separable": flag(),
    "model.scales": flag(),
    "model.grid": listed(COUNT, "[4,4]", 2),
    "model.patch": listed(COUNT, "[8,8]", 2),
    "model.pooling": word(),
    "training.loss.kind": word(),
    "training.loss.width": number(above=0),
    "data.val_share": SHARE,
    "folder": or_none(PATH),
    "copy_to": or_none(PATH),
    "data_dir": PATH,
    "processes": or_none(COUNT),
    "if_missing": flag(),
    "sound.source.settings": PATH,
    # training
    "training.loss.*": number(0),
    "training.stress.weight": number(0),
    "training.stress.samples": COUNT,
    "training.stress.every": COUNT,
    "training.stress.margin": number(1),
    "*.optimizer.lr": number(above=0),
    "*.optimizer.betas": listed(number(0, 1), "[0.9,0.99]", 2),
    "*.optimizer.covariance_beta": SHARE,
    "*.optimizer.block_size": COUNT,
    "*.optimizer.refresh_every": COUNT,
    "*.optimizer.eps": number(0),
    "*.optimizer.outlier": or_none(number(above=1)),
    "*.optimizer.weight_decay": number(0),
    "*.optimizer.fused": or_none(flag()),
    "training.schedule.warmup_steps": whole(0),
    "training.schedule.final": number(0),
    "training.polish.weight": number(above=0),
    "training.polish.harmonics": number(0),
    "training.polish.max_esr_ratio": number(1),
    "training.polish.sines": COUNT,
    "training.polish.batch_size": COUNT,
    "training.polish.samples": whole(64),
    "training.polish.pitches": listed(number(above=0), "[82.4,10000]", 2),
    "training.polish.levels_dbfs": listed(number(), "[-30,-6]", 2),
    "training.polish.seed": SEED,
    "trainer.accelerator": one_of("cpu", "cuda", "gpu", "mps", "tpu", "auto"),
    "trainer.precision": PRECISION,
    "trainer.max_epochs": or_none(whole(-1)),
    "trainer.max_time": DURATION,
    "trainer.gradient_clip_val": or_none(number(0)),
    "trainer.check_val_every_n_epoch": COUNT,
    "trainer.num_sanity_val_steps": whole(-1),
    "trainer.log_every_n_steps": whole(0),
    "trainer.overfit_batches": number(0),
    "trainer.limit_*_batches": or_none(number(0)),
    "trainer.detect_anomaly": flag(),
    "trainer.enable_*": or_none(flag()),
    # measures and exports
    "callbacks.benchmark.engine": METER,
    "callbacks.benchmark.block_sizes": BLOCKS,
    "callbacks.benchmark.blocks": COUNT,
    "callbacks.export.formats": listed(word(), "[nam,json]"),
    "callbacks.export.only_realtime": flag(),
    "callbacks.aliasing.pitches": or_none(listed(number(above=0), "[110,440]")),
    "callbacks.aliasing.level_dbfs": number(),
    "callbacks.preview.seconds": number(above=0),
    "callbacks.ema.decay": SHARE,
    # searches
    "search.candidates": whole(),
    "search.n_trials": whole(),
    "search.generations": COUNT,
    "search.parents": COUNT,
    "search.share": number(),
    "search.keep": either(number(), listed(number(), "[16,6,3]")),
    "search.limits.*": number(),
    "search.like": or_none(word()),
    "search.guests": or_none(listed(word(), "[a2_lite,nano]", may_be_empty=True)),
    "search.experience": or_none(either(PATH, listed(PATH, "[logs/nas/NAME]"))),
    "search.final_seeds": listed(SEED, "[11,12,13]", may_be_empty=True),
    "search.finalists": COUNT,
    "search.sure": SHARE,
    "search.minutes": or_none(number(above=0)),
    "search.engine": one_of("plugin", "own"),
    "hydra.launcher.n_jobs": whole(-1),
    "nas_epochs": COUNT,
    "nas_seeds": listed(SEED, "[0,1]", may_be_empty=True),  # which code refuses in its own words
    "nas_penalty": number(),
    "nas_*_share": SHARE,
    "nas_warm_up": SHARE,
    "nas_choice_batch_size": or_none(COUNT),
    "nas_choice_lr": number(above=0),
    "nas_choice_every": COUNT,
    "nas_temperature": listed(number(above=0), "[1.0,0.3]", 2),
    "nas_unrolled": flag(),
    "nas_keep_weights": flag(),
    "keep": number(),
    # other scripts
    "models": listed(PATH, "[clean.nam,lead.nam]", may_be_empty=True),
    "submodel": or_none(whole(0)),
    "output": or_none(PATH),
    "output_dir": or_none(PATH),
    "results": or_none(PATH),
    "json": or_none(PATH),
    "file": or_none(PATH),
    "engine": word(),  # of which each script has its own
    "block_sizes": BLOCKS,
    "block_size": whole(),
    "blocks": COUNT,
    "section": or_none(STRETCH),
    "controls.*": panel_value(),
    "input_gain_db": number(),
    "output_gain_db": number(),
    "level_db": number(),
    "mode": one_of("peak", "rms"),
    "apply_to": one_of("target", "both"),
    "seconds": or_none(number(above=0)),
    "switch_every": or_none(number(above=0)),
    "rates": listed(whole(1), "[44100,48000]", may_be_empty=True),
    "change_rate_every": or_none(number(above=0)),
    "max_quality_esr": or_none(number(0)),
    "samples": COUNT,
    "count": COUNT,
    "notes": or_none(PATH),
    "exciter": word(),
    "strings": COUNT,
    "damping": number(above=0),
    "data.recordings": or_none(either(PATH, listed(PATH, "[take1.wav,take2.wav]"))),
    "tried": COUNT,
    "ensemble": whole(2),
    "dry": or_none(PATH),
    "port": whole(0, 65535),
    "tensorboard_port": or_none(whole(1, 65535)),
    "resample": flag(),
    "devices": flag(),
    "pace": flag(),
    "measure": flag(),
    "rebenchmark": flag(),
}


@lru_cache(maxsize=4096)
def kind_of(key: str) -> Kind | None:
    """The kind of a setting; None for one that is not in the table."""
    if key in SETTINGS:
        return SETTINGS[key]
    return next((kind for name, kind in SETTINGS.items() if "*" in name and fnmatchcase(key, name)), None)


def check_setting(key: str, value: Any) -> None:
    """Raises InputError with key, value and what is wanted if a value is not of its setting's kind."""
    kind = kind_of(key)
    if kind is not None and not kind.fits(value):
        raise InputError(f"{key}={shown(value)}: give {kind.wanted}")


def check_settings(config: DictConfig) -> None:
    """The same for all of a config, which is not resolved; what refers to another value is checked there."""
    values = OmegaConf.to_container(config, resolve=False)
    assert isinstance(values, dict)
    for key, value in _leaves(values):
        if not is_open(value):
            check_setting(key, value)


def _leaves(values: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Values by dotted key, but for the arguments of what is not ours."""
    for name, value in values.items():
        key = f"{prefix}{name}"
        if not isinstance(value, Mapping):
            if not str(name).startswith("_"):  # Hydra's own
                yield key, value
        elif str(value.get("_target_", OURS[0])).startswith(OURS):
            yield from _leaves(value, f"{key}.")
