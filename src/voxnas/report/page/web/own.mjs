// The reader's own sound: a recording instead of the preview, a cabinet after it, the instrument live.
import { element } from "./dom.mjs";

const LONGEST_S = 60;

export function ownSound(player) {
  const said = element("p", { role: "status", class: "quiet" });
  const tell = (text) => (said.textContent = text);
  const tried = (act) => async (...given) => {
    try {
      await act(...given);
    } catch (error) {
      tell(`That did not work: ${error.message || error.name}`);
    }
  };
  const openFile = tried(async (file) => {
    const samples = (await player.read(file)).slice(0, LONGEST_S * player.rate);
    player.setClip(samples);
    tell(`${file.name}: the first ${(samples.length / player.rate).toFixed(1)} s play through the models; there is no target to compare with.`);
  });
  const openCabinet = tried(async (file) => {
    await player.setCabinet(await player.read(file));
    tell(`${file.name} is the cabinet after everything.`);
  });
  const back = tried(() => {
    player.setClip(player.own.dry, player.own.target);
    tell("The preview plays again.");
  });
  const file = (words, use) => element("label", { class: "file" }, words, element("input", { type: "file", accept: "audio/*,.wav,.flac", onchange: (event) => event.target.files[0] && use(event.target.files[0]) }));
  dropped(openFile);
  const zone = element("div", { class: "drop" }, element("p", {}, "Drop a recording of your dry instrument anywhere on this page, or choose one."),
    file("Recording … ", openFile), element("button", { onclick: back }, "back to the preview"));
  const cabinet = element("div", {}, file("Cabinet impulse response … ", openCabinet),
    element("button", { onclick: tried(async () => { await player.setCabinet(null); tell("No cabinet."); }) }, "no cabinet"));
  return element("div", {}, zone, cabinet, live(player, tell, tried), said);
}

function dropped(open) {
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", event.type === "dragover");
    if (event.type === "drop" && event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  };
  ["dragover", "dragleave", "drop"].forEach((kind) => document.addEventListener(kind, over));
}

function live(player, tell, tried) {
  let on = false;
  const button = element("button", { "aria-pressed": "false", onclick: tried(async () => {
    if (!on && !player.model) return tell("Choose a model first.");
    const delay = await player.setLive(on ? null : player.model);
    on = !on;
    button.setAttribute("aria-pressed", on);
    button.textContent = on ? "stop the live instrument" : "Play live";
    tell(on ? `Live through ${player.model}; the browser's part of the delay is about ${(1000 * delay).toFixed(0)} ms.` : "");
  }) }, "Play live");
  player.addEventListener("change", tried(async () => on && player.model && player.setLive(player.model)));
  return element("div", {}, button, element("span", { class: "quiet" }, " your instrument through the chosen model, by headphones: echo cancellation, noise suppression and automatic gain are off."));
}
