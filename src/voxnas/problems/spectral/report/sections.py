"""The part of reports that is of knobs told from images."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voxnas.problems.sections import Choice, Picture, Sections
from voxnas.problems.spectral.figures import SCORE
from voxnas.problems.spectral.report.pictures import (
    best_of,
    calibration_picture,
    confusion_picture,
    range_picture,
    saliency_picture,
    told_by,
)

if TYPE_CHECKING:
    import pandas as pd

EXPERT = 0.05  # a human's error, of the range

MAE = """\
**Error**: the mean over all knobs and images of the distance between estimate and truth, as a share of the
knob's range; {words}. The validation images choose; nothing chooses by the test images."""
TOLD = """\
**Can be told**: a knob of which the network's error is a tenth smaller at least than that of always saying
the training images' median, and surely so (three standard errors). Others leave no trace in the image, or
none that this network finds."""
CPU = """\
**CPU time** is of one image at a time on one thread. Per second of sound: of images that follow each other
by half of what each shows."""


class SpectralSections(Sections):
    """Error against size and CPU time; how well each knob is told, and from what."""

    objectives = ("val_mae", "parameters", "us_per_image")
    table = ("score", "test_mae", "test_within_step", "parameters", "us_per_image")
    planes = {  # noqa: RUF012
        "error_vs_parameters.png": ("parameters", "score"),
        "error_vs_cpu.png": ("us_per_image", "score"),
        "cpu_vs_parameters.png": ("parameters", "us_per_image"),
    }
    space = ("parameters", "us_per_image", "score")
    facts = ("sample_rate", "image_seconds")
    pictures = (
        Picture("confusion.png", "Estimated over true steps of each knob", confusion_picture),
        Picture("error_over_range.png", "Error over each knob's range", range_picture),
        Picture("calibration.png", "Errors over the uncertainty told", calibration_picture),
        Picture("saliency.png", "Where in the image each estimate hangs", saliency_picture),
    )

    def __init__(self) -> None:
        self.choices = (
            Choice(
                "smallest",
                lambda rows: rows["parameters"].where(rows["score"] < EXPERT).to_numpy(float),
                lambda row: f"{row['parameters']:,.0f} parameters",
                lambda best: f"no candidate has an error below {EXPERT:g}",
                f"the fewest parameters with an error below {EXPERT:g}, that of a human expert",
            ),
        )

    def words(self, best: "pd.Series") -> str:
        told = told_by(best) or best_of(best.to_frame().T)
        if told is None:
            return ""
        header = [
            "knob",
            "range",
            "error",
            "error as a share",
            "a setting's images together",
            "within a step",
        ]
        rows = [_row(knob) for knob in told.knobs]
        blind = [knob["name"] for knob in told.knobs if not knob["told"]]
        about = f"**Each knob**, on the test images, as `{told.candidate}` tells it."
        about += f" It cannot tell {', '.join(blind)}." if blind else ""
        lines = [[*header, "can be told"], ["---", *["---:"] * 6], *rows]
        return "\n".join([about, "", *(f"| {' | '.join(line)} |" for line in lines)])

    def meaning(self, records: "pd.DataFrame") -> list[str]:
        words = ", ".join(f"below {limit:g} {word}" for limit, word in SCORE.words)
        return [MAE.format(words=words), TOLD, CPU]


def _row(knob: Mapping[str, Any]) -> list[str]:
    span = knob["high"] - knob["low"]
    share = f"{knob['mae']:.3f} (guess {knob['guess_mae']:.3f})"
    together = f"{knob['together_mae']:.3f}" if "together_mae" in knob else "–"
    return [
        *(knob["name"], f"{knob['low']:.4g} to {knob['high']:.4g}", f"{knob['mae'] * span:.3g}", share),
        *(together, f"{knob['within_step']:.1%}", "yes" if knob["told"] else "no"),
    ]
