// What the answers of a blind test amount to.

// Chance of so many or more right answers of `trials` by guessing.
export function binomialTail(right, trials) {
  let [term, sum] = [0.5 ** trials, 0];
  for (let k = 0; k <= trials; k++) {
    if (k >= right) sum += term;
    term *= (trials - k) / (k + 1);
  }
  return Math.min(1, sum);
}

// The share of right answers, at 95 % (Wilson 1927).
export function wilson(right, trials, z = 1.959964) {
  const share = right / trials, middle = (share + (z * z) / (2 * trials)) / (1 + (z * z) / trials);
  const half = (z / (1 + (z * z) / trials)) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

const T95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042];

// Mean and the half width of its 95 % interval by Student's t; null where one value tells of no spread.
export function meanWithin(values) {
  const n = values.length, mean = values.reduce((a, b) => a + b, 0) / n;
  if (n < 2) return [mean, null];
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1);
  return [mean, (T95[n - 2] ?? 1.96) * Math.sqrt(variance / n)];
}

// A random order, from a generator of numbers in [0, 1).
export function shuffled(items, random = Math.random) {
  const found = [...items];
  for (let i = found.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [found[i], found[j]] = [found[j], found[i]];
  }
  return found;
}
