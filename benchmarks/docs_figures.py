"""All pages of figures in docs/figures, written again by the commands in their captions: `make docs-figures`.

    python benchmarks/docs_figures.py [PAGE ...] [--list] [--recordings FOLDER]

A caption names recordings without their folders; they are looked for in FOLDER, and a page whose recordings
are not there is left as it is. A new page is begun by its benchmark, with `--page FILE`.
"""

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

from docs_page import RECORDINGS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs/figures"
CAPTION = re.compile(r"^`python (benchmarks/[\w/]+\.py[^`]*)`, (\d{4}-\d\d-\d\d), .+\.", re.MULTILINE)


def command_of(page: Path) -> list[str]:
    """The words of the command that wrote a page, after `python`; none where it was written by hand."""
    found = CAPTION.search(page.read_text(encoding="utf-8"))
    return shlex.split(found[1]) if found else []


def placed(words: list[str], recordings: Path) -> list[str]:
    """The command with its recordings where they lie; FileNotFoundError names one that is not there."""
    script, *rest = words
    found = []
    for word in rest:
        if Path(word).suffix in RECORDINGS or word in ("INPUT", "TARGET"):
            path = next(recordings.rglob(word), None)
            if path is None:
                raise FileNotFoundError(word)
            word = str(path)
        found.append(word)
    return [script, *found]


def make(page: Path, words: list[str], recordings: Path) -> bool:
    """Whether the page was written again, or left as it is for want of its recordings."""
    try:
        command = [sys.executable, *placed(words, recordings), "--page", str(page)]
    except FileNotFoundError as missing:
        print(f"{page.stem}: left as it is, for {missing} is not in {recordings}")
        return True
    print(f"{page.stem} ...", flush=True)
    return not subprocess.call(command, cwd=ROOT)


def main() -> int:
    """0 if all that were asked for could be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    parser.add_argument("--list", action="store_true", help="say what each page's command is, and make none")
    parser.add_argument("--recordings", type=Path, default=ROOT / "data")
    options = parser.parse_args()
    commands = {page.stem: command_of(page) for page in sorted(FOLDER.glob("*.md"))}
    if unknown := set(options.pages) - set(commands):
        parser.error(f"no page {', '.join(sorted(unknown))}; there are {', '.join(commands)}")
    made = []
    for name in options.pages or commands:
        if options.list:
            print(f"{name:20}python {shlex.join(commands[name])}")
        else:
            made.append(make(FOLDER / f"{name}.md", commands[name], options.recordings))
    return int(not all(made))


if __name__ == "__main__":
    sys.exit(main())
