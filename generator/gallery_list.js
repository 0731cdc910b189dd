"use strict";
// The list: what is said of the set and of each song, sorting, filtering, pages.
// Everything shown is set as text or through encoded addresses; nothing of the data is ever read as markup.
const PAGE_SIZE = 48;

// ---- Words and numbers ----

const grouped = (value) => Number(value).toLocaleString("en");
const count = (value, one, many) => `${grouped(value)} ${value === 1 ? one : many}`;
const signed = (value, digits) => value.toFixed(digits).replace("-", "−");
const rounded = (value, digits) => (value === undefined ? undefined : Number(value.toFixed(digits)));

// Rounded down, since what copied a single note is not 100 % new; to 2 places first, since 100 * 0.29 is below 29.
const percent = (share) => (share === undefined ? undefined : Math.floor(rounded(100 * share, 2)));

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

// A file beside this page: encoded, so that no name becomes another address or a script.
const address = (path) => `./${String(path).split("/").map(encodeURIComponent).join("/")}`;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// ---- The songs, and by what they are sorted and filtered ----

// A filter's words are looked for at the beginnings of a song's: `d minor` does not find every file that ends in .mid.
const wordsOf = (text) => text.toLowerCase().split(/[^\p{L}\p{N}#]+/u).filter(Boolean);
const at = (id) => document.getElementById(id);
const data = JSON.parse(at("data").textContent);
const songs = data.songs.map((song, index) => ({
  ...song,
  index,
  words: ` ${wordsOf([song.name, song.file, song.key || "", song.seed === undefined ? "" : `seed ${song.seed}`].join(" ")).join(" ")}`,
}));
const hasSound = songs.some((song) => song.audio);
const known = (measure) => songs.some((song) => measure.of(song) !== undefined);

const SORTS = [
  { name: "number", of: (song) => song.song, up: true },
  { name: "likelihood a token", of: (song) => song.per_token },
  { name: "length", of: (song) => song.seconds },
  { name: "notes", of: (song) => song.notes },
  { name: "novelty", of: (song) => song.novelty },
  { name: "key", of: (song) => song.key, up: true },
].filter((sort) => sort.name === "number" || known(sort));

// Figures are filtered as they are shown: a song of `novelty 93 %` is among those up to 93.
const RANGES = [
  { name: "Length", unit: "s", of: (song) => rounded(song.seconds, 0) },
  { name: "Novelty", unit: "%", of: (song) => percent(song.novelty) },
  { name: "Likelihood", unit: "nats a token", of: (song) => rounded(song.per_token, 2) },
].filter(known);

const state = { view: songs, page: 0, sort: SORTS[0], up: true, key: "", ranges: [], current: null, selected: null, failed: false };

// ---- What is said of the whole set ----

function showAbout() {
  const seconds = songs.reduce((sum, song) => sum + (song.seconds || 0), 0);
  at("summary").textContent = seconds ? `${clock(seconds)} of music` : "";
  at("report").hidden = !data.summary;
  if (data.summary) at("report").firstElementChild.href = address(data.summary);
  for (const part of ["model", "settings"]) {
    for (const [name, value] of Object.entries(data[part])) {
      at(part).append(element("dt", name.replaceAll("_", " ")), element("dd", value));
      at(`${part}-section`).hidden = false;
    }
  }
  showLosses();
  at("about").hidden = !document.querySelector(".about section:not([hidden])");
  at("about").open = matchMedia("(min-width: 48rem)").matches;
  if (!hasSound) document.body.classList.add("no-sound");
  document.querySelector("#keys .sound").hidden = !hasSound;
}

function showLosses() {
  const table = at("losses");
  const highest = Math.max(...data.losses.map((row) => row.loss));
  table.append(element("span"), element("span"), element("span", "nats a token", "head"), element("span", "perplexity", "head"));
  for (const row of data.losses) {
    const kind = row.model ? "ours" : "";
    const track = element("div", undefined, `track ${kind}`);
    track.append(element("i"));
    track.firstChild.style.width = `${(100 * row.loss) / (highest || 1)}%`;
    const figures = [row.loss.toFixed(2), grouped(Number(Math.exp(row.loss).toFixed(1)))];
    table.append(element("span", row.name, kind), track, ...figures.map((figure) => element("span", figure, `value ${kind}`)));
    if (row.model) showNote(row);
    at("losses-section").hidden = false;
  }
}

function showNote(row) {
  const held = row.split === "train" ? "the songs it learned from (none was held out)" : "songs it never saw";
  const right = row.accuracy === undefined ? "" : ` It names the next token right ${(100 * row.accuracy).toFixed(1)} % of the time.`;
  at("losses-note").textContent = `Lower is better. Measured on ${held}.${right}`;
}

// ---- Sorting and filtering ----

function refresh() {
  const words = wordsOf(at("filter").value);
  const sign = state.up ? 1 : -1;
  const value = state.sort.of;
  state.view = songs
    .filter((song) => words.every((word) => song.words.includes(` ${word}`)) && passes(song))
    .sort((one, other) => sign * compare(value(one), value(other), sign) || one.index - other.index);
  at("order").textContent = state.up ? "↑ ascending" : "↓ descending";
  at("count").textContent =
    state.view.length === songs.length ? count(songs.length, "song", "songs") : `${grouped(state.view.length)} of ${grouped(songs.length)}`;
  at("nothing").hidden = state.view.length > 0;
  showPage(0);
}

// Far faster than localeCompare, which looks the language up for each comparison.
const inWords = new Intl.Collator("en", { numeric: true }).compare;

// What has no value comes last, in either direction.
function compare(one, other, sign) {
  if (one === undefined || other === undefined) return sign * ((one === undefined) - (other === undefined));
  return typeof one === "string" ? inWords(one, other) : one - other;
}

// A comparison with undefined is false: a song without a figure is in no range of it.
function passes(song) {
  const inRanges = state.ranges.every(({ of, least, greatest }) => of(song) >= least && of(song) <= greatest);
  return inRanges && (!state.key || song.key === state.key);
}

function setFilters() {
  const select = at("key");
  state.key = select ? select.value : "";
  state.ranges = RANGES.map(({ of }, index) => {
    const [low, high] = ["least", "greatest"].map((end) => at(`${end}-${index}`).value);
    return { of, least: low === "" ? -Infinity : Number(low), greatest: high === "" ? Infinity : Number(high) };
  }).filter(({ least, greatest }) => least > -Infinity || greatest < Infinity);
  const set = state.ranges.length + (state.key ? 1 : 0);
  at("filters-toggle").textContent = set ? `Filters (${set})` : "Filters";
  at("filters-toggle").classList.toggle("set", set > 0);
  refresh();
}

function makeFilters() {
  const panel = at("filters");
  const keys = [...new Set(songs.map((song) => song.key).filter(Boolean))].sort(inWords);
  if (keys.length > 1) panel.append(keyFilter(keys));
  panel.append(...RANGES.map(rangeFilter));
  at("filters-toggle").hidden = !panel.childElementCount;
  const clear = element("button", "Clear");
  clear.type = "button";
  clear.id = "filters-clear";
  clear.addEventListener("click", () => {
    for (const field of panel.querySelectorAll("input, select")) field.value = "";
    setFilters();
  });
  panel.append(clear);
  panel.addEventListener("input", setFilters);
}

function keyFilter(keys) {
  const label = element("label");
  const select = element("select");
  select.id = "key";
  select.append(new Option("any", ""), ...keys.map((key) => new Option(key, key)));
  label.append(element("span", "Key"), select);
  return label;
}

function rangeFilter({ name, unit, of }, index) {
  const values = songs.map(of).filter((value) => value !== undefined);
  const group = element("div", undefined, "range");
  const fields = [["least", Math.min], ["greatest", Math.max]].map(([end, choose]) => {
    const field = element("input");
    field.id = `${end}-${index}`;
    field.type = "number";
    field.step = "any";
    // Not spread as arguments, of which an engine takes some ten thousand only.
    field.placeholder = values.reduce((one, other) => choose(one, other));
    field.setAttribute("aria-label", `${name}, ${unit}: ${end}`);
    return field;
  });
  group.append(element("span", `${name}, ${unit}`), fields[0], element("span", "to"), fields[1]);
  return group;
}

function showPage(page) {
  const pages = Math.max(1, Math.ceil(state.view.length / PAGE_SIZE));
  state.page = Math.min(Math.max(page, 0), pages - 1);
  const shown = state.view.slice(state.page * PAGE_SIZE, (state.page + 1) * PAGE_SIZE);
  at("songs").replaceChildren(...shown.map(card));
  at("pager").hidden = pages === 1;
  at("page-number").value = state.page + 1;
  at("page-number").max = pages;
  at("page-count").textContent = grouped(pages);
  at("page-back").disabled = state.page === 0;
  at("page-on").disabled = state.page === pages - 1;
  const first = shown.includes(state.selected) ? state.selected : shown[0];
  if (first) cardOf(first).tabIndex = 0;
  showPlaying();
}
