"""Figures in README and docs: each stands on a page that a command wrote, and none is typed by hand."""

import re
from pathlib import Path

import pytest
from docs_figures import FOLDER, command_of, placed
from docs_page import show
from rich.table import Table
from scripts import ROOT

WRITTEN = sorted(FOLDER.glob("*.md"))
MADE_FROM_CONFIGS = ROOT / "docs/commands.md"
BY_HAND = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BY_HAND.remove(MADE_FROM_CONFIGS)
UNIT = r"(?:×|µs|ms|s|seconds?|minutes?|hours?|GFLOPS|MB|GB|MiB|KiB|GiB|%|dB|times)"
NUMBER = r"(?<![\w.,/=:~-])(?:\d[\d,]*(?:\.\d+)?|\.\d+)"
SPELT = r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?:seconds|minutes|hours)"
MEASURED = re.compile(rf"{SPELT}|{NUMBER} ?{UNIT}(?!\w)|(?<![\w/=:,.-])0?\.\d+(?!\w)")
# What has a unit and was not measured: what words mean, what the code is told, what others published
SETTINGS = (
    "Below .01 is close, below .035 not bad, below .1 might do",
    "an ESR below .035",
    "At most 5 MiB",
    "a loop of at most four seconds",
    "The first 70 % train, the next 15 % choose the best epoch and candidate (validation), the last 15 %",
    "aliases 100 dB down, .12 ms of delay in all at 44.1 and 48 kHz, .11 ms at 48 and 96 kHz",
    "best 40 % climb",
    "partials' envelopes in dB: the first ten within 60 dB of the strongest",
    "at most 1.1 × what it was",
    "The ESR will not fall below .01",
    "lie between .004 and .03",
    "BlockSOAP at .025",
    "Real-time capable means below .8",
    "between .3 of the budget",
)


def prose(page: Path) -> str:
    """A page's words without code, addresses, and what is a setting."""
    text = re.sub(r"```.*?```|`[^`]*`|\]\([^)]*\)", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = " ".join(text.split())
    for words in SETTINGS:
        text = text.replace(words, "")
    return text


@pytest.mark.parametrize("page", BY_HAND, ids=lambda page: page.name)
def test_no_figure_is_typed_by_hand(page):
    assert MEASURED.findall(prose(page)) == []


def test_what_a_figure_typed_by_hand_looks_like():
    for words in (
        "takes 4.1 s",
        "18 × as fast",
        "an ESR of .0046",
        "0.03 in the end",
        "| 97 % |",
        "eleven minutes",
    ):
        assert MEASURED.search(words), words
    for words in ("Python 3.10 to 3.13", "8 layers", "of 2026", "arXiv 2502.15829", "48 kHz"):
        assert not MEASURED.search(words), words


def test_every_setting_is_still_said_somewhere():
    said = " ".join(" ".join(re.sub(r"`[^`]*`", "", page.read_text("utf-8")).split()) for page in BY_HAND)
    assert [words for words in SETTINGS if words not in said] == []


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_a_page_of_figures_names_its_command_day_and_machine(page):
    script, *_ = command_of(page)
    assert (ROOT / script).is_file()
    assert "--page" in (ROOT / script).read_text() or "page_option" in (ROOT / script).read_text()


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.stem)
def test_a_page_of_figures_is_reached_from_the_docs(page):
    assert any(f"figures/{page.name})" in other.read_text(encoding="utf-8") for other in BY_HAND)


def test_a_benchmark_s_page_can_be_written_again_by_its_caption(tmp_path, monkeypatch, capsys):
    script = "/somewhere/benchmarks/engine.py"
    monkeypatch.setattr("sys.argv", [script, "/mine/di.flac", "--rounds", "2", "--page", "x.md"])
    table = Table("model", title="Streaming")
    table.add_column("RTF", justify="right")
    table.add_row("nano", "0.5")
    show([table, table], tmp_path / "page.md", "A note.")
    text = (tmp_path / "page.md").read_text()
    assert text.startswith("# Streaming\n\n`python benchmarks/engine.py di.flac --rounds 2`, 20")
    assert "| model | RTF |\n| --- | ---: |\n| nano | 0.5 |\n\n## Streaming\n" in text
    assert "nano" in capsys.readouterr().out
    (tmp_path / "takes").mkdir()
    with pytest.raises(FileNotFoundError, match=r"di\.flac"):
        placed(command_of(tmp_path / "page.md"), tmp_path)
    (tmp_path / "takes/di.flac").touch()
    words = ["benchmarks/engine.py", f"{tmp_path}/takes/di.flac", "--rounds", "2"]
    assert placed(command_of(tmp_path / "page.md"), tmp_path) == words
