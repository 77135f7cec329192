"""Spectral problem: a network that tells from the image of a sound where the knobs stood."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from voxnas.problems.base import Figures, Problem
from voxnas.problems.sections import Sections
from voxnas.problems.spectral.figures import COSTS, FIGURES, SCORE

if TYPE_CHECKING:
    from voxnas.problems.spectral.data import VimhData
    from voxnas.problems.spectral.module import KnobModule
    from voxnas.problems.spectral.networks.base import ImageNetwork


class SpectralProblem(Problem):
    """Networks of images trained on a VIMH set, judged by the mean absolute error of its knobs."""

    name = "spectral"
    score = SCORE
    figures = FIGURES
    costs = COSTS
    overview = ("parameters", "macs")
    progress = {"us_per_image": "µs/image"}  # noqa: RUF012

    def module(self, network: "ImageNetwork", data: "VimhData", recipe: Mapping[str, Any]) -> "KnobModule":
        from voxnas.problems.spectral.module import KnobModule  # a report on records trains nothing

        return KnobModule(network, data, **recipe)

    def shape(self, network: "ImageNetwork", data: "VimhData") -> Figures:
        data.adapt(network)  # which gives it its size
        return {**super().shape(network, data), "macs": network.macs}

    def report(self, options: Mapping[str, Any] | None = None) -> Sections:
        from voxnas.problems.spectral.report.sections import SpectralSections

        return SpectralSections()
