"""The sweep of two tiny candidates that tests of clusters start, and what it left behind."""

import json
from pathlib import Path

SWEEP = ["-m", "search=phase1", "study=tiny", "model.num_layers=2", "model.channels=3", "seed=0,1"]


def records(logs: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted((logs / "nas/tiny/phase1").glob("*/record.json"))]
