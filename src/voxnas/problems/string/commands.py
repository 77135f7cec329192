"""The searches for strings by name."""

from voxnas.problems.commands import Command, Option, Recordings, search

NOTE = Recordings(
    {"note": Option("data.recordings", "a recorded note that rings out; else strings of the project's own")},
    own=("problem=string",),
    demo=("problem=string",),
    named_after="note",
    name="string",
)

COMMANDS = [
    Command(
        "string-poc",
        "search neural strings that ring and decay as a recorded note does",
        search("ladder"),
        NOTE,
        overrides=("space=string", "search.candidates=12", "search.rungs=[2,6,16]"),
        study="ladder",
    ),
    Command(
        "string-smoke",
        "the same with 2 candidates × 2 epochs, about a minute",
        search("phase1"),
        NOTE,
        overrides=("space=string_smoke", "experiment=smoke"),
        study="phase1",
    ),
]
