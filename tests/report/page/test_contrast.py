"""Words and marks of the page are readable in both themes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re

import pytest

from voxnas.report.page.join import WEB

STYLE = (WEB / "page.css").read_text()
LIGHT, DARK = (dict(re.findall(r"--([a-z-]+): #([0-9a-f]{6})", block)) for block in STYLE.split("@media")[:2])
WORDS = [("ink", "ground"), ("ink", "panel"), ("quiet", "ground"), ("quiet", "panel"), ("accent", "ground")]
WORDS += [("on-accent", "accent"), ("accent", "panel")]
MARKS = [("front", "ground"), ("dot", "ground"), ("accent", "ground"), ("edge", "ground"), ("edge", "panel")]


def luminance(colour: str) -> float:
    shares = (int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("pairs", "least"), [(WORDS, 4.5), (MARKS, 3.0)], ids=["words", "marks"])
def test_there_is_enough_contrast(theme, pairs, least):
    for one, other in pairs:
        dim, bright = sorted((luminance(theme[one]), luminance(theme[other])))
        assert (bright + 0.05) / (dim + 0.05) >= least, (one, other)
