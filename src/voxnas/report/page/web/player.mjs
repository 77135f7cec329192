// The page's side of the deck: which tracks there are, who is heard, and how loud.
import { loudness } from "./loudness.mjs";
import { Output, throughDeck } from "./output.mjs";
import { Renderer } from "./renderer.mjs";
import { bytesOf, followsOf, formOf } from "./unpack.mjs";

const LOUDEST_LUFS = -16, PEAK = 0.9;
const WAKES_MS = 4000; // a sound device that is there

// Tells "change" (what is heard, or could be), "track" (samples came) and "failed", each as an event.
export class Player extends EventTarget {
  // `sound` is the page's: {rate, engine, dry, target}; `models` by name: {form, warm, delay}.
  // `scripts` are the sources of the worklet and the worker.
  constructor(sound, models, scripts) {
    super();
    Object.assign(this, { sound, models, scripts, rate: sound.rate });
    this.tracks = new Map();
    this.forms = new Map();
    this.settings = new Map(); // of models whose knobs were turned: what the network hears
    this.turns = new Map(); // how often, by model
    this.failures = new Map();
    this.playing = false;
    this.matched = true;
    this.volume = 1;
    this.nullGain = 1;
    this.source = "target";
    this.model = null;
    this.length = 0;
    this.position = 0;
  }

  // Decodes what the page holds, and starts the renderer.
  async open() {
    const [engine, dry, target] = await Promise.all([
      bytesOf(this.sound.engine), this.#decoded(this.sound.dry), this.#decoded(this.sound.target),
    ]);
    this.module = await WebAssembly.compile(engine);
    this.#makeRenderer(engine);
    this.own = { dry, target };
    this.setClip(dry, target);
    for (const name of this.models.keys()) this.#unpacked(name); // so that a click finds nothing to unpack
    this.#opened().catch(() => (this.opening = null)); // so that the first click has but to wake it
  }

  // Another dry signal; without a target there is nothing to compare with.
  setClip(dry, target = null) {
    if (this.blind) throw new Error("end the blind test first");
    this.tracks = new Map();
    this.failures = new Map();
    this.length = dry.length;
    this.position = 0;
    this.clip = (this.clip ?? 0) + 1;
    this.deck?.({ type: "clip", length: dry.length });
    this.renderer({ type: "clip", samples: dry, clip: this.clip });
    this.#whole("dry", dry);
    if (target) this.#whole("target", target.subarray(0, dry.length));
    this.reference = target ? "target" : "dry";
    this.level = this.#level();
    if (!target && this.source !== "dry") this.source = this.model ? "model" : "dry";
    if (this.model) this.want(this.model, true);
    this.#chosen();
  }

  get hasTarget() {
    return this.tracks.has("target");
  }

  // Renders a model's track; if that is urgent, at once and from where the player is.
  async want(name, urgent = false) {
    const clip = this.clip;
    const known = this.models.get(name), track = this.tracks.get(name);
    if (!known || track?.done || (track && !urgent)) return;
    const turn = this.turns.get(name) ?? 0;
    if (!track) this.tracks.set(name, { samples: new Float32Array(this.length), done: false, known: 0, turn });
    const form = await this.#form(name);
    if (clip !== this.clip || turn !== (this.turns.get(name) ?? 0)) return;
    const { warm, delay } = known;
    this.renderer({ type: "render", track: name, turn, form, warm, delay, urgent, from: this.position });
  }

  // What is heard: "dry", "target", "model" or "null", and of which model.
  choose(source, model = this.model) {
    if (this.blind) return;
    if ((source === "target" || source === "null") && !this.hasTarget) source = "model";
    if ((source === "model" || source === "null") && !model) source = "dry";
    [this.source, this.model] = [source, model];
    if (model) this.want(model, true);
    this.#chosen();
  }

  // Turns a model's knobs: `values` is what its network hears. What is heard of it fades over to the new setting.
  turn(name, values) {
    if (this.blind) return;
    this.settings.set(name, Float32Array.from(values));
    this.renderer({ type: "forget", track: name });
    const before = this.#inDeck(name);
    this.turns.set(name, (this.turns.get(name) ?? 0) + 1);
    this.tracks.delete(name);
    this.deck?.({ type: "control", values: this.settings.get(name) });
    this.want(name, true);
    if (name === this.model) this.#chosen();
    this.deck?.({ type: "drop", track: before });
  }

  // A track as it is, such as a blind test's: nothing is told of which it is.
  chooseTrack(track) {
    this.#send({ track, gain: this.gain(track), name: track });
  }

  async play(playing = true) {
    const { context, deck } = await this.#opened();
    if (playing && !(await within(context.resume(), WAKES_MS)))
      return this.#failed({ why: "no sound device answers the browser" });
    this.playing = playing;
    deck({ type: "play", playing });
    this.#chosen();
  }

  seek(at, from = 0, to = this.length) {
    this.position = Math.round(at);
    this.deck?.({ type: "loop", from, to, at: this.position });
    if (this.model) this.want(this.model, true);
  }

  setVolume(volume) {
    this.volume = volume;
    this.output?.setVolume(volume);
  }

  set(options) {
    if (this.blind) return;
    Object.assign(this, options);
    this.#chosen();
  }

  // The factor that makes a track as loud as all others; until its loudness is known, that of the reference.
  gain(track) {
    if (!this.matched) return 1;
    const found = this.tracks.get(track)?.loudness ?? this.tracks.get(this.reference).loudness;
    return Number.isFinite(found) ? 10 ** ((this.level - found) / 20) : 1;
  }

  // A cabinet's impulse response after everything; null for none.
  async setCabinet(samples) {
    (await this.#opened()).setCabinet(samples);
  }

  // The instrument at the audio interface through a model, or null to go back; returns what is known of the delay in s.
  async setLive(model, gain = 1) {
    const output = await this.#opened();
    if (!model) {
      output.closeInstrument();
      output.deck({ type: "live", live: null });
      return null;
    }
    const delay = await output.openInstrument();
    output.deck({ type: "live", live: { module: this.module, form: await this.#form(model), gain } });
    return delay;
  }

  // See output.mjs.
  async throughDeck(model, samples) {
    const live = { module: this.module, form: await this.#form(model), gain: 1 };
    return throughDeck(live, samples, this.rate, this.scripts.worklet);
  }

  // One channel of any file that the browser reads, at this page's rate.
  async read(file) {
    const context = new OfflineAudioContext(1, 1, this.rate);
    return (await context.decodeAudioData(await file.arrayBuffer())).getChannelData(0);
  }

  // With its knobs where they stand.
  async #form(name) {
    const [found, follows] = await this.#unpacked(name);
    if (!follows) return found;
    return { ...found, follows: { ...follows, values: this.settings.get(name) ?? follows.values } };
  }

  #unpacked(name) {
    const { form, panel } = this.models.get(name);
    if (!this.forms.has(name)) this.forms.set(name, Promise.all([formOf(form), panel && followsOf(panel)]));
    return this.forms.get(name);
  }

  // The deck's name for a track: another after each turn of its knobs, so that the one fades into the other.
  #inDeck(track) {
    const turn = this.turns.get(track);
    return turn ? `${track}\n${turn}` : track;
  }

  async #decoded(packed) {
    if (!packed) return null;
    const bytes = await bytesOf(packed.bytes);
    const samples = await this.read(new Blob([bytes]));
    return samples.map((y) => y * packed.gain);
  }

  #whole(track, samples) {
    this.tracks.set(track, { samples, done: true, known: samples.length, loudness: loudness(samples, this.rate) });
    this.deck?.({ type: "samples", track, at: 0, samples });
  }

  // As loud as may be without clipping what is known from the start.
  #level() {
    const known = [...this.tracks.values()].filter((t) => t.done && Number.isFinite(t.loudness));
    const room = known.map((t) => t.loudness + 20 * Math.log10(PEAK / peak(t.samples)));
    return Math.min(LOUDEST_LUFS, ...room);
  }

  #chosen() {
    const { source, model } = this;
    const track = source === "model" || source === "null" ? model : source;
    if (source === "null") this.#send({ track, minus: "target", gain: this.nullGain * this.gain("target"), name: source });
    else this.#send({ track, gain: this.gain(track), name: source });
    this.dispatchEvent(new Event("change"));
  }

  #send(source) {
    this.deck?.({ type: "choose", source: { ...source, track: this.#inDeck(source.track) } });
  }

  // In a thread of its own, or where no worker may be made of a page's own text, in the page.
  #makeRenderer(bytes) {
    const take = (message) => this.#rendered(message);
    const inPage = () => {
      const renderer = new Renderer(take);
      this.renderer = (message) => renderer.receive(message);
      this.renderer({ type: "engine", bytes });
    };
    try {
      const worker = new Worker(this.#address("worker"));
      worker.onmessage = ({ data }) => take(data);
      worker.onerror = () => {
        inPage();
        if (this.own) this.setClip(this.own.dry, this.own.target);
      };
      this.renderer = (message) => worker.postMessage(message);
      this.renderer({ type: "engine", bytes });
    } catch {
      inPage();
    }
  }

  #rendered(message) {
    const track = this.tracks.get(message.track);
    if (message.type === "failed") this.#failed(message);
    if (!track || message.clip !== this.clip || message.turn !== track.turn) return;
    if (message.type === "samples") {
      track.samples.set(message.samples, message.at);
      track.known += message.samples.length;
      this.deck?.({ type: "samples", track: this.#inDeck(message.track), at: message.at, samples: message.samples });
    }
    if (message.type === "done") {
      track.done = true;
      track.loudness = loudness(track.samples, this.rate);
      // Again, for what came before there was a deck.
      this.deck?.({ type: "samples", track: this.#inDeck(message.track), at: 0, samples: track.samples });
      if (message.track === this.model && !this.blind) this.#chosen();
    }
    this.dispatchEvent(new CustomEvent("track", { detail: message.track }));
  }

  #failed({ track, why }) {
    this.failures.set(track ?? "", why);
    this.dispatchEvent(new Event("failed"));
  }

  #opened() {
    this.opening ??= Output.made(this.rate, this.scripts.worklet, (message) => this.#fromDeck(message)).then((output) => {
      Object.assign(this, { output, deck: output.deck });
      output.setVolume(this.volume);
      this.deck({ type: "clip", length: this.length });
      for (const [track, { samples, done }] of this.tracks) if (done) this.deck({ type: "samples", track: this.#inDeck(track), at: 0, samples });
      this.#chosen();
      return output;
    });
    return this.opening;
  }

  #fromDeck(message) {
    if (message.type === "position") this.position = message.position;
    if (message.type === "failed") this.#failed(message);
    if (message.type === "heard") {
      this.waited = message.waited;
      this.dispatchEvent(new CustomEvent("heard", { detail: message.name }));
    }
  }

  #address(script) {
    return URL.createObjectURL(new Blob([this.scripts[script]], { type: "text/javascript" }));
  }
}

// Whether it is done in time.
function within(promise, milliseconds) {
  return Promise.race([promise.then(() => true), new Promise((resolve) => setTimeout(() => resolve(false), milliseconds))]);
}

function peak(samples) {
  let found = 1e-6;
  for (const y of samples) if (Math.abs(y) > found) found = Math.abs(y);
  return found;
}
