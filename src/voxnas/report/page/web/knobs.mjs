// The knobs and switches of a model that has some.
import { element } from "./dom.mjs";

const STEPS = 200, SETTLE_MS = 60; // of a knob's way; while it turns

// A panel for a candidate. Turning it turns the model that is heard.
export function knobs(player, candidate) {
  const { controls } = candidate.play.panel;
  const setting = (candidate.setting ??= Object.fromEntries(controls.map((control) => [control.name, control.default])));
  let timer = null;
  const turned = () => {
    clearTimeout(timer);
    timer = setTimeout(() => player.turn(candidate.name, encoded(controls, setting)), SETTLE_MS);
  };
  return element("div", { class: "knobs", role: "group", "aria-label": "Knobs" }, controls.map((control) => {
    const set = (value) => ((setting[control.name] = value), turned());
    return element("label", {}, `${control.name} `, control.options ? positions(control, setting, set) : knob(control, setting, set));
  }));
}

function knob(control, setting, set) {
  const told = element("output", {}, shown(setting[control.name]));
  const use = (event) => {
    const value = decoded(control, event.target.value / STEPS);
    told.textContent = shown(value);
    set(value);
  };
  const place = Math.round(STEPS * encodedKnob(control, setting[control.name]));
  return [element("input", { type: "range", min: 0, max: STEPS, step: 1, value: place, "aria-label": control.name, oninput: use }), told];
}

function positions(control, setting, set) {
  const options = control.options.map((name) => element("option", { selected: name === setting[control.name] }, name));
  return element("select", { "aria-label": control.name, onchange: (event) => set(event.target.value) }, options);
}

// What the network hears of a setting; see controls.py.
export function encoded(controls, setting) {
  return controls.flatMap((control) => {
    const value = setting[control.name];
    return control.options ? control.options.slice(1).map((name) => Number(name === value)) : [encodedKnob(control, value)];
  });
}

function encodedKnob({ low, high, taper }, value) {
  return taper === "log" ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

function decoded({ low, high, taper }, share) {
  return taper === "log" ? low * (high / low) ** share : low + share * (high - low);
}

function shown(value) {
  return String(Number(value.toPrecision(3)));
}
