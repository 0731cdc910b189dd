"use strict";
// Selection and playback of songs, keyboard shortcuts, and the start of the page.
const SEEK_SECONDS = 5;
const DEFAULT_ROLL = [64 / 1200, 1188 / 1200];

// ---- Selecting ----

function select(song) {
  const before = cardOf(state.selected) || document.querySelector(".song[tabindex='0']");
  if (before) before.tabIndex = -1;
  state.selected = song;
  cardOf(song).tabIndex = 0;
}

function reveal(song, focus) {
  const place = state.view.indexOf(song);
  if (place < 0) return;
  const page = Math.floor(place / PAGE_SIZE);
  if (page !== state.page) showPage(page);
  if (focus) cardOf(song).focus({ preventScroll: true });
  cardOf(song).scrollIntoView({ block: "nearest" });
}

function neighbour(song, step) {
  const place = state.view.indexOf(song);
  return state.view[place < 0 ? 0 : place + step];
}

function move(step) {
  const shown = state.view[state.page * PAGE_SIZE];
  const target = state.view.includes(state.selected) ? neighbour(state.selected, step) : shown;
  if (target) reveal(target, true);
}

// ---- Playing ----

function togglePlay(song) {
  if (song !== state.current) play(song, 0);
  else if (audio.paused) audio.play().catch(explain);
  else audio.pause();
}

function play(song, seconds) {
  if (song !== state.current) {
    state.current = song;
    state.failed = false;
    audio.src = address(song.audio);
    hearNext(song);
  }
  if (audio.readyState) audio.currentTime = seconds;
  else if (seconds) audio.addEventListener("loadedmetadata", () => (audio.currentTime = seconds), { once: true });
  audio.play().catch(explain);
  showPlaying();
}

function playNeighbour(step) {
  let song = neighbour(state.current, step);
  while (song && !song.audio) song = neighbour(song, step);
  if (!song) return;
  play(song, 0);
  reveal(song, false);
}

function seekBy(seconds) {
  if (state.current) seekTo(Math.min(Math.max(audio.currentTime + seconds, 0), length()));
}

// Shown at once: the browser's own event comes only after the seek, which takes a while on a busy machine.
function seekTo(seconds) {
  audio.currentTime = seconds;
  showPosition();
}

function seekAt(song, roll, x) {
  const box = roll.getBoundingClientRect();
  const [left, right] = song.roll || DEFAULT_ROLL;
  const share = ((x - box.left) / box.width - left) / (right - left || 1);
  play(song, Math.min(Math.max(share, 0), 1) * (song.seconds || 0));
}

const length = () => (Number.isFinite(audio.duration) ? audio.duration : (state.current && state.current.seconds) || 0);

function explain(error) {
  // Another song was chosen before this one had loaded.
  if (error.name === "AbortError") return;
  state.failed = true;
  showPlaying();
}

function showPlaying() {
  const song = state.current;
  for (const old of document.querySelectorAll(".song.current")) old.classList.remove("current");
  for (const head of document.querySelectorAll(".playhead:not([hidden])")) head.hidden = true;
  for (const use of document.querySelectorAll(".toggle use")) use.setAttribute("href", "#play");
  for (const shown of document.querySelectorAll(".song")) label(shown.querySelector(".toggle"), "Play", shown.getAttribute("aria-label"));
  if (!song) return;
  const [verb, icon] = audio.paused ? ["Play", "#play"] : ["Pause", "#pause"];
  at("player").hidden = false;
  at("player-title").textContent = state.failed ? `${song.audio} cannot be played here` : song.name;
  at("player-title").classList.toggle("problem", state.failed);
  at("player-toggle").querySelector("use").setAttribute("href", icon);
  label(at("player-toggle"), verb, song.name);
  const shown = cardOf(song);
  if (shown) {
    shown.classList.add("current");
    shown.querySelector(".playhead").hidden = false;
  }
  for (const place of [shown, song === state.score && at("score")].filter(Boolean)) {
    place.querySelector(".toggle use").setAttribute("href", icon);
    label(place.querySelector(".toggle"), verb, song.name);
  }
  showPosition();
}

function label(button, verb, name) {
  if (button) button.setAttribute("aria-label", `${verb} ${name}`);
}

function showPosition() {
  const song = state.current;
  const seconds = audio.currentTime;
  const seek = at("player-seek");
  seek.max = length();
  seek.value = seconds;
  seek.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(length())}`);
  at("player-time").textContent = `${clock(seconds)} / ${clock(length())}`;
  const shown = cardOf(song);
  if (shown) {
    const [left, right] = song.roll || DEFAULT_ROLL;
    const share = Math.min(seconds / (song.seconds || length() || 1), 1);
    shown.querySelector(".playhead").style.left = `${100 * (left + (right - left) * share)}%`;
  }
}

function follow() {
  showPosition();
  if (!audio.paused) requestAnimationFrame(follow);
}

function toggleLoop() {
  audio.loop = !audio.loop;
  at("player-loop").setAttribute("aria-pressed", String(audio.loop));
}

// Where only the machine sets the volume, as on an iPhone, a page's own is not taken.
function hasVolume() {
  audio.volume = 0.5;
  const taken = audio.volume === 0.5;
  audio.volume = 1;
  return taken;
}

// ---- Wiring ----

audio.addEventListener("play", () => { showPlaying(); follow(); });
audio.addEventListener("pause", showPlaying);
audio.addEventListener("seeked", showPosition);
audio.addEventListener("durationchange", showPosition);
audio.addEventListener("ended", () => playNeighbour(1));
at("player-toggle").addEventListener("click", () => togglePlay(state.current));
at("player-previous").addEventListener("click", () => playNeighbour(-1));
at("player-next").addEventListener("click", () => playNeighbour(1));
at("player-seek").addEventListener("input", (event) => seekTo(Number(event.target.value)));
at("player-loop").addEventListener("click", toggleLoop);
at("player-volume").addEventListener("input", (event) => setVolume(Number(event.target.value)));
at("volume").hidden = !hasVolume();
at("page-back").addEventListener("click", () => turn(state.page - 1));
at("page-on").addEventListener("click", () => turn(state.page + 1));
at("page-number").addEventListener("change", (event) => turn((Number(event.target.value) || 1) - 1));
at("filter").addEventListener("input", refresh);
at("filters-toggle").addEventListener("click", toggleFilters);
at("order").addEventListener("click", () => { state.up = !state.up; refresh(); });
at("sort").addEventListener("change", (event) => {
  state.sort = SORTS[event.target.selectedIndex];
  state.up = Boolean(state.sort.up);
  refresh();
});

// A button that is disabled by its own click loses the focus: the first song of the page takes it.
function turn(page) {
  showPage(page);
  cardOf(state.view[state.page * PAGE_SIZE]).focus({ preventScroll: true });
  at("songs").scrollIntoView();
}

function toggleFilters() {
  const panel = at("filters");
  panel.hidden = !panel.hidden;
  at("filters-toggle").setAttribute("aria-expanded", String(!panel.hidden));
  // The bar stays on top while the list is scrolled; the panel does not.
  if (!panel.hidden) panel.querySelector("input, select").focus();
}

const KEYS = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  ArrowRight: () => seekBy(SEEK_SECONDS),
  ArrowLeft: () => seekBy(-SEEK_SECONDS),
  "/": () => at("filter").focus(),
  f: () => toggleFavourite(selectedOr(state.current)),
  l: () => hasSound && toggleLoop(),
  " ": () => {
    const song = selectedOr(state.current) || state.view.find((candidate) => candidate.audio);
    if (song && song.audio) togglePlay(song);
  },
};

// The song whose card has the focus, if one has.
const selectedOr = (song) => (document.activeElement.classList.contains("song") && state.selected) || song;

const SLIDER_KEYS = ["ArrowLeft", "ArrowRight", " "];

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.key === "Escape" && target === at("filter")) target.blur();
  if (event.ctrlKey || event.metaKey || event.altKey || at("score").open) return;
  // A slider's own step is a hundredth of the song; up and down, home and end are left to it.
  if (target === at("player-seek") ? !SLIDER_KEYS.includes(event.key) : target.closest("input, select")) return;
  if (event.key === " " && target.closest("button, a, summary")) return;
  const action = KEYS[event.key] || (event.key === "Enter" && target.matches(".song") ? KEYS[" "] : undefined);
  if (!action) return;
  event.preventDefault();
  action();
});

at("sort").append(...SORTS.map((sort) => element("option", sort.name)));
makeFilters();
showAbout();
showFavourites();
refresh();
openLinked();
