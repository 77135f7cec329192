"""The string's part of reports."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.problems.sections import Picture, Sections

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


class StringSections(Sections):
    """Quality of free runs against cost and size; decays, spectra and levels of the frontier's strings."""

    objectives = ("score", "cpu_rtf", "parameters")
    table = (
        *("score", "test_envelope_db", "test_t60_error", "test_pitch_cents", "test_dc_dbfs", "test_end_dbfs"),
        *("modal_envelope_db", "parameters", "cpu_rtf"),
    )
    planes = {  # noqa: RUF012
        "score_vs_cost.png": ("cpu_rtf", "score"),
        "score_vs_parameters.png": ("parameters", "score"),
    }
    facts = ("sample_rate",)
    formats = ("header", "json")

    def __init__(self) -> None:
        self.pictures = (
            Picture(
                "decays.png", "Decay of the partials, the best string's against the recording's", _decays
            ),
            Picture(
                "spectrograms.png", "Spectrograms of the recording and of the best string", _spectrograms
            ),
            Picture("level.png", "Level of free runs over half a minute", _level),
            Picture(
                "epoch_loss.png",
                "Training loss per epoch of the best runs, and what sets them apart",
                _losses,
            ),
            Picture("ablation.png", "What each choice did: the error of the runs that have it", _ablation),
        )

    def architecture(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Without what the data decide."""
        left = ("name", "period", "sample_rate", "drop", "max_t60")
        chosen = {key: value for key, value in values.items() if key not in left}
        chosen["hidden"] = "-".join(map(str, chosen.get("hidden") or [])) or "none"
        if chosen.get("form") == "passive":
            for key in ("near", "around", "quarter", "fractional", "linear"):
                chosen.pop(key, None)
        else:
            chosen.pop("states", None)
        return super().architecture(chosen)

    def remark(self, row: "pd.Series") -> str:
        own, modal = row.get("test_envelope_db"), row.get("modal_envelope_db")
        if own is None or modal is None or not modal < own:
            return ""
        return "a linear model of as many parameters is nearer to the recording"

    def words(self, best: "pd.Series") -> str:
        own, modal = best.get("test_envelope_db"), best.get("modal_envelope_db")
        if own is None or modal is None or own != own or modal != modal:
            return ""
        count = max(1, int(best["parameters"]) // 2)
        wins = "the modes win" if modal < own else "the string wins"
        return (
            f"Beside it a linear model of as many parameters, {count} decaying sines that ESPRIT finds in the"
            f" recording: its partials are off by {modal:.3g} dB, the string's by {own:.3g} dB; {wins}."
        )

    def meaning(self, records: "pd.DataFrame") -> list[str]:
        return [
            "**Partials' error**: a string starts from the note's first periods and runs alone. Of the first"
            " ten partials within 60 dB of the strongest, the envelope's difference in dB over the whole"
            " decay; its mean. The loss of training is in no table: a string that predicts the next sample"
            " well may ring for ever.",
            "**As many modes**: decaying sines with a frequency and a decay each, as many parameters as the"
            " string has; their amplitudes are fitted to the first periods, as the string's start is.",
            "**DC and level at the end**: of the last half second of at least ten seconds.",
        ]


def _decays(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    from voxnas.problems.string.report.plots import decays_plot

    return decays_plot(frontier)


def _spectrograms(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    from voxnas.problems.string.report.plots import spectrograms_plot

    return spectrograms_plot(frontier)


def _level(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    from voxnas.problems.string.report.plots import level_plot

    return level_plot(frontier, picks)


def _losses(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    from voxnas.problems.string.report.losses import losses_plot, runs_of

    folders = [Path(folder).parent for folder in frontier.get("folder", ()) if isinstance(folder, str)]
    return losses_plot(runs_of(folders))


def _ablation(frontier: "pd.DataFrame", picks: Sequence[str]) -> "Figure":
    from voxnas.problems.string.report.ablation import ablation_plot, runs_of_study

    folders = [folder for folder in frontier.get("folder", ()) if isinstance(folder, str)]
    return ablation_plot(runs_of_study(folders))
