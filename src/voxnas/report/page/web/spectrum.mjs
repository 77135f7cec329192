// Waveforms and spectrograms on canvases.

const SIZE = 1024; // samples of a spectrum
const QUIETEST_DB = -96;

// Magnitudes in place of a real signal's samples, by an in-place radix-2 FFT.
export class Spectrum {
  constructor(size = SIZE) {
    this.size = size;
    this.window = Float64Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / size));
    this.cos = Float64Array.from({ length: size / 2 }, (_, n) => Math.cos((2 * Math.PI * n) / size));
    this.sin = Float64Array.from({ length: size / 2 }, (_, n) => -Math.sin((2 * Math.PI * n) / size));
    this.re = new Float64Array(size);
    this.im = new Float64Array(size);
    const bits = Math.log2(size);
    this.order = Uint32Array.from({ length: size }, (_, n) => {
      let r = 0;
      for (let b = 0; b < bits; b++) r |= ((n >> b) & 1) << (bits - 1 - b);
      return r;
    });
  }

  // Level in dB of each of size / 2 frequencies, 0 for a sine of amplitude 1; `out` takes them.
  levels(samples, at, out) {
    const { size, re, im } = this;
    for (let n = 0; n < size; n++) {
      const from = at + this.order[n];
      re[n] = from >= 0 && from < samples.length ? samples[from] * this.window[this.order[n]] : 0;
      im[n] = 0;
    }
    for (let half = 1; half < size; half *= 2) this.#pass(half);
    for (let n = 0; n < size / 2; n++)
      out[n] = 10 * Math.log10((re[n] * re[n] + im[n] * im[n]) * (4 / size) ** 2 + 1e-12);
    return out;
  }

  #pass(half) {
    const { size, re, im } = this, step = size / (2 * half);
    for (let start = 0; start < size; start += 2 * half)
      for (let k = 0, t = 0; k < half; k++, t += step) {
        const a = start + k, b = a + half;
        const x = re[b] * this.cos[t] - im[b] * this.sin[t], y = re[b] * this.sin[t] + im[b] * this.cos[t];
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
  }
}

// From silence to loud: dark violet, red, yellow, as perceived brightness rises.
const STOPS = [[8, 6, 28], [62, 16, 92], [140, 32, 98], [212, 66, 62], [248, 142, 22], [252, 232, 150]];
const COLOURS = Uint32Array.from({ length: 256 }, (_, n) => {
  const at = (n / 255) * (STOPS.length - 1), k = Math.min(Math.floor(at), STOPS.length - 2);
  const [r, g, b] = [0, 1, 2].map((i) => Math.round(STOPS[k][i] + (STOPS[k + 1][i] - STOPS[k][i]) * (at - k)));
  return (255 << 24) | (b << 16) | (g << 8) | r;
});

// A frequency axis that is linear below 1 kHz and logarithmic above, as the ear's, from 60 Hz to half the rate.
export function drawSpectrogram(canvas, samples, rate) {
  const { width, height } = canvas, context = canvas.getContext("2d");
  const image = context.createImageData(width, height), pixels = new Uint32Array(image.data.buffer);
  const spectrum = new Spectrum(), levels = new Float64Array(SIZE / 2);
  const mel = (f) => Math.log(1 + f / 700), top = mel(rate / 2), low = mel(60);
  const bins = Array.from({ length: height }, (_, y) =>
    Math.min(SIZE / 2 - 1, ((Math.exp(low + (top - low) * (1 - y / height)) - 1) * 700 * SIZE) / rate));
  for (let x = 0; x < width; x++) {
    spectrum.levels(samples, Math.round(((x + 0.5) / width) * samples.length) - SIZE / 2, levels);
    for (let y = 0; y < height; y++) {
      const k = Math.floor(bins[y]), part = bins[y] - k, level = levels[k] * (1 - part) + (levels[k + 1] ?? levels[k]) * part;
      pixels[y * width + x] = COLOURS[Math.max(0, Math.min(255, Math.round(((level - QUIETEST_DB) / -QUIETEST_DB) * 255)))];
    }
  }
  context.putImageData(image, 0, 0);
}

export function drawWaveform(canvas, samples, colour) {
  const { width, height } = canvas, context = canvas.getContext("2d");
  context.clearRect(0, 0, width, height);
  context.fillStyle = colour;
  for (let x = 0; x < width; x++) {
    const from = Math.floor((x / width) * samples.length), to = Math.max(from + 1, Math.floor(((x + 1) / width) * samples.length));
    let [low, high] = [1, -1];
    for (let i = from; i < to; i++) {
      if (samples[i] < low) low = samples[i];
      if (samples[i] > high) high = samples[i];
    }
    const [a, b] = [high, low].map((v) => (0.5 - Math.max(-1, Math.min(1, v)) / 2) * height);
    context.fillRect(x, a, 1, Math.max(1, b - a));
  }
}
