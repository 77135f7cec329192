// The candidates as a table that sorts by any column and filters by words and limits, such as `l7 parameters<9000`.
import { element } from "./dom.mjs";
import { figureText } from "./format.mjs";

const ROWS = 50; // at first, and each time that more are asked for

export class Table {
  // `columns` are names of figures; `pick(candidate)` is called with what is picked, `changed(candidates)` with what is left.
  constructor(figures, columns, candidates, pick, changed) {
    Object.assign(this, { figures, columns, candidates, pick, changed });
    [this.by, this.up, this.limit] = [null, true, ROWS];
    this.filter = element("input", { type: "search", placeholder: "filter: words, parameters<9000", "aria-label": "Filter the candidates", oninput: () => this.#refresh() });
    this.only = element("input", { type: "checkbox", onchange: () => this.#refresh() });
    this.count = element("span", { class: "quiet", role: "status" });
    this.head = element("tr");
    this.body = element("tbody");
    this.more = element("button", { onclick: () => { this.limit *= 4; this.draw(); } }, "show more");
    this.node = element("div", {},
      element("div", { class: "controls" }, this.filter, element("label", {}, this.only, " frontier only"), this.count),
      element("div", { class: "wide" }, element("table", { class: "candidates" }, element("thead", {}, this.head), this.body)), this.more);
    this.#refresh();
  }

  choose(candidate) {
    this.chosen = candidate;
    this.draw();
  }

  renew(candidates, chosen) {
    Object.assign(this, { candidates, chosen });
    this.#refresh();
  }

  #refresh() {
    const wanted = wantedBy(this.filter.value, this.figures);
    this.shown = this.candidates.filter((c) => (!this.only.checked || c.frontier) && wanted(c));
    this.changed(this.shown);
    this.draw();
  }

  #sort(name) {
    [this.by, this.up] = [name, this.by === name ? !this.up : true];
    this.draw();
  }

  // What is in focus stays so.
  draw() {
    const held = this.node.contains(document.activeElement) && document.activeElement.dataset.key;
    this.#fill();
    if (held) [...this.node.querySelectorAll("[data-key]")].find((button) => button.dataset.key === held)?.focus();
  }

  #fill() {
    const rows = this.by === null ? this.shown : sorted(this.shown, this.by, this.up);
    this.head.replaceChildren(...[["name", "candidate"], ["rung", "rung"], ...this.columns.map((n) => [n, this.figures[n].title])].map(
      ([name, title]) => element("th", { scope: "col", "aria-sort": this.by === name ? (this.up ? "ascending" : "descending") : "none" },
        element("button", { "data-key": `by ${name}`, onclick: () => this.#sort(name) }, title, this.by === name ? (this.up ? " ▲" : " ▼") : ""))));
    this.body.replaceChildren(...rows.slice(0, this.limit).map((c) => this.#row(c)));
    this.more.hidden = rows.length <= this.limit;
    this.count.textContent = `${rows.length} of ${this.candidates.length}`;
  }

  #row(c) {
    const name = element("button", { class: "name", "data-key": `of ${c.name}`, "aria-pressed": String(c === this.chosen), onclick: () => this.pick(c) },
      c.play ? "▶ " : "", c.name, c.frontier ? " ★" : "");
    return element("tr", { class: c === this.chosen ? "chosen" : "" }, element("th", { scope: "row" }, name), element("td", {}, c.rung),
      this.columns.map((column) => element("td", { class: "number" }, c.status === "ok" ? figureText(c.values[column], this.figures[column]) : c.status)));
  }
}

export function sorted(candidates, by, up) {
  const value = (c) => (by === "name" || by === "rung" ? c[by] : c.values[by]);
  const known = (v) => v !== null && v !== undefined;
  return [...candidates].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (!known(x) || !known(y)) return known(y) - known(x); // what is unknown comes last either way
    return (typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y) * (up ? 1 : -1);
  });
}

// A test of candidates: every word in name, rung, status or choices, and every limit on a figure kept.
export function wantedBy(text, figures) {
  const tests = text.trim().split(/\s+/).filter(Boolean).map((word) => {
    const found = /^([^<>=]+)(<=|>=|<|>|=)(-?[\d.]+(?:e-?\d+)?)$/.exec(word);
    const name = found && Object.keys(figures).find((n) => n === found[1] || figures[n].title.replaceAll(" ", "_") === found[1]);
    if (name) return (c) => Number.isFinite(c.values[name]) && within(c.values[name], found[2], Number(found[3]));
    return (c) => `${c.name} ${c.rung} ${c.status} ${c.choices ?? ""}`.toLowerCase().includes(word.toLowerCase());
  });
  return (c) => tests.every((test) => test(c));
}

function within(value, sign, limit) {
  return { "<": value < limit, ">": value > limit, "=": value === limit, "<=": value <= limit, ">=": value >= limit }[sign];
}
