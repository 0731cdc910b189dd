"use strict";
// Facts above the songs: lists for one set, a table with a column for each of several sets.
const COLOURS = [262, 150, 28, 205, 335, 85];

function showAbout() {
  const seconds = songs.reduce((sum, song) => sum + (song.seconds || 0), 0);
  at("summary").textContent = seconds ? `${clock(seconds)} of music` : "";
  if (several) showSets();
  else showSet(sets[0]);
  showLosses();
  at("about").hidden = !document.querySelector(".about section:not([hidden])");
  showSilence();
  document.body.classList.toggle("several", several);
  for (const key of document.querySelectorAll("#keys .sound")) key.hidden = !hasSound;
}

// Advice for songs that were made without audio; a song without notes never has any.
function showSilence() {
  const silent = songs.filter((song) => !song.audio && song.notes !== 0);
  at("silence").hidden = !silent.length;
  const which = silent.length === songs.length ? "these songs were" : `${grouped(silent.length)} of these songs ${silent.length === 1 ? "was" : "were"}`;
  at("silence").textContent =
    `No audio: ${which} made with --audio none. The same command without it, with --overwrite, makes them with sound.`;
}

function showSet(set) {
  for (const [id, path] of [["report", set.summary], ["archive", set.archive]]) {
    at(id).hidden = !path;
    if (path) at(id).firstElementChild.href = address(path);
  }
  for (const part of ["model", "settings"]) {
    for (const [name, value] of Object.entries(set[part])) {
      at(part).append(element("dt", readable(name)), element("dd", value));
      at(`${part}-section`).hidden = false;
    }
  }
}

const readable = (name) => name.replaceAll("_", " ");

// ---- Several sets ----

// Each set has a colour, in the table and at its songs.
function coloured(made, set) {
  made.style.setProperty("--hue", COLOURS[sets.indexOf(set) % COLOURS.length]);
  made.classList.add("coloured");
  return made;
}

function showSets() {
  at("sets-section").hidden = false;
  const rows = ["model", "settings"].flatMap(valuesOf);
  const head = element("tr");
  head.append(element("td"), ...sets.map(headOf));
  at("sets").createTHead().append(head);
  at("sets").append(...rows.filter(({ same }) => !same).map(rowOf));
  for (const { name, values } of rows.filter(({ same }) => same)) at("common").append(fact(name, values[0]));
  at("common-section").hidden = !at("common").childElementCount;
}

// Header cell of a column or a row.
function scoped(scope, text) {
  const made = element("th", text);
  made.scope = scope;
  return made;
}

function headOf(set) {
  const made = coloured(scoped("col"), set);
  for (const [path, text] of [[set.index, set.name], [set.summary, "summary"]]) {
    const link = element("a", text);
    link.href = address(path);
    made.append(link);
  }
  return made;
}

function valuesOf(part) {
  return [...new Set(sets.flatMap((set) => Object.keys(set[part])))].map((name) => {
    const values = sets.map((set) => set[part][name]);
    return { name, values, same: values.every((value) => value === values[0]) };
  });
}

function rowOf({ name, values }) {
  const row = element("tr");
  row.append(scoped("row", readable(name)), ...values.map((value) => element("td", value === undefined ? "–" : value)));
  return row;
}

function fact(name, value) {
  const made = element("div");
  made.append(element("dt", readable(name)), element("dd", value));
  return made;
}

// ---- How well the models predict ----

function showLosses() {
  const table = at("losses");
  const highest = Math.max(...data.losses.map((row) => row.loss));
  const head = element("tr");
  head.append(scoped("col", several ? "model" : "predicted by"), element("td"), ...["nats a token", "perplexity"].map((name) => scoped("col", name)));
  table.createTHead().append(head);
  table.append(...data.losses.map((row) => lossOf(row, highest)));
  at("losses-section").hidden = !data.losses.length;
  if (several) at("losses-title").textContent = "How well they predict";
  showNote(data.losses.filter((row) => row.model));
}

function lossOf(row, highest) {
  const made = element("tr", undefined, row.model ? "ours" : "");
  const track = element("td", undefined, "track");
  track.append(element("i"));
  track.firstChild.style.width = `${(100 * row.loss) / (highest || 1)}%`;
  const figures = [row.loss.toFixed(2), grouped(Number(Math.exp(row.loss).toFixed(1)))];
  made.append(scoped("row", row.name), track, ...figures.map((figure) => element("td", figure)));
  return made;
}

function showNote(models) {
  if (!models.length) return;
  const who = several ? "they" : "it";
  const held = models[0].split === "train" ? `the songs ${who} learned from (none was held out)` : `songs ${who} never saw`;
  at("losses-note").textContent = ["Lower is better.", `Measured on ${held}.`, right(models.filter((row) => row.accuracy !== undefined))].join(" ");
}

function right(models) {
  const shares = models.map((row) => `${several ? `${row.name} ` : ""}${(100 * row.accuracy).toFixed(1)} %`);
  if (!shares.length) return "";
  return several ? `Next tokens named right: ${shares.join("; ")}.` : `It names the next token right ${shares[0]} of the time.`;
}
