"use strict";
// The parts of a band: legend, mute and solo, and the picture in which what is not heard is faded.
// Steps of velocity in the picture (part_colours.py): how much colour a note has, the softest first.
const SHARES = [0.3, 0.5, 0.75, 1];
const MODES = [["muted", "Mute", "M"], ["soloed", "Solo", "S"]];

const isMixed = (song) => Boolean(song.parts_page && song.parts && song.parts.length > 1);
const isWhole = (song) => !isMixed(song) || song.parts.every((part) => isHeard(song, part));

// As in a DAW: a part that is muted is silent even if it is soloed.
function isHeard(song, part) {
  return !part.muted && (part.soloed || !song.parts.some((other) => other.soloed));
}

// ---- Legend ----

function legend(song) {
  const list = element("ul", undefined, "parts");
  list.setAttribute("aria-label", "Parts");
  list.append(...song.parts.map((part) => legendOf(song, part)), velocityKey());
  return list;
}

function legendOf(song, part) {
  const item = element("li", undefined, "part");
  const dot = element("span", undefined, "dot");
  dot.style.backgroundColor = part.colour;
  dot.setAttribute("aria-hidden", "true");
  const name = element("span", undefined, "name");
  name.append(element("bdi", part.name), ` ${grouped(part.notes)}`);
  name.title = `${part.name}: ${count(part.notes, "note", "notes")}, velocity ${rounded(part.velocity, 0)} on the average`;
  item.append(dot, name);
  if (isMixed(song)) item.append(...MODES.map((mode) => modeButton(song, part, mode)));
  return item;
}

function modeButton(song, part, [mode, verb, letter]) {
  const button = element("button", letter, mode);
  button.type = "button";
  button.title = verb;
  button.setAttribute("aria-label", `${verb} ${part.name} of ${song.name}`);
  button.addEventListener("click", () => {
    part[mode] = !part[mode];
    changeHeard(song);
  });
  return button;
}

function velocityKey() {
  const key = element("li", undefined, "velocity");
  key.title = "Velocity in four steps, up to 31, 63, 95 and 127";
  key.append("soft ", ...SHARES.map((share) => {
    const shade = element("i");
    shade.style.opacity = share;
    return shade;
  }), " loud");
  return key;
}

// ---- Mute and solo ----

function changeHeard(song) {
  if (cardOf(song)) showHeard(song, cardOf(song));
  hear(song);
  if (song.layers) return;
  readParts(song).then(({ layers }) => {
    song.layers = layers;
    if (cardOf(song)) showHeard(song, cardOf(song));
  }, () => showUnread(song));
}

function showHeard(song, made) {
  song.parts.forEach((part, number) => {
    const item = made.querySelectorAll(".part")[number];
    item.classList.toggle("faded", !isHeard(song, part));
    for (const [mode] of MODES) {
      const button = item.querySelector(`.${mode}`);
      if (button) button.setAttribute("aria-pressed", String(Boolean(part[mode])));
    }
  });
  if (song.layers) showLayers(song, made.querySelector(".roll"));
}

// The layers cover the picture, which keeps its alternative text; what is faded lies under what is heard.
function showLayers(song, roll) {
  for (const old of roll.querySelectorAll(".layer")) old.remove();
  if (isWhole(song)) return;
  const [grid, ...notes] = song.layers.map((address) => {
    const layer = element("img", undefined, "layer");
    [layer.src, layer.alt, layer.draggable] = [address, "", false];
    return layer;
  });
  notes.forEach((layer, number) => layer.classList.toggle("faded", !isHeard(song, song.parts[number])));
  const faded = notes.filter((layer) => layer.classList.contains("faded"));
  roll.querySelector("img").after(grid, ...faded, ...notes.filter((layer) => !faded.includes(layer)));
}

function showUnread(song) {
  const list = cardOf(song) && cardOf(song).querySelector(".parts");
  if (list && !list.querySelector(".problem")) list.append(element("li", `${song.parts_page} cannot be opened here`, "problem"));
}

// ---- The page of a song's parts ----

const READ_SECONDS = 20;

// A page that hands over the layers and the audio of a song's parts. No script can read a file beside a page that was opened without
// a server; and in a sandbox, since a song of another directory may be anyone's.
function readParts(song) {
  const frame = element("iframe");
  frame.hidden = true;
  frame.setAttribute("sandbox", "allow-scripts");
  frame.src = address(song.parts_page);
  const received = new Promise((resolve, reject) => {
    const receive = ({ source, data }) => {
      if (source === frame.contentWindow) finish(data);
    };
    const finish = (content) => {
      removeEventListener("message", receive);
      frame.remove();
      if (content) resolve(content);
      else reject(new Error("no page of parts"));
    };
    addEventListener("message", receive);
    // What is no page of parts loads too, and says nothing.
    frame.addEventListener("load", () => setTimeout(finish, 2000));
    setTimeout(finish, 1000 * READ_SECONDS);
  });
  document.body.append(frame);
  return received.then((data) => partsOf(song, data));
}

// What was handed over, if it fits the song.
function partsOf(song, { layers, audio: sound, stretches = [] } = {}) {
  const numbered = song.parts.map((part, number) => number);
  const fits = layers.length === numbered.length + 1 && stretches.every(([part]) => numbered.includes(part));
  if (!fits) throw new Error("the page is of another song");
  return { layers: layers.map((layer) => `data:image/png;base64,${layer}`), sound, stretches };
}
