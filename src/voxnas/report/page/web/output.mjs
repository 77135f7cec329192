// From the deck to the loudspeakers: the deck in the thread that makes the sound, a cabinet, the volume; and the
// instrument at the audio interface.
import { BLOCK, Deck } from "./deck.mjs";

const ONE = { channelCount: 1, channelCountMode: "explicit" };
// What is meant for speech would spoil a instrument.
const INSTRUMENT = { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1, latency: 0 };

export class Output {
  // `script` is the worklet's source; `take(message)` gets what the deck tells.
  static async made(rate, script, take) {
    const output = new Output(rate, script, take);
    await output.#begin();
    return output;
  }

  constructor(rate, script, take) {
    Object.assign(this, { rate, script, take });
    this.context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    this.volume = new GainNode(this.context);
    this.volume.connect(this.context.destination);
  }

  setVolume(gain) {
    this.volume.gain.setTargetAtTime(gain, this.context.currentTime, 0.02);
  }

  // A cabinet's impulse response after everything; null for none.
  setCabinet(samples) {
    this.node.disconnect();
    this.convolver?.disconnect();
    this.convolver = null;
    if (!samples) return this.node.connect(this.volume);
    const buffer = this.context.createBuffer(1, samples.length, this.rate);
    buffer.copyToChannel(samples, 0);
    this.convolver = new ConvolverNode(this.context, { buffer });
    return this.node.connect(this.convolver).connect(this.volume);
  }

  // Lets the instrument into the deck; returns what is known of the delay, in seconds.
  async openInstrument() {
    this.instrument ??= await navigator.mediaDevices.getUserMedia({ audio: INSTRUMENT });
    if (!this.instrumentNode) {
      this.instrumentNode = this.context.createMediaStreamSource(this.instrument);
      this.instrumentNode.connect(this.node);
    }
    await this.context.resume();
    const input = this.instrument.getAudioTracks()[0].getSettings().latency ?? 0;
    return input + (this.context.baseLatency ?? 0) + (this.context.outputLatency ?? 0);
  }

  closeInstrument() {
    this.instrument?.getTracks().forEach((track) => track.stop());
    this.instrumentNode?.disconnect();
    this.instrument = this.instrumentNode = null;
  }

  async #begin() {
    try {
      await addDeck(this.context, this.script);
      this.node = new AudioWorkletNode(this.context, "deck", ONE);
      this.node.port.onmessage = ({ data }) => this.take(data);
      this.deck = (message) => this.node.port.postMessage(message);
      this.inPage = false;
    } catch {
      this.#deckInPage();
    }
    this.node.connect(this.volume);
  }

  // Where a browser forbids worklets of a page's own text.
  #deckInPage() {
    const deck = new Deck(this.rate, this.take);
    this.node = this.context.createScriptProcessor(BLOCK, 1, 1);
    this.node.onaudioprocess = ({ inputBuffer, outputBuffer }) => {
      deck.process(inputBuffer.getChannelData(0), outputBuffer.getChannelData(0));
      this.take({ type: "position", position: deck.position });
    };
    this.deck = (message) => deck.receive(message);
    this.inPage = true;
  }
}

// What the deck makes of samples that come in live, without a sound card: for tests and measurements.
export async function throughDeck(live, samples, rate, script) {
  const context = new OfflineAudioContext(1, samples.length, rate);
  await addDeck(context, script);
  const node = new AudioWorkletNode(context, "deck", { ...ONE, processorOptions: { first: { type: "live", live } } });
  const buffer = context.createBuffer(1, samples.length, rate);
  buffer.copyToChannel(samples, 0);
  const instrument = new AudioBufferSourceNode(context, { buffer });
  instrument.connect(node).connect(context.destination);
  instrument.start();
  const begun = performance.now();
  const played = await context.startRendering();
  return { samples: played.getChannelData(0), seconds: (performance.now() - begun) / 1000 };
}

// From the disk it is spelled out in its address, for there some browsers take no blob.
async function addDeck(context, script) {
  const spelled = `data:text/javascript,${encodeURIComponent(script)}`;
  const blob = () => URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  await context.audioWorklet.addModule(location.protocol === "file:" ? spelled : blob());
}
