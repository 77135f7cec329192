"""Figures of a string's records, in the order in which tables have them, and the score that decides."""

from voxnas.problems.base import Figure, Score

SCORE = Score(
    name="dB",
    title="partials' error (dB)",
    column="envelope_db",
    words=((0.5, "the same string"), (1.0, "great"), (2.0, "close"), (6.0, "alike")),
    otherwise="another string",
    diverged=40.0,
)

FIGURES = {
    "test_t60_error": Figure("T60 error (share)", short="T60 error"),
    "test_pitch_cents": Figure("pitch error (cents)", short="cents"),
    "test_glide_cents": Figure("error of the pitch's glide (cents)"),
    "test_inharmonicity_cents": Figure("error of inharmonicity (cents)"),
    "test_broadband_db": Figure("error of the level over time (dB)"),
    "test_dc_dbfs": Figure("DC at the end (dBFS)", short="DC dBFS"),
    "test_end_dbfs": Figure("level at the end (dBFS)", short="end dBFS"),
    "test_envelope_db": Figure("test partials' error (dB)"),
    "modal_envelope_db": Figure("partials' error of as many modes (dB)", short="modal dB"),
    "modal_t60_error": Figure("T60 error of as many modes (share)"),
    "parameters": Figure(
        "parameters", short="weights", concept="size", integer=True, said="{} parameters", digits=",d"
    ),
    "macs_per_sample": Figure("MACs per sample", integer=True, said="{} MACs per sample", digits=",d"),
    "cpu_rtf": Figure("CPU real-time factor", short="CPU RTF", concept="CPU cost"),
    "passive": Figure("cannot gain energy"),
    "polarisations": Figure("polarisations", integer=True),
    "states": Figure("states", integer=True),
    "hidden": Figure("units of the MLP", integer=True),
    "sample_rate": Figure("sample rate (Hz)", integer=True),
}
COSTS = ("cpu_rtf",)
HEADLINE = ("envelope_db", "candidate", "rung", "status", "parameters", "cpu_rtf", *list(FIGURES)[:10])
