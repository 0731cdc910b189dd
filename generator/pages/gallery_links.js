"use strict";
// Links to a song: index.html#song-7, and #song-7-2 of the second of several sets.
const SECONDS_OF_A_NOTE = 2;

const fragment = (song) => `song-${song.song}${several ? `-${sets.indexOf(song.set) + 1}` : ""}`;

function wireLink(button, song) {
  button.setAttribute("aria-label", `Copy the link to ${song.name}`);
  button.addEventListener("click", () => copyLink(button, song));
}

async function copyLink(button, song) {
  const link = new URL(`#${fragment(song)}`, location.href).href;
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
    noteOn(button, "Copied");
  } catch {
    // Without a server or the right to, the address is where it can be copied from.
    noteOn(button, "See the address bar");
  }
}

function noteOn(button, text) {
  button.textContent = text;
  at("said").textContent = text;
  setTimeout(() => (button.textContent = "Link"), 1000 * SECONDS_OF_A_NOTE);
}

// Shows and marks the song that the page's address names.
function openLinked() {
  const song = songs.find((one) => fragment(one) === location.hash.slice(1));
  if (!song) return;
  state.linked = song;
  if (!state.view.includes(song)) showAll();
  for (const old of document.querySelectorAll(".song.linked")) old.classList.remove("linked");
  reveal(song, true);
  cardOf(song).classList.add("linked");
  cardOf(song).scrollIntoView({ block: "center" });
}

function showAll() {
  at("filter").value = "";
  showOnlyFavourites(false);
  clearFilters();
}

addEventListener("hashchange", openLinked);
