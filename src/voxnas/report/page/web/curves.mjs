// Lines: the score while training, a picture per rung; and parallel coordinates, an axis per figure.
import { drawn, element } from "./dom.mjs";
import { Scale, shortNumber } from "./format.mjs";

const WIDEST = 520, HEIGHT = 260, LEFT = 56, BOTTOM = 34;
const EDGES = 32; // pixels beside what the page holds

export function lossCurves(curves, title) {
  const values = curves.flatMap((c) => c.points.map((p) => p[1]));
  const y = new Scale(values, values.every((v) => v > 0), 5);
  const rungs = [...new Set(curves.map((c) => c.rung))];
  const lines = new Map();
  const node = element("div", { class: "panels" }, rungs.map((rung) => panel(curves.filter((c) => c.rung === rung), rung, title, y, lines)));
  return { node, choose: (name) => lines.forEach((found, key) => found.forEach((line) => line.classList.toggle("chosen", key === name))) };
}

function panel(curves, rung, title, y, lines) {
  const width = Math.min(WIDEST, window.innerWidth - EDGES); // as it is shown, so that words keep their size
  const x = new Scale([0, ...curves.flatMap((c) => c.points.map((p) => p[0]))], false, 5);
  const across = (v) => LEFT + x.place(v) * (width - LEFT - 8), up = (v) => HEIGHT - BOTTOM - y.place(v) * (HEIGHT - BOTTOM - 8);
  const drawing = curves.map((curve) => {
    const points = curve.points.filter((p) => y.holds(p[1])).map(([a, b]) => `${across(a).toFixed(1)},${up(b).toFixed(1)}`);
    const kinds = ["line", curve.frontier && "frontier", points.length === 1 && "single"].filter(Boolean);
    if (points.length === 1) points.push(points[0]); // a line of no length, which is a dot
    const line = drawn("polyline", { class: kinds.join(" "), points: points.join(" ") }, drawn("title", {}, curve.name));
    lines.set(curve.name, [...(lines.get(curve.name) ?? []), line]);
    return line;
  });
  return element("figure", {}, element("figcaption", {}, `${title}, ${rung || "training"}`), drawn("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": `${title} by epoch, ${rung}` },
    y.ticks().flatMap((v) => [drawn("line", { class: "grid", x1: LEFT, x2: width - 8, y1: up(v), y2: up(v) }), drawn("text", { x: LEFT - 5, y: up(v) + 4, "text-anchor": "end" }, shortNumber(v))]),
    x.ticks().filter((v) => v >= 0 && Number.isInteger(v)).map((v) => drawn("text", { x: across(v), y: HEIGHT - BOTTOM + 15, "text-anchor": "middle" }, shortNumber(v))),
    drawn("text", { class: "name", x: (LEFT + width) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "epoch"), drawing));
}

export function parallel(figures, names, candidates, pick) {
  const shown = candidates.filter((c) => c.status === "ok" && names.every((n) => Number.isFinite(c.values[n])));
  const width = Math.max(names.length * 130, Math.min(1040, window.innerWidth - EDGES)), scales = names.map((name) => {
    const values = shown.map((c) => c.values[name]);
    const low = values.reduce((a, b) => Math.min(a, b), Infinity), high = values.reduce((a, b) => Math.max(a, b), 0);
    return new Scale(values, low > 0 && high / low >= 5, 4);
  });
  const across = (i) => 70 + (i * (width - 140)) / Math.max(1, names.length - 1), up = (scale, v) => HEIGHT - 24 - scale.place(v) * (HEIGHT - 60);
  const lines = new Map(shown.map((c) => [c, drawn("polyline", { class: c.frontier ? "line frontier" : "line", onclick: () => pick(c),
    points: names.map((n, i) => `${across(i)},${up(scales[i], c.values[n]).toFixed(1)}`).join(" ") }, drawn("title", {}, c.name))]));
  const axes = names.map((name, i) => [drawn("line", { class: "axis", x1: across(i), x2: across(i), y1: 32, y2: HEIGHT - 20 }),
    drawn("text", { class: "name", x: across(i), y: 18, "text-anchor": "middle" }, figures[name].title),
    scales[i].ticks().map((v) => drawn("text", { class: "tick", x: across(i) + 5, y: up(scales[i], v) + 4 }, shortNumber(v)))]);
  const node = element("div", { class: "wide" }, drawn("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, class: "parallel", role: "img", "aria-label": "Each candidate as a line over its figures", style: `min-width:${width}px` }, [...lines.values()], axes.flat(2)));
  return { node, show: (visible, chosen) => lines.forEach((line, c) => {
    line.classList.toggle("chosen", c === chosen);
    line.classList.toggle("faint", !visible.includes(c));
  }) };
}
