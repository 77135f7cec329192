"""The page can be read and worked by whoever comes: words of one size, contrast, and a keyboard alone."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from browser import MISSING, PROGRAM, Page, chromium
from small_study import NETWORKS, small_study
from test_page import made

pytestmark = pytest.mark.skipif(not PROGRAM, reason=MISSING)

# Of every element that shows words of its own: its contrast with what lies behind it (WCAG 2.2, 1.4.3).
FAINT = """(() => {
  const shares = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (c) => c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = shares(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const own = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  const found = [];
  for (const node of document.querySelectorAll("header *, main *, #dock *")) {
    if (!own(node) || node.disabled || node.tagName === "OPTION" || !node.getClientRects().length) continue;
    if (node.tagName === "title" || node.closest("[hidden]")) continue;
    const style = getComputedStyle(node), svg = node.namespaceURI.endsWith("svg");
    const both = [light(shares(svg ? style.fill : style.color)), light(behind(node))];
    const [dim, bright] = both.sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dim + 0.05);
    if (contrast < 4.5) found.push(`${node.tagName} ${node.textContent.slice(0, 30)}: ${contrast}`);
  }
  return found;
})()"""
# Of words in pictures: how large they come out, in pixels.
SIZES = """[...document.querySelectorAll("svg text")].map((text) =>
  parseFloat(getComputedStyle(text).fontSize) * Math.hypot(text.getScreenCTM().a, text.getScreenCTM().b))"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("reading")
    small_study(folder / "mine")
    with chromium(folder / "profile") as tab:
        tab.size(1200, 900)
        tab.open(made(folder / "mine"))
        yield tab


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1200])
def test_words_have_enough_contrast_and_one_size(page, width, dark):
    page.size(width, 900, dark)
    page.ask("Page.reload")
    page.wait("document.body?.dataset.ready")
    page.run("document.querySelectorAll('details').forEach((part) => (part.open = true))")
    assert page.run(FAINT) == []
    assert all(10 <= size <= 14 for size in page.run(SIZES))


def test_the_rank_correlation_of_esr_and_the_perceptual_figure_is_said(page):
    assert "rank the candidates alike by 1.00 (Spearman's ρ" in page.run(
        "document.querySelector('#listened').textContent"
    )
    assert "[object" not in page.run("document.querySelector('#main').textContent")


def test_whatever_can_be_worked_is_reached_by_tab_has_a_name_and_is_in_sight(page):
    reached = set()
    everything = (
        "[...document.querySelectorAll('button, input, select, summary, a[href], [tabindex=\"0\"]')]"
        ".filter(n => !n.disabled && n.getClientRects().length)"
    )
    page.size(1200, 900)
    page.wait("document.querySelectorAll('.rows figure').length === 3")
    page.run("document.activeElement?.blur(); scrollTo(0, 0)")
    total = page.run(f"{everything}.length")
    for _ in range(total + 5):
        page.key("Tab")
        place = page.run(f"{everything}.indexOf(document.activeElement)")
        reached.add(place)
        hidden = """(() => { const node = document.activeElement, dock = document.querySelector('.dock');
          const [box, bar] = [node.getBoundingClientRect(), dock.getBoundingClientRect()];
          const under = node !== document.body && !dock.contains(node) && box.top >= bar.top;
          return under ? node.outerHTML : ''; })()"""
        assert page.run(hidden) == ""
    assert reached - {-1} == set(range(total))
    nodes = page.ask("Accessibility.getFullAXTree")["nodes"]
    worked = {"button", "checkbox", "combobox", "slider", "textbox", "searchbox", "spinbutton", "link"}
    unnamed = [
        n["role"]["value"]
        for n in nodes
        if not n["ignored"]
        and n.get("role", {}).get("value") in worked
        and not n.get("name", {}).get("value")
    ]
    assert unnamed == []


def test_the_keyboard_keeps_its_place_when_the_table_is_sorted_and_a_name_picked(page):
    page.run(
        "[...document.querySelectorAll('thead button')].find(b => b.textContent === 'parameters').focus()"
    )
    page.key("Enter")
    assert page.run("document.activeElement.textContent") == "parameters ▲"
    page.run("[...document.querySelectorAll('.name')].find(b => b.textContent.includes('gru')).focus()")
    page.key("Enter")
    assert "gru" in page.run("document.activeElement.textContent")
    assert page.run("document.activeElement.getAttribute('aria-pressed')") == "true"
    page.run("voxnas.player.play(false)")


def test_the_keyboard_moves_the_position(page):
    page.run("document.querySelector('.dock .place').focus()")
    page.run("voxnas.player.seek(0)")
    page.wait("document.querySelector('.dock .place').value === '0'")
    page.key("ArrowRight")
    assert page.run("voxnas.player.position / voxnas.player.rate") == pytest.approx(0.1)


def test_any_two_figures_are_axes_and_lines_pick_too(page):
    turn = """(([name, log]) => { const [y, x] = document.querySelectorAll('#frontier select');
      x.value = name; x.dispatchEvent(new Event('change'));
      const box = x.closest('span').querySelector('input[type=checkbox]');
      box.checked = log; box.dispatchEvent(new Event('change'));
      const order = [...voxnas.scatter.points].sort((a, b) => a.at[0] - b.at[0]);
      return order.map((p) => [p.candidate.values[name], p.at[0]]); })"""
    for log in (False, True):
        points = page.run(f"{turn}(['latency_ms', {str(log).lower()}])")
        assert [value for value, _ in points] == [1, 2, 3, 4, 5, 6]
        steps = [b - a for (_, a), (_, b) in pairwise(points)]
        assert (max(steps) - min(steps) < 1) != log
    page.run("document.querySelector('.parallel .line:last-of-type').dispatchEvent(new MouseEvent('click'))")
    title = "document.querySelector('.parallel .line.chosen title').textContent"
    assert page.run(title) == page.run("voxnas.detail.candidate.name")


def test_a_training_of_one_epoch_is_a_dot_and_epochs_are_whole(tmp_path):
    small_study(tmp_path / "brief", history=[{"epoch": 0, "score": 0.5}])
    with chromium(tmp_path / "profile") as tab:
        tab.open(made(tmp_path / "brief"))
        lengths = tab.run(
            "[...document.querySelectorAll('#training .line.single')].map(l => l.points.length)"
        )
        assert lengths == [2] * len(NETWORKS)
        ticks = tab.run(
            "[...document.querySelectorAll('#training text[text-anchor=middle]')].map(t => t.textContent)"
        )
        assert set(ticks) == {"0", "epoch"}
