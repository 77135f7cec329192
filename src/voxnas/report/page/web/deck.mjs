// What plays: tracks of one length that run side by side, of which one is heard, or the difference of two.
// All share one position, so that switching is exact to the sample. It lives where the sound is made: in an
// AudioWorklet, or in the page where a browser forbids that.
import { Stream } from "./engine.mjs";

export const BLOCK = 1024; // samples; a track fills in such blocks
const FADE_S = 0.02, EDGE_S = 0.005;

export class Deck {
  constructor(rate, tell) {
    this.rate = rate;
    this.tell = tell; // takes messages for the page
    this.fade = Math.round(FADE_S * rate);
    this.edge = Math.round(EDGE_S * rate);
    this.playing = false;
    this.clock = 0; // samples made
    this.live = null;
    this.receive({ type: "clip", length: 0 });
  }

  receive(message) {
    const act = { clip: this.#clip, samples: this.#samples, choose: this.#choose, drop: this.#drop, control: this.#control, play: this.#play, loop: this.#loop, live: this.#live };
    act[message.type].call(this, message);
  }

  // Fills `output` with what is next; `input` is the instrument's, or null.
  process(input, output) {
    this.clock += output.length;
    if (this.live) return this.#processLive(input, output);
    output.fill(0);
    if (!this.playing || !this.to) return;
    this.#begin(output.length);
    for (let i = 0; i < output.length; i++) {
      const at = this.position;
      const mix = this.mix < this.fade ? this.mix++ / this.fade : 1;
      let y = heard(this.source, at) * mix;
      if (mix < 1) y += heard(this.before, at) * (1 - mix);
      const inside = Math.min(at - this.from, this.to - 1 - at);
      output[i] = inside < this.edge ? (y * inside) / this.edge : y;
      this.position = at + 1 < this.to ? at + 1 : this.from;
    }
  }

  // New tracks of so many samples; the old ones are gone.
  #clip({ length }) {
    this.tracks = new Map();
    this.length = length;
    [this.from, this.to, this.position] = [0, length, 0];
    [this.source, this.before, this.wanted] = [null, null, null];
    this.mix = this.fade;
  }

  #samples({ track, at, samples }) {
    if (!this.tracks.has(track)) {
      const filled = new Uint8Array(Math.ceil(this.length / BLOCK));
      this.tracks.set(track, { samples: new Float32Array(this.length), filled });
    }
    const found = this.tracks.get(track);
    found.samples.set(samples, at);
    found.filled.fill(1, at / BLOCK, Math.ceil((at + samples.length) / BLOCK));
  }

  // A track that nobody asks for any more; where it is heard it goes on until the next has come.
  #drop({ track }) {
    this.tracks.delete(track);
  }

  // The knobs of what plays live.
  #control({ values }) {
    this.live?.now?.control(values, this.fade);
  }

  // {track, minus, gain}: it is heard as soon as there is enough of it.
  #choose({ source }) {
    if (this.wanted?.track !== source.track) this.asked = this.clock;
    this.wanted = source;
  }

  #play({ playing }) {
    this.playing = playing;
  }

  #loop({ from, to, at }) {
    this.from = Math.max(0, from);
    this.to = Math.min(this.length, to);
    if (at !== undefined) this.position = at;
    if (this.position < this.from || this.position >= this.to) this.position = this.from;
  }

  #ready(track, samples) {
    const found = this.tracks.get(track);
    if (!found) return false;
    const last = Math.min(this.position + samples, this.length - 1);
    for (let block = Math.floor(this.position / BLOCK); block <= Math.floor(last / BLOCK); block++)
      if (!found.filled[block]) return false;
    return true;
  }

  // Lets what is wanted begin.
  #begin(samples) {
    const next = this.wanted;
    if (!next || this.mix < this.fade) return;
    const needed = [next.track, next.minus].filter(Boolean);
    if (!needed.every((track) => this.#ready(track, 4 * samples))) return;
    this.before = this.source;
    this.source = { ...next, samples: this.tracks.get(next.track).samples };
    if (next.minus) this.source.from = this.tracks.get(next.minus).samples;
    this.wanted = null;
    this.mix = 0;
    this.tell({ type: "heard", name: next.name, waited: this.clock - this.asked });
  }

  // {module, form, gain}: the instrument through a network, or as it is; null goes back to the tracks.
  #live({ live }) {
    if (!live) return (this.live = null);
    try {
      const stream = live.form ? new Stream(live.module, live.form) : null;
      this.live = { now: stream, gain: live.gain, before: this.live?.now, mix: this.live ? 0 : this.fade };
    } catch (error) {
      this.tell({ type: "failed", why: String(error.message ?? error) });
    }
  }

  #processLive(input, output) {
    if (!input) return output.fill(0);
    const live = this.live;
    const through = (stream, y) => (stream ? stream.process(input, y) : y.set(input));
    through(live.now, output);
    if (live.mix < this.fade) {
      const old = new Float32Array(output.length);
      through(live.before, old);
      for (let i = 0; i < output.length; i++) {
        const mix = Math.min(1, live.mix++ / this.fade);
        output[i] = output[i] * mix + old[i] * (1 - mix);
      }
    }
    for (let i = 0; i < output.length; i++) output[i] *= live.gain;
  }
}

function heard(source, at) {
  if (!source) return 0;
  return (source.samples[at] - (source.from ? source.from[at] : 0)) * source.gain;
}
