"""Cells of the project's notebooks, run one after the other as a kernel would."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
SMALL = ["experiment=smoke", "search.rungs=[1,2]", "search.keep=1", "search.guests=[]", "search.finalists=1"]
SMALL += ["search.final_seeds=[11]", "data.train=0:4", "data.val=4:6", "data.test=6:7.9"]


def code_cells(notebook: str) -> list[dict]:
    """The code of a notebook by its name."""
    content = json.loads((ROOT / "notebooks" / f"{notebook}.ipynb").read_text(encoding="utf-8"))
    return [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def run_cells(notebook: str, **parameters) -> dict:
    """Names that its cells leave, with these in the place of the parameters that it has."""
    names: dict = {}
    for cell in code_cells(notebook):
        exec("".join(cell["source"]), names)
        if "parameters" in cell["metadata"].get("tags", []):
            assert set(parameters) <= set(names)
            names.update(parameters)
    return names
