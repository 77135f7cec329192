// The deck in the thread that makes the sound.
import { Deck } from "./deck.mjs";

class DeckProcessor extends AudioWorkletProcessor {
  // `processorOptions.first` may hold a message to begin with.
  constructor({ processorOptions }) {
    super();
    this.deck = new Deck(sampleRate, (message) => this.port.postMessage(message));
    this.port.onmessage = ({ data }) => this.deck.receive(data);
    if (processorOptions?.first) this.deck.receive(processorOptions.first);
    this.blocks = 0;
  }

  process(inputs, outputs) {
    const [left, ...others] = outputs[0];
    this.deck.process(inputs[0][0] ?? null, left);
    for (const other of others) other.set(left);
    if (++this.blocks % 8 === 0) this.port.postMessage({ type: "position", position: this.deck.position });
    return true;
  }
}

registerProcessor("deck", DeckProcessor);
