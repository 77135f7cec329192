"""Figures of records of knobs told from images, and the score that decides."""

from voxnas.problems.base import Figure, Score

SCORE = Score(
    name="MAE",
    title="validation error",
    column="val_mae",
    words=((0.02, "as good as exact"), (0.05, "as good as an expert"), (0.1, "a fair guess")),
    otherwise="a rough guess",
    diverged=0.5,
)

FIGURES = {
    "parameters": Figure(
        "parameters", short="weights", concept="size", integer=True, said="{} parameters", digits=",d"
    ),
    "us_per_image": Figure("CPU time (µs per image)", short="µs/image", concept="CPU cost", digits=".0f"),
    "cpu_rtf": Figure("CPU time per second of sound", short="CPU RTF"),
    "test_mae": Figure("test error", short="test MAE"),
    "test_together_mae": Figure("test error, a setting's images together", short="test MAE together"),
    "test_told_mae": Figure("test error of the knobs that can be told", short="test MAE told"),
    "test_within_step": Figure(
        "test images within a step in every knob that can be told", short="within a step"
    ),
    "test_told": Figure("knobs that can be told", integer=True),
    "macs": Figure(
        "multiply-adds per image", short="MACs", integer=True, said="{} multiply-adds", digits=",d"
    ),
    "num_layers": Figure("layers", integer=True),
    "kernel_size": Figure("kernel size", integer=True),
    "image_seconds": Figure("seconds of sound in an image"),
    "sample_rate": Figure("sample rate (Hz)", integer=True),
}
COSTS = ("us_per_image", "cpu_rtf")
