// The page: its data, its parts, and what joins them.
import { BlindTests } from "./blind.mjs";
import { lossCurves, parallel } from "./curves.mjs";
import { Detail, unpackedFile } from "./detail.mjs";
import { dock } from "./dock.mjs";
import { byId, element, plainTable } from "./dom.mjs";
import { ownSound } from "./own.mjs";
import { Player } from "./player.mjs";
import { Scatter } from "./scatter.mjs";
import { Table } from "./table.mjs";

const MOST_AT_ONCE = 24; // tracks that are rendered before anybody asks

// A part of the page, made or made anew; hidden while there is nothing in it.
function section(id, heading, ...content) {
  const known = content.flat(Infinity).filter(Boolean);
  const node = byId(id) ?? byId("main").appendChild(element("section", { id }));
  node.hidden = !known.length;
  node.replaceChildren(element("h2", {}, heading), ...known);
}

function openPlayer(data) {
  const models = new Map(data.candidates.filter((c) => c.play).map((c) => [c.name, c.play]));
  if (!data.sound || !models.size) return null;
  return new Player(data.sound, models, { worklet: byId("worklet").textContent, worker: byId("worker").textContent });
}

function build(data) {
  const player = openPlayer(data);
  const detail = new Detail(data, player);
  let lines = null, curves = null, shown = data.candidates, chosen = null;
  const pictures = (data) => {
    curves = data.curves.length ? lossCurves(data.curves, data.score) : null;
    lines = data.parallel.length > 1 ? parallel(data.figures, data.parallel, data.candidates, (c) => pick(c)) : null;
    section("figures", "All figures at once", lines?.node);
    section("training", "While training", curves?.node);
  };
  const show = () => {
    scatter.show(shown, chosen);
    lines?.show(shown, chosen);
    curves?.choose(chosen?.name);
  };
  const pick = (candidate, play = true) => {
    if (play && candidate.play && player && !player.blind) hear(player, candidate.name); // before all that is drawn
    chosen = candidate;
    table.choose(candidate);
    detail.show(candidate);
    show();
  };
  const scatter = new Scatter(data.figures, data.candidates, data.axes, pick);
  const table = new Table(data.figures, data.columns, data.candidates, pick, (left) => {
    shown = left;
    if (scatter.points) show();
  });
  section("frontier", "The candidates", element("p", { class: "quiet" }, data.words, player ? " Click a point to hear it." : ""), scatter.node, detail.node, table.node);
  pictures(data);
  if (player) listening(data, player);
  about(data);
  const first = data.candidates.find((c) => c.picks.length && c.play) ?? data.candidates.find((c) => c.frontier) ?? data.candidates[0];
  if (first) pick(first, false);
  const renew = (fresh) => {
    if (player) for (const c of fresh.candidates) if (c.play && !player.models.has(c.name)) player.models.set(c.name, c.play);
    const same = chosen && fresh.candidates.find((c) => c.name === chosen.name);
    const unlike = Object.keys(fresh.figures).join() !== Object.keys(data.figures).join();
    if (!player && (fresh.sound || unlike)) return location.reload(); // now there is something to hear, or to draw
    Object.assign(scatter, { candidates: fresh.candidates });
    chosen = same ?? chosen;
    pictures(fresh);
    about(fresh);
    table.renew(fresh.candidates, chosen);
  };
  return { data, player, pick, detail, table, scatter, renew, unpackedFile };
}

function hear(player, name) {
  player.choose(player.source === "null" ? "null" : "model", name);
  if (!player.playing) player.play();
}

function listening(data, player) {
  section("own", "Your own sound", ownSound(player));
  const names = data.candidates.filter((c) => c.play).map((c) => c.name);
  const tests = new BlindTests(player, names, data.cheapest ?? names.at(-1), data.study);
  section("blind", "Blind test", tests.node);
  byId("dock").append(dock(player));
  player.tests = tests;
}

function about(data) {
  section("listened", data.answers.some((part) => part.rows.length) ? "What listeners said" : "ESR and what is heard", data.answers.map((part) => [element("p", {}, part.words), part.rows.length ? plainTable(part.header, part.rows) : null]));
  section("rejected", "Rejected, failed, left behind", data.rejected.length && folded(data.rejected.length, plainTable(["candidate", "left at", data.score, "why"], data.rejected)));
  section("measured", "How it was measured", data.measured.length && plainTable(["what", "value"], data.measured));
  section("meaning", "What the figures mean", data.meaning.length && element("ul", {}, data.meaning.map((text) => element("li", {}, text))));
}

// While a search runs, from a server: what has changed is shown in place.
function follow(page) {
  let { stamp } = page.data;
  const ask = async () => {
    const now = await (await fetch("../stamp")).text();
    if (now === stamp) return;
    const data = await (await fetch("../data.json")).json();
    stamp = data.stamp;
    page.renew(data);
  };
  setInterval(() => ask().catch(() => {}), 3000);
}

// A table of many rows, which the reader opens.
function folded(rows, table) {
  return rows > 20 ? element("details", {}, element("summary", {}, `${rows} of them`), table) : table;
}

async function start() {
  const data = JSON.parse(byId("data").textContent);
  const page = build(data);
  window.voxnas = page;
  const { player } = page;
  if (player) {
    try {
      await player.open();
    } catch (error) {
      byId("dock").replaceChildren(element("p", {}, `This browser cannot play the models: ${error.message}`));
    }
    const chosen = page.detail.candidate;
    if (chosen?.play) player.choose("target", chosen.name);
    for (const c of data.candidates.filter((c) => c.play && c.frontier).slice(0, MOST_AT_ONCE)) player.want(c.name);
    page.detail.show(chosen);
  }
  document.body.dataset.ready = "yes";
  if (data.stamp) follow(page);
}

start();
