"""String problem: a resonator in feedback that decays as a recorded note does."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voxnas.problems.base import Figures, Problem
from voxnas.problems.sections import Sections
from voxnas.problems.string.figures import COSTS, FIGURES, HEADLINE, SCORE
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    from voxnas.models.strings.net import StringNet
    from voxnas.problems.string.data.datamodule import StringDecay
    from voxnas.problems.string.module import StringModule


class StringProblem(Problem):
    """Strings that are judged by running freely, never by the next sample."""

    name = "string"
    score = SCORE
    figures = FIGURES
    costs = COSTS
    overview = ("parameters", "macs_per_sample")
    headline = HEADLINE
    progress = {"cpu_rtf": "RTF", "test_pitch_cents": "cents"}  # noqa: RUF012

    def module(self, network: "StringNet", data: "StringDecay", recipe: Mapping[str, Any]) -> "StringModule":
        from voxnas.models.strings.net import StringNet
        from voxnas.problems.string.module import StringModule  # a report on records trains nothing

        if not isinstance(network, StringNet):
            raise InputError(f"problem=string trains strings, not {network.name}: model=string")
        return StringModule(network, data, **recipe)

    def shape(self, network: "StringNet", data: "StringDecay") -> Figures:
        return {"macs_per_sample": network.macs, **super().shape(network, data)}

    def report(self, options: Mapping[str, Any] | None = None) -> Sections:
        from voxnas.problems.string.report.sections import StringSections

        return StringSections()
