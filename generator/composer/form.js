"use strict";
// The settings of songs, as their fields have them.
const METERS_SHOWN = ["2/4", "3/4", "4/4", "2/2", "3/2", "3/8", "6/8", "9/8", "12/8"];
const NUMBERS = [
  "max_bars", "temperature", "tempo", "top_p", "rhythm_temperature", "phrase_temperature", "memory", "candidates", "number",
];
// Settings of `generate` that are shown where they are not the recipe's own.
const SHOWN_FLAGS = ["max_bars", "meter", "temperature", "rhythm_temperature", "phrase_temperature", "top_p", "memory", "candidates", "tempo"];

const at = (id) => document.getElementById(id);

function option(text, value) {
  const made = document.createElement("option");
  [made.textContent, made.value] = [text, value];
  return made;
}

class Form {
  constructor({ settings, tables }) {
    [this.defaults, this.tables] = [settings, tables];
    this.fillKeys(settings.key);
    const meters = tables.frame ? METERS_SHOWN.filter((meter) => tables.frame.meter_names.includes(meter)) : METERS_SHOWN;
    at("meter").replaceChildren(option(tables.frame ? "any" : "4/4", ""), ...meters.map((meter) => option(meter, meter)));
    at("meter").value = meters.includes(settings.meter) ? settings.meter : "";
    for (const name of NUMBERS) if (name in settings) at(name).value = settings[name];
    at("phrases-field").hidden = !tables.phrases.includes(1);
    at("memory-field").hidden = !tables.memory;
  }

  fillKeys(name) {
    const { keys } = this.tables;
    const select = at("key");
    select.append(option("any", -1));
    for (const scale of new Set(keys.map((key) => key.scale))) {
      const group = document.createElement("optgroup");
      group.label = scale.replaceAll("-", " ");
      keys.forEach((key, number) => { if (key.scale === scale) group.append(option(key.name.replaceAll("-", " "), number)); });
      select.append(group);
    }
    select.value = keys.findIndex((key) => key.name === name);
  }

  get isValid() {
    if (!at("form").checkValidity()) {
      const wrong = at("form").querySelector("input:invalid");
      if (wrong && wrong.closest("details")) wrong.closest("details").open = true;
    }
    return at("form").reportValidity();
  }

  get number() {
    return Number(at("number").value);
  }

  set number(value) {
    at("number").value = value;
  }

  // Settings as the sampler takes them, where songs begin with nothing.
  get settings() {
    const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(at(name).value)]));
    return { ...this.defaults, ...numbers, seed: at("seed").value, key: Number(at("key").value), meter: at("meter").value, primer: null };
  }

  // The command that samples a song of these settings in Python.
  command(settings) {
    const flags = [`--seed=${settings.seed}`, `--num_songs=${settings.number + 1}`];
    if (settings.key >= 0) flags.push(`--key='${this.tables.keys[settings.key].name}'`);
    for (const name of SHOWN_FLAGS) {
      if (settings[name] !== this.defaults[name]) flags.push(`--${name}=${settings[name]}`);
    }
    return `nabi generate --model MODEL --output songs ${flags.join(" ")}`;
  }
}
