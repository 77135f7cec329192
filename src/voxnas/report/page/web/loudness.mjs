// Integrated loudness of a mono signal in LUFS, after ITU-R BS.1770-5: K-weighting, blocks of 400 ms that overlap
// by three quarters, an absolute gate at -70 LUFS and a relative one 10 LU below what passes it.

export function loudness(samples, rate) {
  const weighted = biquad(biquad(samples, shelf(rate)), highPass(rate));
  const size = Math.round(0.4 * rate), step = Math.round(0.1 * rate);
  const powers = [];
  for (let at = 0; at + size <= weighted.length; at += step) powers.push(power(weighted, at, at + size));
  if (!powers.length && weighted.length) powers.push(power(weighted, 0, weighted.length));
  const loud = powers.filter((p) => lufs(p) > -70);
  if (!loud.length) return -Infinity;
  const gate = lufs(mean(loud)) - 10;
  return lufs(mean(loud.filter((p) => lufs(p) > gate)));
}

const lufs = (p) => -0.691 + 10 * Math.log10(p);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

function power(x, from, to) {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i] * x[i];
  return sum / (to - from);
}

// The two filters for any rate; at 48 kHz they have the coefficients of the recommendation.
function shelf(rate) {
  const k = Math.tan((Math.PI * 1681.974450955533) / rate), q = 0.7071752369554196;
  const high = 10 ** (3.999843853973347 / 20), band = high ** 0.4996667741545416;
  const a0 = 1 + k / q + k * k;
  return [(high + (band * k) / q + k * k) / a0, (2 * (k * k - high)) / a0, (high - (band * k) / q + k * k) / a0,
    (2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0];
}

function highPass(rate) {
  const k = Math.tan((Math.PI * 38.13547087602444) / rate), q = 0.5003270373238773;
  const a0 = 1 + k / q + k * k;
  return [1, -2, 1, (2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0];
}

function biquad(x, [b0, b1, b2, a1, a2]) {
  const y = new Float64Array(x.length);
  let [x1, x2, y1, y2] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const value = b0 * x[i] + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2;
    [x2, x1, y2, y1] = [x1, x[i], y1, value];
    y[i] = value;
  }
  return y;
}
