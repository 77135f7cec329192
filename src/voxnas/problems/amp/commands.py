"""The searches for amps by name, and the two single steps that take the same recordings."""

from dataclasses import replace

from voxnas.problems.commands import SPACE, Command, Option, Recordings, Step, search, two_phases

DRY = Option("data.input", "the dry recording")
PAIR = Recordings(
    {
        "input": DRY,
        "target": Option("data.target", "the same through the amp"),
        "pair": Option("data", "the kind of pair, a config of configs/data: amp_pair, or nam_reamp"),
    },
    required=("input", "target"),
    own=("data=amp_pair",),
    demo=("experiment=quick",),  # whose epochs are few
    named_after="target",
)
KNOBS = Recordings(
    {"settings": Option("data.settings", "a table: a column file, and one for each knob"), "input": DRY},
    required=("settings",),
    own=("data=amp_knobs",),
    demo=("data=demo_knobs",),
    name="knobs",
)
IN_SPACE = {"space": SPACE}
WITHIN = {
    "preset": Option("search.like", "the plug-in's model whose cost is the budget: nano, feather, lite …"),
    "cpu": Option("max_cpu_rtf", "share of a core that the model may take, such as 0.03"),
    "max-us": Option("max_us_per_block", "µs that it may take per block of 64 samples"),
    "engine": Option("search.engine", "whose cost: plugin, or own, this project's on this machine"),
    **IN_SPACE,
}
SMOKE, PLUGIN, PHONE = "experiment=smoke", "space=plugin", "space=plugin_phone"
TWO_RUNGS = "search.rungs=[1,2]"
TWO_OF_FOUR = (PHONE, "search.candidates=4", TWO_RUNGS, "search.keep=2", SMOKE)
TWO_FINALISTS = ("search.finalists=2", "search.final_seeds=[11,12]")


def _phases(name: str, help: str, *overrides: str) -> Command:
    return Command(name, help, two_phases(name), PAIR, overrides=overrides, study=name)


def _search(name: str, kind: str, help: str, *overrides: str) -> Command:
    return Command(name, help, search(kind), PAIR, IN_SPACE, overrides, study=kind)


def _knobs(name: str, help: str, *overrides: str) -> Command:
    return Command(name, help, search("ladder"), KNOBS, IN_SPACE, overrides, study="ladder")


_BUDGET = Command(
    "budget", "search the best model within a CPU cost", search("budget"), PAIR, WITHIN, study="budget"
)

COMMANDS = [
    _phases("poc", "search 12 candidates in two phases: the main job"),
    _phases("smoke", "the smallest whole search: 2 candidates × 2 epochs, about a minute", SMOKE),
    _phases("focused", "search 25 candidates"),
    _phases("conservative", "search 84 candidates"),
    _BUDGET,
    replace(
        _BUDGET,
        name="budget-smoke",
        help="the same with 3 candidates, one of which climbs, and two finalists",
        overrides=("search.candidates=3", TWO_RUNGS, "search.keep=1", *TWO_FINALISTS, SMOKE),
        unless=((("preset", "cpu", "max-us"), "max_cpu_rtf=0.02"),),
    ),
    _search("ladder", "ladder", "search a space by successive halving: 64 candidates, four rungs", PLUGIN),
    _search("ladder-smoke", "ladder", "the same with 4 candidates, of which 2 climb", *TWO_OF_FOUR),
    _search("optuna", "optuna", "let Optuna search a space for sound and CPU cost", PLUGIN),
    _search("optuna-smoke", "optuna", "the same, 4 candidates × 2 epochs", PHONE, "search.n_trials=4", SMOKE),
    _search("darts", "darts", "differentiable search, its result trained and reported"),
    _knobs(
        "knobs",
        "search models that follow knobs: the demo rig's three, or those of a table",
        *(PLUGIN, "search.candidates=32", "search.rungs=[1,2,8,25]"),  # an epoch has every setting in it
    ),
    _knobs("knobs-smoke", "the same with 4 candidates, of which 2 climb", *TWO_OF_FOUR),
    *(
        Command(name, help, (Step(f"src/{name}.py", open=True),), replace(PAIR, demo=()))
        for name, help in (
            ("train", "train one model (model=standard), or with -m a sweep"),
            ("space", "preview a space without training (space=poc)"),
        )
    ),
]
