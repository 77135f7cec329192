"""A2, what the plug-in's trainer makes by default: by its recipe, by ours, and beside what a search finds.

    python benchmarks/a2.py INPUT TARGET [TARGET ...] [--epochs 100] [--seeds 101 102 103] [--jobs 2]
        [--peer-jobs 1] [SETTING=VALUE ...]

A2 is the WaveNet with 3 or with 8 channels. First each by both recipes, as quality.py has it; then the best
that a search finds within its cost in the plug-in's engine, beside it, as presets.py has it. Settings are the
search's.
"""

from collections.abc import Sequence

import presets
import quality
from presets_report import table
from rich.console import Console

MODELS = ("a2_lite", "a2_full")


def main(words: Sequence[str] | None = None) -> None:
    """Measure what is not known yet, and print both tables."""
    arguments = quality.parser((__doc__ or "").splitlines()[0])
    arguments.set_defaults(seeds=list(presets.SEEDS), budgets=list(MODELS))
    options = presets.parsed(arguments, words)
    quality.show(quality.measure(options, MODELS), options.page)
    Console(width=160).print(table(presets.measure(options), options.epochs))


if __name__ == "__main__":
    main()
