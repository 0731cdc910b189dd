"use strict";
// Favourites: kept in the browser, by what the page's songs were made of; shown alone, and saved as lists.
const PLACE = `nabi favourites ${document.querySelector("main").dataset.origin}`;
// Links to the songs' files.
const favourites = new Set(keptFavourites());

// Storage is denied in some browsers to pages that were opened without a server.
function keptFavourites() {
  try {
    const files = JSON.parse(localStorage.getItem(PLACE)) || [];
    return files.filter((file) => songs.some((song) => song.file === file));
  } catch {
    return [];
  }
}

function toggleFavourite(song) {
  if (!song) return;
  if (!favourites.delete(song.file)) favourites.add(song.file);
  try {
    localStorage.setItem(PLACE, JSON.stringify([...favourites]));
  } catch {
    at("favourites-kept").hidden = false;
  }
  at("said").textContent = `${song.name} is ${favourites.has(song.file) ? "a favourite" : "no favourite any more"}`;
  if (cardOf(song)) showStar(cardOf(song).querySelector(".star"), song);
  showFavourites();
}

function wireStar(button, song) {
  button.setAttribute("aria-label", `Favourite: ${song.name}`);
  button.addEventListener("click", () => toggleFavourite(song));
  showStar(button, song);
}

const showStar = (button, song) => button.setAttribute("aria-pressed", String(favourites.has(song.file)));

function showFavourites() {
  at("favourites").hidden = !favourites.size;
  at("favourites-count").textContent = count(favourites.size, "favourite", "favourites");
  if (!favourites.size && state.onlyFavourites) showOnlyFavourites(false);
}

function showOnlyFavourites(only) {
  state.onlyFavourites = only;
  at("favourites-only").setAttribute("aria-pressed", String(only));
  refresh();
}

// ---- Lists ----

const COLUMNS = ["song", "name", "key", "seed", "seconds", "notes", "file"];
const cell = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value ?? ""));
const chosenSongs = () => songs.filter((song) => favourites.has(song.file));
const asCsv = () => [COLUMNS, ...chosenSongs().map((song) => COLUMNS.map((column) => song[column]))].map((row) => row.map(cell).join(","));

// With whole addresses, so that the list may lie anywhere on this machine.
function asPlaylist() {
  const lines = chosenSongs().map((song) => [`#EXTINF:${Math.round(song.seconds || -1)},${song.name}`, new URL(address(song.audio || song.file), location.href).href]);
  return ["#EXTM3U", ...lines.flat()];
}

function saveList(name, type, lines) {
  const link = element("a");
  link.href = URL.createObjectURL(new Blob(lines.map((line) => `${line}\r\n`), { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

at("favourites-only").addEventListener("click", () => showOnlyFavourites(!state.onlyFavourites));
at("favourites-csv").addEventListener("click", () => saveList("favourites.csv", "text/csv", asCsv()));
at("favourites-m3u").addEventListener("click", () => saveList("favourites.m3u8", "audio/x-mpegurl", asPlaylist()));
