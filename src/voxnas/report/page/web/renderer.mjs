// Tracks, rendered piece by piece: what is wanted first comes first, and what was begun goes on later.
import { BLOCK } from "./deck.mjs";
import { Stream } from "./engine.mjs";

const PIECE = 4 * BLOCK;

export class Renderer {
  constructor(tell) {
    this.tell = tell;
    this.jobs = [];
    this.busy = false;
  }

  // {type: "engine", bytes}, {type: "clip", samples, clip}, {type: "forget", track}, or {type: "render", track, turn,
  // form, warm, delay, from, urgent}: `warm` samples before a place lead there as the whole past would; the answer comes
  // `delay` samples late. What is urgent goes on at `from`. What is told of it has its `turn`.
  receive(message) {
    if (message.type === "engine") this.module = new WebAssembly.Module(message.bytes);
    if (message.type === "clip") [this.samples, this.clip, this.jobs] = [message.samples, message.clip, []];
    if (message.type === "forget") this.jobs = this.jobs.filter((job) => job.track !== message.track);
    if (message.type === "render") this.#take(message);
  }

  #take(job) {
    const begun = this.jobs.find((other) => other.track === job.track);
    if (begun) this.jobs.splice(this.jobs.indexOf(begun), 1);
    const next = begun ?? { ...job, clip: this.clip, samples: this.samples, spans: [{ at: 0, end: this.samples.length }] };
    if (!begun && job.delay) next.ahead = shifted(this.samples, job.delay);
    if (!begun || job.urgent) next.spans = fromThere(next.spans, job.from ?? 0, job.warm);
    if (job.urgent) this.jobs.unshift(next);
    else this.jobs.push(next);
    if (!this.busy) this.#run();
  }

  async #run() {
    this.busy = true;
    while (this.jobs.length) {
      const job = this.jobs[0];
      try {
        this.#step(job);
      } catch (error) {
        this.jobs.shift();
        this.tell({ type: "failed", track: job.track, turn: job.turn, clip: job.clip, why: String(error.message ?? error) });
      }
      await this.#others();
    }
    this.busy = false;
  }

  // Lets what else there is to do be done; a timer would wait for 4 ms.
  #others() {
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => (port1.close(), resolve());
      port2.postMessage(null);
    });
  }

  #step(job) {
    const span = job.spans[0];
    if (!job.stream) job.stream = new Stream(this.module, job.form);
    if (job.reached !== span.at) this.#lead(job, span.at);
    const end = Math.min(span.at + PIECE, span.end);
    const samples = new Float32Array(end - span.at);
    job.stream.process((job.ahead ?? job.samples).subarray(span.at, end), samples);
    const { track, turn, clip } = job, at = span.at;
    span.at = job.reached = end;
    if (end === span.end) job.spans.shift();
    if (!job.spans.length) this.jobs.splice(this.jobs.indexOf(job), 1);
    this.tell({ type: "samples", track, turn, at, samples, clip });
    if (!job.spans.length) this.tell({ type: "done", track, turn, clip });
  }

  // Brings a job's stream to a place, as if it had played all that comes before.
  #lead(job, at) {
    job.stream.reset();
    const past = job.samples.subarray(Math.max(0, at - job.warm), at + (job.delay ?? 0));
    if (past.length) job.stream.process(past, new Float32Array(past.length));
  }
}

// Of spans that are to be rendered: from where the player is on, then what lies before. So near the beginning that
// leading there costs as much, from the beginning.
function fromThere(spans, from, warm) {
  const start = from <= warm ? 0 : Math.floor(from / BLOCK) * BLOCK;
  const parts = spans.flatMap(({ at, end }) => (at < start && start < end ? [{ at, end: start }, { at: start, end }] : [{ at, end }]));
  return [...parts.filter(({ at }) => at >= start), ...parts.filter(({ at }) => at < start)];
}

function shifted(samples, delay) {
  const found = new Float32Array(samples.length);
  found.set(samples.subarray(delay));
  return found;
}
