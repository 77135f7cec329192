"""Amp problem: a network that answers a dry guitar as the amp does."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voxnas.problems.amp.figures import COSTS, FIGURES, HEADLINE, SCORE
from voxnas.problems.base import Figures, Problem, ScoreMeter
from voxnas.problems.sections import Sections
from voxnas.utils.errors import InputError

if TYPE_CHECKING:
    from voxnas.models.base import StreamingNetwork
    from voxnas.problems.amp.data.datamodule import PairDataModule
    from voxnas.problems.amp.module import AmpModule

_HERE = Path(__file__).parent


class AmpProblem(Problem):
    """Streaming networks trained on a pair of recordings, judged by their ESR."""

    name = "amp"
    score = SCORE
    figures = FIGURES
    costs = COSTS
    overview = ("receptive_field", "latency_ms", "parameters", "macs_per_sample")
    headline = HEADLINE
    progress = {"cpu_rtf": "RTF"}  # noqa: RUF012
    presets = ("a2_lite", "nano", "feather", "lite", "a2_full", "standard")  # of the plug-in's trainer
    experience = {"shipped": _HERE / "experience" / "shipped.jsonl.gz"}  # noqa: RUF012

    def module(
        self, network: "StreamingNetwork", data: "PairDataModule", recipe: Mapping[str, Any]
    ) -> "AmpModule":
        from voxnas.problems.amp.module import AmpModule  # a report on records trains nothing

        if "polish" in recipe:
            from voxnas.problems.amp.antialias import AntialiasModule

            if network.controls:
                raise InputError("training=antialias polishes one setting: fold the knobs first (export.py)")
            return AntialiasModule(network, sample_rate=data.sample_rate, **recipe)
        if network.controls:
            from voxnas.problems.amp.data.knobs.datamodule import KnobsDataModule
            from voxnas.problems.amp.knobs_module import KnobsModule

            if not isinstance(data, KnobsDataModule):
                raise InputError("a network with knobs trains on recordings with knobs: data=amp_knobs")
            return KnobsModule(network, data, **recipe)
        return AmpModule(network, sample_rate=data.sample_rate, **recipe)

    def shape(self, network: "StreamingNetwork", data: "PairDataModule") -> Figures:
        return {
            "receptive_field": network.receptive_field,
            "delay_samples": network.delay_samples,
            "causal": network.causal,
            "latency_ms": network.latency_ms(data.sample_rate),
            "macs_per_sample": network.macs_per_sample,
            **super().shape(network, data),
        }

    def report(self, options: Mapping[str, Any] | None = None) -> Sections:
        from voxnas.problems.amp.report.sections import AmpSections

        return AmpSections(options)

    def score_meter(self) -> ScoreMeter:
        from voxnas.problems.amp.esr import SectionESR

        return SectionESR()
