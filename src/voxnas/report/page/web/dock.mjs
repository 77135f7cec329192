// The bar at the bottom: play, who is heard, where, how loud.
import { element } from "./dom.mjs";
import { clockTime } from "./format.mjs";

const SOURCES = [["dry", "Dry"], ["target", "Target"], ["model", "Model"], ["null", "Null"]];

export function dock(player) {
  const toggle = element("button", { class: "play", onclick: () => player.play(!player.playing) }, "▶ Play");
  const sources = SOURCES.map(([source, words], i) => element("button", { "data-source": source, title: `key ${i + 1}`, onclick: () => player.choose(source) }, words));
  const name = element("span", { class: "heard", role: "status" });
  const clock = element("span", { class: "quiet clock" });
  const place = element("input", { type: "range", class: "place", min: 0, step: 0.1, value: 0, "aria-label": "Position in seconds", oninput: () => player.seek(place.value * player.rate) });
  const slider = (label, low, high, value, use) => element("label", {}, `${label} `, element("input", { type: "range", min: low, max: high, value, step: 1, "aria-label": `${label} in dB`, oninput: (event) => use(10 ** (event.target.value / 20)) }));
  const matched = element("input", { type: "checkbox", checked: true, onchange: () => player.set({ matched: matched.checked }) });
  const node = element("div", { class: "dock", role: "group", "aria-label": "Player" }, toggle,
    element("span", { class: "sources" }, sources), name, place, clock,
    slider("volume", -40, 6, 0, (gain) => player.setVolume(gain)),
    slider("null gain", 0, 40, 0, (gain) => player.set({ nullGain: gain })),
    element("label", { title: "ITU-R BS.1770" }, matched, " same loudness"));
  const refresh = () => {
    const blind = Boolean(player.blind); // then who is heard is not to be told, nor chosen here
    toggle.textContent = player.playing ? "❚❚ Pause" : "▶ Play";
    sources.forEach((button) => button.setAttribute("aria-pressed", !blind && button.dataset.source === player.source));
    sources[0].disabled = matched.disabled = blind;
    sources[1].disabled = sources[3].disabled = blind || !player.hasTarget;
    sources[2].disabled = blind || !player.model;
    name.textContent = !blind && (player.source === "model" || player.source === "null") ? player.model : "";
  };
  player.addEventListener("change", refresh);
  player.addEventListener("failed", () => (name.textContent = `cannot be played: ${[...player.failures.values()].at(-1)}`));
  document.addEventListener("keydown", (event) => keys(event, player));
  const tick = () => {
    const [at, end] = [player.position, player.length].map((samples) => samples / player.rate);
    clock.textContent = `${clockTime(at)} / ${clockTime(end)}`;
    Object.assign(place, { max: end, value: at, disabled: Boolean(player.blind) });
  };
  setInterval(tick, 100);
  refresh();
  return node;
}

// 1 to 4 and the space bar, unless something that takes them is in focus.
function keys(event, player) {
  if (event.ctrlKey || event.metaKey || event.altKey || player.blind) return;
  if (event.target.closest?.("input, select, button, summary, textarea, svg, a")) {
    if (!(event.target.type === "checkbox" && event.key !== " ") && !(event.target.tagName === "BUTTON" && event.key !== " " && event.key !== "Enter")) return;
  }
  const source = SOURCES[Number(event.key) - 1]?.[0];
  if (source) player.choose(source);
  if (event.key === " ") {
    player.play(!player.playing);
    event.preventDefault();
  }
}
