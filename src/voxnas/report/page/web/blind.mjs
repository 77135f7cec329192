// Blind tests: ABX (which of two is X?) and, after MUSHRA (ITU-R BS.1534), ratings against a known reference, with
// the reference hidden among what is rated and the cheapest model as anchor. All of it loops on one position, so
// that nothing drifts and nothing starts twice; levels are matched.
import { download, element, plainTable } from "./dom.mjs";
import { binomialTail, meanWithin, shuffled, wilson } from "./stats.mjs";

const LONGEST_S = 4, MOST_RATED = 6;

export class BlindTests {
  // `names` are the models that play, the best first; `cheapest` one of them.
  constructor(player, names, cheapest, study) {
    Object.assign(this, { player, names, cheapest, study });
    this.stage = element("div", { class: "stage" });
    const select = (letter, chosen) => element("select", { "aria-label": letter }, ["target", ...names].map((n) => element("option", { selected: n === chosen }, n)));
    const [a, b] = [select("A", "target"), select("B", names[0])];
    const trials = element("input", { type: "number", min: 1, max: 50, value: 8, "aria-label": "Trials" });
    const rounds = element("input", { type: "number", min: 1, max: 20, value: 3, "aria-label": "Rounds" });
    const listener = element("input", { type: "text", maxlength: 60, placeholder: "your name (optional)", "aria-label": "Listener" });
    this.listener = listener;
    this.setup = element("div", {},
      element("p", {}, listener),
      element("p", {}, element("b", {}, "ABX: "), a, " or ", b, ", ", trials, " trials ", element("button", { onclick: () => this.#abx(a.value, b.value, Number(trials.value)) }, "Start ABX")),
      element("p", {}, element("b", {}, "Rating: "), `target against ${Math.min(names.length, MOST_RATED)} models, `, rounds, " rounds ", element("button", { onclick: () => this.#rating(Number(rounds.value)) }, "Start rating")));
    this.node = element("div", {}, this.setup, this.stage);
  }

  async #begin(tracks) {
    const { player } = this;
    await Promise.all(tracks.map((track) => rendered(player, track)));
    this.matched = player.matched;
    player.set({ matched: true });
    player.blind = true;
    this.setup.hidden = true;
    await player.play();
  }

  // Another stretch for every trial.
  #stretch(number, total) {
    const { player } = this, size = Math.min(player.length, Math.round(LONGEST_S * player.rate));
    const from = Math.round(((player.length - size) * (number % total)) / Math.max(1, total - 1));
    player.seek(from, from, from + size);
    return { from_s: from / player.rate, to_s: (from + size) / player.rate };
  }

  // Back to where the reader was.
  #leave() {
    const { player } = this;
    player.blind = false;
    player.seek(0);
    player.play(false);
    player.set({ matched: this.matched });
    this.setup.hidden = false;
  }

  #end(result) {
    this.#leave();
    const name = `listening-${result.kind}-${result.finished.replaceAll(":", "")}.json`;
    this.result = result;
    const save = element("button", { onclick: () => download(name, JSON.stringify(result, null, 1), "application/json") }, "save the answers");
    this.stage.append(element("p", {}, save, element("span", { class: "quiet" }, " Put the file into the study's folder listening/ and make the report again: it shows them beside its figures.")));
    save.focus();
  }

  #about(kind, more) {
    return { format: "voxnas-listening", schema_version: 1, kind, study: this.study, listener: this.listener.value.trim(), finished: new Date().toISOString().slice(0, 19) + "Z", ...more };
  }

  async #abx(a, b, total) {
    total = Math.max(1, Math.min(50, Math.round(total) || 8));
    if (a === b) return this.stage.replaceChildren("Choose two that differ.");
    this.stage.replaceChildren("Rendering …");
    try {
      await this.#begin([a, b]);
    } catch (error) {
      return this.stage.replaceChildren(error.message);
    }
    const trials = [];
    for (let number = 0; number < total; number++) {
      const stretch = this.#stretch(number, total), x = Math.random() < 0.5 ? a : b;
      const answer = await this.#askAbx(`Trial ${number + 1} of ${total}`, a, b, x);
      if (!answer) return this.#stopped();
      trials.push({ x, answer, ...stretch });
    }
    const right = trials.filter((t) => t.x === t.answer).length, [low, high] = wilson(right, total);
    this.stage.replaceChildren(element("h4", {}, "Result"), element("p", { class: "result" },
      `${right} of ${total} right, p = ${binomialTail(right, total).toFixed(4)} that guessing does as well; the share of right answers is between ${(100 * low).toFixed(0)} and ${(100 * high).toFixed(0)} % (95 %).`));
    this.#end(this.#about("abx", { a, b, trials, right, p_value: binomialTail(right, total) }));
  }

  #askAbx(heading, a, b, x) {
    const sounds = { A: a, B: b, X: x };
    const buttons = Object.keys(sounds).map((letter) => element("button", { "data-letter": letter, onclick: () => hear(letter) }, `Hear ${letter}`));
    const hear = (letter) => {
      this.player.chooseTrack(sounds[letter]);
      buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.letter === letter));
    };
    return new Promise((resolve) => {
      this.stage.replaceChildren(element("h4", {}, heading), element("p", {}, buttons),
        element("p", {}, element("button", { "data-answer": "A", onclick: () => resolve(a) }, "X is A"), element("button", { "data-answer": "B", onclick: () => resolve(b) }, "X is B"),
          element("button", { class: "plain", onclick: () => resolve(null) }, "stop")));
      hear("X");
      buttons.at(-1).focus(); // where the keyboard goes on
    });
  }

  async #rating(rounds) {
    rounds = Math.max(1, Math.min(20, Math.round(rounds) || 3));
    if (!this.player.hasTarget) return this.stage.replaceChildren("There is no target to rate against: go back to the preview.");
    const rated = [...new Set([...this.#spread(), this.cheapest])].slice(0, MOST_RATED + 1);
    this.stage.replaceChildren("Rendering …");
    try {
      await this.#begin(["target", ...rated]);
    } catch (error) {
      return this.stage.replaceChildren(error.message);
    }
    const answers = [];
    for (let round = 0; round < rounds; round++) {
      const stretch = this.#stretch(round, rounds), order = shuffled(["target", ...rated]);
      const given = await this.#askRatings(`Round ${round + 1} of ${rounds}`, order);
      if (!given) return this.#stopped();
      answers.push({ ratings: Object.fromEntries(order.map((name, i) => [name, given[i]])), ...stretch });
    }
    const summary = Object.fromEntries(["target", ...rated].map((name) => [name, meanWithin(answers.map((r) => r.ratings[name]))]));
    const rows = Object.entries(summary).sort((p, q) => q[1][0] - p[1][0]).map(([name, [mean, half]]) => [
      name === "target" ? "target (hidden reference)" : name === this.cheapest ? `${name} (anchor)` : name, mean.toFixed(1), half === null ? "–" : `± ${half.toFixed(1)}`]);
    this.stage.replaceChildren(element("h4", {}, "Result"), plainTable(["", "mean rating", "95 %"], rows));
    if (summary.target[0] < 90) this.stage.append(element("p", {}, "The hidden reference got less than 90: MUSHRA would not count this listener."));
    this.#end(this.#about("mushra", { anchor: this.cheapest, rounds: answers }));
  }

  // A few of the models, evenly from the best to the last.
  #spread() {
    const count = Math.min(MOST_RATED, this.names.length);
    return Array.from({ length: count }, (_, i) => this.names[Math.round((i * (this.names.length - 1)) / Math.max(1, count - 1))]);
  }

  #askRatings(heading, order) {
    const hear = (track, button) => {
      this.player.chooseTrack(track);
      this.stage.querySelectorAll("[data-hear]").forEach((other) => other.setAttribute("aria-pressed", other === button));
    };
    const button = (words, track) => element("button", { "data-hear": words, onclick: (event) => hear(track, event.currentTarget) }, words);
    const sliders = order.map((_, i) => element("input", { type: "range", min: 0, max: 100, value: 50, "aria-label": `Rating of ${i + 1}`, oninput: (event) => (event.target.nextSibling.textContent = event.target.value) }));
    return new Promise((resolve) => {
      this.stage.replaceChildren(element("h4", {}, heading), element("p", {}, button("Reference", "target"), " How close is each to it? 100: no difference. One of them is the reference itself."),
        ...order.map((track, i) => element("p", { class: "rating" }, button(`${i + 1}`, track), sliders[i], element("output", {}, "50"))),
        element("p", {}, element("button", { "data-answer": "next", onclick: () => resolve(sliders.map((s) => Number(s.value))) }, "next"), element("button", { class: "plain", onclick: () => resolve(null) }, "stop")));
      this.player.chooseTrack("target");
      this.stage.querySelector("[data-hear]").focus();
    });
  }

  #stopped() {
    this.#leave();
    this.stage.replaceChildren("Stopped; nothing is kept of it.");
  }
}

// When a track is whole, so that its level is known.
function rendered(player, track) {
  if (player.tracks.get(track)?.done) return Promise.resolve();
  return new Promise((resolve, reject) => {
    player.addEventListener("track", () => player.tracks.get(track)?.done && resolve());
    player.addEventListener("failed", () => player.failures.has(track) && reject(new Error(`${track}: ${player.failures.get(track)}`)));
    player.want(track);
  });
}
