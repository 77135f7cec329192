"""The searches for networks that tell knobs, by name; each makes its images where there are none."""

from voxnas.problems.commands import Command, Recordings, Step, search


def _search(name: str, help: str, sound: str, samples: int, data: str, *overrides: str) -> Command:
    made = Step("src/generate_vimh.py", ("if_missing=true", f"sound={sound}", f"samples={samples}"))
    images = Recordings(demo=("problem=spectral", f"data={data}"), name="images")
    return Command(name, help, (made, *search("ladder")), images, overrides=overrides, study="ladder")


COMMANDS = [
    _search(
        "spectral",
        "search networks that tell the demo rig's knobs from its sound",
        *("rig", 4096, "vimh_rig", "space=images_pooled", "search.candidates=24", "search.rungs=[2,6,20]"),
    ),
    _search(
        "spectral-smoke",
        "the smallest such search: 2 candidates, one of which climbs",
        *("saw", 256, "vimh_small", "space=images_smoke", "search.candidates=2"),
        *("search.rungs=[1,2]", "search.keep=1"),
    ),
]
