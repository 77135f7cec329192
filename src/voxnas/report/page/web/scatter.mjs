// Candidates as points by any two figures. One is in focus, which arrow keys move; Enter or a click picks it.
import { drawn, element } from "./dom.mjs";
import { Scale, figureText, shortNumber } from "./format.mjs";

const MARGIN = { left: 64, right: 16, top: 12, bottom: 44 };
const FROM_LOG = 5; // an axis is logarithmic if its largest value is so many times its smallest

export class Scatter {
  // `figures` by name; `candidates` with `values`; `pick(candidate)` is called with what is picked.
  constructor(figures, candidates, axes, pick) {
    Object.assign(this, { figures, candidates, pick });
    this.axes = Object.fromEntries(["x", "y"].map((side, i) => [side, this.#axis(side, axes[i])]));
    this.picture = drawn("svg", { class: "scatter", role: "application", tabindex: 0,
      "aria-label": "Candidates by two figures: arrow keys move, Enter picks",
      onkeydown: (event) => this.#key(event), onpointermove: (event) => this.#near(event),
      onpointerleave: () => this.#focus(null), onclick: () => this.focused && pick(this.focused) });
    this.tip = element("div", { class: "tip", role: "status", hidden: true });
    const controls = element("div", { class: "controls" }, this.axes.y.controls, this.axes.x.controls);
    this.node = element("div", {}, controls, element("div", { class: "plot" }, this.picture, this.tip));
    new ResizeObserver(() => this.draw()).observe(this.node);
  }

  show(visible, chosen) {
    [this.visible, this.chosen] = [new Set(visible), chosen];
    this.draw();
  }

  #axis(side, name) {
    const options = Object.entries(this.figures).map(([key, figure]) =>
      element("option", { value: key, selected: key === name }, figure.title));
    const select = element("select", { onchange: () => this.#turn(side) }, options);
    const log = element("input", { type: "checkbox", checked: this.#wide(name), onchange: () => this.draw() });
    const words = side === "y" ? "Vertical" : "Horizontal";
    const controls = element("span", {}, element("label", {}, `${words} `, select), element("label", {}, log, " log"));
    return { select, log, controls };
  }

  #turn(side) {
    this.axes[side].log.checked = this.#wide(this.axes[side].select.value);
    this.draw();
  }

  #wide(name) {
    const values = this.candidates.map((c) => c.values[name]).filter(Number.isFinite);
    const low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), 0);
    return low > 0 && high / low >= FROM_LOG;
  }

  draw() {
    const width = Math.max(280, this.node.clientWidth), height = Math.min(440, Math.max(300, width * 0.55));
    const [x, y] = ["x", "y"].map((side) => this.#scale(side, side === "x" ? width / 110 : height / 60));
    const place = (c) => [
      MARGIN.left + x.place(c.values[this.axes.x.select.value]) * (width - MARGIN.left - MARGIN.right),
      height - MARGIN.bottom - y.place(c.values[this.axes.y.select.value]) * (height - MARGIN.top - MARGIN.bottom)];
    this.points = this.candidates
      .filter((c) => c.status === "ok" && x.holds(c.values[this.axes.x.select.value]) && y.holds(c.values[this.axes.y.select.value]))
      .map((c) => ({ candidate: c, at: place(c) })).sort((a, b) => a.at[0] - b.at[0]);
    this.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.picture.setAttribute("height", height);
    this.picture.replaceChildren(...this.#grid(x, y, width, height), ...this.#marks(),
      (this.ring = drawn("circle", { class: "ring", r: 9, visibility: "hidden" })));
    this.#focus(this.points.find((p) => p.candidate === this.focused) ?? null);
  }

  #scale(side, count) {
    const { select, log } = this.axes[side];
    return new Scale(this.candidates.filter((c) => c.status === "ok").map((c) => c.values[select.value]), log.checked, count);
  }

  #grid(x, y, width, height) {
    const right = width - MARGIN.right, bottom = height - MARGIN.bottom;
    const across = (v) => MARGIN.left + x.place(v) * (right - MARGIN.left);
    const up = (v) => bottom - y.place(v) * (bottom - MARGIN.top);
    const [nameX, nameY] = ["x", "y"].map((side) => this.figures[this.axes[side].select.value]?.title ?? "");
    return [
      ...apart(x.ticks(), across, 46).flatMap((v) => [
        drawn("line", { class: "grid", x1: across(v), x2: across(v), y1: MARGIN.top, y2: bottom }),
        drawn("text", { x: across(v), y: bottom + 16, "text-anchor": "middle" }, shortNumber(v))]),
      ...y.ticks().flatMap((v) => [
        drawn("line", { class: "grid", x1: MARGIN.left, x2: right, y1: up(v), y2: up(v) }),
        drawn("text", { x: MARGIN.left - 6, y: up(v) + 4, "text-anchor": "end" }, shortNumber(v))]),
      drawn("text", { class: "name", x: (MARGIN.left + right) / 2, y: height - 8, "text-anchor": "middle" }, nameX),
      drawn("text", { class: "name", "text-anchor": "middle", transform: `translate(13 ${(MARGIN.top + bottom) / 2}) rotate(-90)` }, nameY),
    ];
  }

  #marks() {
    const small = this.points.length > 400;
    const last = (p) => (p.candidate === this.chosen ? 2 : p.candidate.frontier ? 1 : 0);
    return [...this.points].sort((a, b) => last(a) - last(b)).map(({ candidate, at: [cx, cy] }) => {
      const kinds = ["dot", candidate.frontier && "frontier", candidate === this.chosen && "chosen",
        this.visible && !this.visible.has(candidate) && "faint", candidate.play && "plays"];
      return drawn("circle", { class: kinds.filter(Boolean).join(" "), cx, cy, r: candidate.frontier ? 7 : small ? 2.5 : 5 });
    });
  }

  #near(event) {
    const box = this.picture.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [null, 26 ** 2];
    for (const point of this.points) {
      const distance = (point.at[0] - x) ** 2 + (point.at[1] - y) ** 2;
      if (distance < least) [best, least] = [point, distance];
    }
    this.#focus(best);
  }

  #key(event) {
    const steps = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 };
    if (event.key in steps) {
      const at = this.points.findIndex((p) => p.candidate === (this.focused ?? this.chosen));
      const next = Math.min(this.points.length - 1, Math.max(0, at + steps[event.key]));
      this.#focus(this.points[next] ?? null);
      event.preventDefault();
    }
    if ((event.key === "Enter" || event.key === " ") && this.focused) {
      this.pick(this.focused);
      event.preventDefault();
    }
  }

  #focus(point) {
    this.focused = point?.candidate ?? null;
    this.tip.hidden = !point;
    this.ring.setAttribute("visibility", point ? "visible" : "hidden");
    this.picture.classList.toggle("over", Boolean(point));
    if (!point) return;
    const [x, y] = point.at, names = ["y", "x"].map((side) => this.axes[side].select.value);
    this.ring.setAttribute("cx", x);
    this.ring.setAttribute("cy", y);
    this.tip.replaceChildren(element("b", {}, point.candidate.name), ...names.map((name) =>
      element("div", {}, `${this.figures[name].title}: ${figureText(point.candidate.values[name], this.figures[name])}`)));
    this.tip.style.left = `${Math.max(0, Math.min(x + 12, this.node.clientWidth - 190))}px`;
    this.tip.style.top = `${y + 12}px`;
  }
}

// Of ticks those whose words have room beside the last.
function apart(ticks, place, room) {
  let last = -Infinity;
  return ticks.filter((v) => place(v) - last >= room && ((last = place(v)), true));
}
