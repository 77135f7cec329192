// The chosen candidate: its figures and files; target, model and difference on one axis of time, with the cursor.
import { download, element, plainTable } from "./dom.mjs";
import { figureText } from "./format.mjs";
import { knobs } from "./knobs.mjs";
import { drawSpectrogram, drawWaveform } from "./spectrum.mjs";
import { bytesOf } from "./unpack.mjs";

const ROW = 64; // pixels

export class Detail {
  constructor(data, player) {
    Object.assign(this, { data, player });
    this.heading = element("h3", { id: "chosen" });
    this.words = element("div");
    this.cursor = element("div", { class: "cursor", hidden: true });
    this.rows = element("div", { class: "rows", onclick: (event) => this.#seek(event) });
    this.node = element("section", { "aria-labelledby": "chosen" }, this.heading, this.words, this.rows);
    player?.addEventListener("track", ({ detail }) => detail === this.candidate?.name && player.tracks.get(detail)?.done && this.#drawSoon());
    new ResizeObserver(() => this.#resized()).observe(this.rows);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.candidate && this.#draw());
    if (player) this.#follow();
  }

  show(candidate) {
    this.candidate = candidate;
    this.heading.textContent = candidate.name;
    const { figures } = this.data;
    const known = Object.keys(figures).filter((n) => candidate.values[n] !== null && candidate.values[n] !== undefined);
    const said = [candidate.picks.join(", "), candidate.choices, candidate.reason].filter(Boolean);
    const turned = candidate.play?.panel && this.player ? [knobs(this.player, candidate)] : [];
    this.words.replaceChildren(...turned, ...said.map((text) => element("p", { class: "quiet" }, text)), this.#files(candidate),
      element("details", {}, element("summary", {}, "all figures"), plainTable(["figure", "value"], known.map((n) => [figures[n].title, figureText(candidate.values[n], figures[n])]))));
    this.#drawSoon();
  }

  #files(candidate) {
    const files = candidate.files.map((file) => file.packed
      ? element("button", { onclick: async () => download(file.name, await unpackedFile(file.packed)) }, `⤓ ${file.format}`)
      : element("a", { href: file.href }, `${file.format} (beside this page)`));
    return files.length ? element("p", { class: "files" }, "Exported: ", files.flatMap((f) => [f, " "])) : element("p", { class: "quiet" }, "No exported files.");
  }

  #resized() {
    const width = this.rows.clientWidth;
    if (width === this.width) return;
    this.width = width;
    this.rows.style.minHeight = "";
    if (this.candidate) this.#draw();
  }

  // When the page has nothing more urgent to do: what was clicked is to be heard first.
  #drawSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#draw(), 250);
  }

  #draw() {
    const { player, candidate } = this;
    this.rows.style.minHeight = candidate.play ? `${this.rows.offsetHeight}px` : ""; // so that the table stays where it is
    this.rows.replaceChildren();
    if (!player?.tracks.size) return;
    const model = player.tracks.get(candidate.name), target = player.tracks.get("target") ?? player.tracks.get("dry");
    const shown = [[player.hasTarget ? "target" : "dry", target.samples]];
    if (model?.done) shown.push(["model", model.samples]);
    if (model?.done && player.hasTarget) shown.push(["null: model − target", model.samples.map((y, i) => y - target.samples[i])]);
    const loudest = Math.max(0.01, ...shown.map(([, samples]) => samples.reduce((a, b) => Math.max(a, Math.abs(b)), 0)));
    this.rows.append(...shown.map(([name, samples]) => this.#row(name, samples, loudest)), this.cursor);
    if (!candidate.play) this.rows.prepend(element("p", { class: "quiet" }, candidate.mute ?? "This candidate cannot be played here."));
    else if (!model?.done) this.rows.append(element("p", { class: "quiet" }, player.failures.get(candidate.name) ?? "Rendering … it is heard as soon as it is asked for."));
    this.cursor.hidden = false;
  }

  #row(name, samples, loudest) {
    const width = Math.max(200, Math.min(1400, this.rows.clientWidth || 600));
    const [wave, spectrum] = ["waveform", "spectrogram"].map((kind) => element("canvas", { width, height: ROW, role: "img", "aria-label": `${kind} of ${name}` }));
    drawWaveform(wave, loudest === 1 ? samples : samples.map((y) => y / loudest), getComputedStyle(this.rows).color);
    drawSpectrogram(spectrum, samples, this.player.rate);
    const figure = element("figure", {}, element("figcaption", {}, `${name}${name.startsWith("null") ? `, ${nullText(samples, this.player)}` : ""}`), wave, spectrum);
    return figure;
  }

  #seek(event) {
    if (event.target.tagName !== "CANVAS" || this.player.blind) return;
    const box = event.target.getBoundingClientRect();
    this.player.seek(((event.clientX - box.left) / box.width) * this.player.length);
  }

  #follow() {
    const { player } = this;
    this.cursor.style.left = `${(100 * player.position) / (player.length || 1)}%`;
    requestAnimationFrame(() => this.#follow());
  }
}

// How far below the target the difference is.
function nullText(difference, player) {
  const energy = (x) => x.reduce((sum, y) => sum + y * y, 0);
  const level = 10 * Math.log10(energy(difference) / energy(player.tracks.get("target").samples));
  return Number.isFinite(level) ? `${level.toFixed(1)} dB below the target's energy`.replace("-", "") : "silence";
}

// An exported file as it is on the disk: text, in which \u0001 stands for the next number.
export async function unpackedFile(packed) {
  const text = await bytesOf(packed.text);
  if (!packed.numbers) return text;
  const numbers = new Float32Array(await bytesOf(packed.numbers));
  const parts = new TextDecoder().decode(text).split("\u0001");
  return parts.map((part, i) => (i < numbers.length ? part + pythonNumber(numbers[i]) : part)).join("");
}

// A double's shortest form, as Python writes it.
export function pythonNumber(value) {
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) {
    const text = String(value);
    return text.includes(".") ? text : `${text}.0`;
  }
  const [digits, power] = value.toExponential().split("e");
  return `${digits}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}
