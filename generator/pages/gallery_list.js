"use strict";
// The list of songs: sorting, filtering, pages.
// Data is set as text or through encoded addresses, and never parsed as markup.
// Songs of equal number in several sets are in one row, in at most this many columns.
const MOST_COLUMNS = 4;

// ---- Words and numbers ----

const grouped = (value) => Number(value).toLocaleString("en");
const count = (value, one, many) => `${grouped(value)} ${value === 1 ? one : many}`;
const signed = (value, digits) => value.toFixed(digits).replace("-", "−");
const rounded = (value, digits) => (value === undefined ? undefined : Number(value.toFixed(digits)));

// Rounded down, since a song that copied one note is not 100 % new; to 2 places first, since 100 * 0.29 is below 29.
const percent = (share) => (share === undefined ? undefined : Math.floor(rounded(100 * share, 2)));

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = String(rest).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

// Address of a file beside this page, encoded so that no name becomes another address or a script.
const address = (path) => `./${String(path).split("/").map(encodeURIComponent).join("/")}`;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// ---- The songs, and by what they are sorted and filtered ----

// Words of a filter match the beginnings of a song's words: `d minor` does not match every file that ends in .mid.
const wordsOf = (text) => text.toLowerCase().split(/[^\p{L}\p{N}#]+/u).filter(Boolean);
const at = (id) => document.getElementById(id);
const data = JSON.parse(at("data").textContent);
const sets = data.sets;
const several = sets.length > 1;
const songs = data.songs.map((song, index) => ({
  ...song,
  index,
  set: sets[song.set || 0],
  words: ` ${wordsOf([song.name, song.file, song.key || "", song.ending || "", song.seed === undefined ? "" : `seed ${song.seed}`].join(" ")).join(" ")}`,
}));
const hasSound = songs.some((song) => song.audio);
const known = (measure) => songs.some((song) => measure.of(song) !== undefined);

const SORTS = [
  { name: "number", of: (song) => song.song, up: true },
  { name: "likelihood a token", of: (song) => song.per_token },
  { name: "length", of: (song) => song.seconds },
  { name: "notes", of: (song) => song.notes },
  { name: "novelty", of: (song) => song.novelty },
  { name: "recurrence", of: (song) => song.recurrence },
  { name: "parallels", of: (song) => song.parallels, up: true },
  { name: "held chords", of: (song) => song.held_chords },
  { name: "top voice by step", of: (song) => song.top_voice_steps },
  { name: "key kept", of: (song) => song.key_kept },
  { name: "key", of: (song) => song.key, up: true },
  { name: "ending", of: (song) => song.ending },
].filter((sort) => sort.name === "number" || known(sort));

// Figures are filtered as displayed: a song with `novelty 93 %` is among those up to 93.
const RANGES = [
  { name: "Length", unit: "s", of: (song) => rounded(song.seconds, 0) },
  { name: "Novelty", unit: "%", of: (song) => percent(song.novelty) },
  { name: "Likelihood", unit: "nats a token", of: (song) => rounded(song.per_token, 2) },
].filter(known);

const PAGE_SIZE = Math.max(48 - (48 % sets.length), sets.length);

const state = { view: songs, page: 0, sort: SORTS[0], up: true, key: "", ending: "", set: "", ranges: [], current: null, selected: null, linked: null, score: null, onlyFavourites: false, failed: false };

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

// Far faster than localeCompare, which looks up the language at each comparison.
const inWords = new Intl.Collator("en", { numeric: true }).compare;

// Songs without a value come last, in either direction.
function compare(one, other, sign) {
  if (one === undefined || other === undefined) return sign * ((one === undefined) - (other === undefined));
  return typeof one === "string" ? inWords(one, other) : one - other;
}

// Comparisons with undefined are false: a song without a figure is in no range.
function passes(song) {
  const inRanges = state.ranges.every(({ of, least, greatest }) => of(song) >= least && of(song) <= greatest);
  const inKey = !state.key || song.key === state.key;
  const ends = !state.ending || song.ending === state.ending;
  const chosen = !state.onlyFavourites || favourites.has(song.file);
  return inRanges && inKey && ends && chosen && (!state.set || song.set.name === state.set);
}

function setFilters() {
  for (const name of ["key", "ending", "set"]) state[name] = at(name) ? at(name).value : "";
  state.ranges = RANGES.map(({ of }, index) => {
    const [low, high] = ["least", "greatest"].map((end) => at(`${end}-${index}`).value);
    return { of, least: low === "" ? -Infinity : Number(low), greatest: high === "" ? Infinity : Number(high) };
  }).filter(({ least, greatest }) => least > -Infinity || greatest < Infinity);
  const chosen = state.ranges.length + [state.key, state.ending, state.set].filter(Boolean).length;
  at("filters-toggle").textContent = chosen ? `Filters (${chosen})` : "Filters";
  at("filters-toggle").classList.toggle("chosen", chosen > 0);
  refresh();
}

function makeFilters() {
  const panel = at("filters");
  const keys = [...new Set(songs.map((song) => song.key).filter(Boolean))].sort(inWords);
  if (several) panel.append(choice("set", "Songs", sets.map((set) => set.name)));
  if (keys.length > 1) panel.append(choice("key", "Key", keys));
  if (new Set(songs.map((song) => song.ending).filter(Boolean)).size > 1) panel.append(choice("ending", "Ending", ["ended", "cut off"]));
  panel.append(...RANGES.map(rangeFilter));
  at("filters-toggle").hidden = !panel.childElementCount;
  const clear = element("button", "Clear");
  clear.type = "button";
  clear.id = "filters-clear";
  clear.addEventListener("click", clearFilters);
  panel.append(clear);
  panel.addEventListener("input", setFilters);
}

function clearFilters() {
  for (const field of at("filters").querySelectorAll("input, select")) field.value = "";
  setFilters();
}

function choice(id, name, values) {
  const label = element("label");
  const select = element("select");
  select.id = id;
  select.append(new Option("any", ""), ...values.map((value) => new Option(value, value)));
  label.append(element("span", name), select);
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
    // Not spread as arguments, whose number an engine limits to some ten thousand.
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
  placeBeside(shown);
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

// Sorted by number, songs of equal number share a row, each set in its column, even if a set lacks a song. In any other
// order, and without room, they flow.
function placeBeside(shown) {
  const lines = Math.ceil(sets.length / MOST_COLUMNS);
  const columns = Math.ceil(sets.length / lines);
  const beside = state.sort.name === "number" && new Set(state.view.map((song) => song.set)).size > 1;
  at("songs").classList.toggle("beside", beside);
  at("songs").classList.toggle("four", columns === 4);
  at("songs").style.setProperty("--columns", columns);
  const numbers = [...new Set(shown.map((song) => song.song))];
  for (const song of shown) {
    const set = sets.indexOf(song.set);
    cardOf(song).style.setProperty("--row", 1 + lines * numbers.indexOf(song.song) + Math.floor(set / columns));
    cardOf(song).style.setProperty("--column", 1 + (set % columns));
  }
}
