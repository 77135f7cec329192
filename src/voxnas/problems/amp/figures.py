"""Figures of an amp's records, in the order in which tables have them, and the score that decides.

The columns' names are those that readers of results tables know.
"""

from voxnas.problems.amp.levels import BELOW_DB
from voxnas.problems.base import Figure, Score

SCORE = Score(
    name="ESR",
    title="validation ESR",
    column="best_val_loss",
    words=((0.01, "great"), (0.035, "not bad"), (0.1, "might sound ok")),  # of Neural Amp Modeler's trainer
    otherwise="audibly off",
    diverged=2.0,  # silence has 1
)
BURST_DB = 12.0  # above the amp; no amp answers louder playing with so much more

FIGURES = {
    "latency_ms": Figure(
        "latency (ms)",
        short="latency ms",
        concept="latency",
        axis="latency (ms): how far back the model looks",
        said="latency {:.2f} ms",
        digits=".2f",
    ),
    "receptive_field": Figure("receptive field (samples)", short="receptive field", integer=True),
    "parameters": Figure(
        "parameters", short="weights", concept="size", integer=True, said="{} parameters", digits=",d"
    ),
    "cpu_mean_ms": Figure("CPU mean (ms per block)"),
    "cpu_rtf": Figure("CPU real-time factor", short="CPU RTF", concept="CPU cost"),
    "cpu_realtime_capable": Figure("real-time capable"),
    "num_layers": Figure("layers", integer=True),
    "channels": Figure("channels", integer=True),
    "kernel_size": Figure("kernel size", integer=True),
    "causal": Figure("causal"),
    "test_esr": Figure("test ESR"),
    "test_mrstft": Figure("test MR-STFT"),
    "test_mel": Figure("test mel distance"),
    "test_overshoot_db": Figure("overshoot at louder playing (dB)"),
    "asr": Figure("aliasing (ratio)"),
    **{f"soft_esr_{db}": Figure(f"ESR {db} dB below the loudest") for db in BELOW_DB if db},
    "delay_samples": Figure("delay (samples)", integer=True),
    "macs_per_sample": Figure(
        "MACs per sample", short="MACs/sample", integer=True, said="{} MACs per sample", digits=",d"
    ),
    "cpu_median_ms": Figure("CPU median (ms per block)"),
    "cpu_p99_ms": Figure("CPU p99 (ms per block)"),
    "cpu_max_ms": Figure("CPU max (ms per block)"),
    "sample_rate": Figure("sample rate (Hz)", integer=True),
    "plugin_rtf": Figure(
        "real-time factor in the plug-in", short="plug-in RTF", concept="cost in the plug-in"
    ),
    "noise_floor_esr": Figure("noise floor (ESR)"),
    "test_held_out_esr": Figure("test ESR at settings kept back"),
    "test_worst_esr": Figure("test ESR at the worst setting"),
}
COSTS = tuple(name for name in FIGURES if name.startswith("cpu_"))
HEADLINE = (  # what a reader of a results table looks for first, and where the rest has always been
    *("best_val_loss", "best_train_loss", "best_epoch", "latency_ms", "receptive_field", "parameters"),
    *("cpu_mean_ms", "cpu_rtf", "cpu_realtime_capable", "num_layers", "channels", "kernel_size", "causal"),
    *("candidate", "study", "rung", "status", "identity", "reason", "epochs"),
    *("test_esr", "test_mrstft", "asr", "delay_samples", "macs_per_sample"),
    *("cpu_median_ms", "cpu_p99_ms", "cpu_max_ms", "block_size", "engine", "train_seconds", "sample_rate"),
)
