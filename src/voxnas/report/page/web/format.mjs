// Figures as text, and the ticks of axes.

// As a table has it: three significant digits, whole numbers whole, a dash for none.
export function figureText(value, figure = {}) {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (figure.integer || (Number.isInteger(value) && Math.abs(value) < 1e15)) return value.toLocaleString("en-US");
  return shortNumber(value);
}

export function shortNumber(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-4) return value.toExponential(1).replace(/\.0e/, "e").replace("e+", "e");
  return String(Number(value.toPrecision(3)));
}

export function clockTime(seconds) {
  return `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}

// Where [low, high] lies between 0 and 1, with about `count` round ticks.
export class Scale {
  constructor(values, logarithmic, count = 6) {
    const known = values.filter((v) => Number.isFinite(v) && (!logarithmic || v > 0));
    this.logarithmic = logarithmic;
    let low = known.length ? known.reduce((a, b) => Math.min(a, b)) : 1;
    let high = known.length ? known.reduce((a, b) => Math.max(a, b)) : 10;
    if (low === high && logarithmic) [low, high] = [low / 2, high * 2];
    else if (low === high) [low, high] = [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
    const [a, b] = [this.#bent(low), this.#bent(high)];
    this.from = a - (b - a) * 0.06;
    this.to = b + (b - a) * 0.06;
    this.count = count;
  }

  #bent(value) {
    return this.logarithmic ? Math.log10(value) : value;
  }

  place(value) {
    return (this.#bent(value) - this.from) / (this.to - this.from);
  }

  holds(value) {
    return Number.isFinite(value) && (!this.logarithmic || value > 0);
  }

  ticks() {
    return this.logarithmic ? this.#powers() : this.#steps();
  }

  #steps() {
    const rough = (this.to - this.from) / this.count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough);
    const found = [];
    for (let n = Math.ceil(this.from / step); n * step <= this.to; n++) found.push(n * step);
    return found;
  }

  #powers() {
    const wide = this.to - this.from > 3;
    const multiples = wide ? [1] : this.to - this.from > 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
    const found = [];
    for (let power = Math.floor(this.from); power <= this.to; power++)
      for (const m of multiples) found.push(m * 10 ** power);
    return found.filter((v) => Math.log10(v) >= this.from && Math.log10(v) <= this.to);
  }
}
