"use strict";
// The score of a song, engraved beside it, in a window of its own.

// A button that shows the score, of a song that has one.
function scoreButtons(song) {
  if (!song.engraving) return [];
  const button = element("button", "Score");
  button.type = "button";
  button.setAttribute("aria-label", `Score of ${song.name}`);
  button.addEventListener("click", () => showScore(song));
  return [button];
}

function showScore(song) {
  state.score = song;
  at("score-title").textContent = song.name;
  const image = element("img");
  [image.src, image.alt] = [address(song.engraving), `Score of ${song.name}`];
  at("score-sheet").replaceChildren(image);
  at("score-file").href = address(song.engraving);
  at("score-toggle").hidden = !song.audio;
  at("score").showModal();
  at("score-sheet").scrollTo(0, 0);
  label(at("score-toggle"), "Play", song.name);
  showPlaying();
}

at("score-close").addEventListener("click", () => at("score").close());
at("score-toggle").addEventListener("click", () => togglePlay(state.score));
at("score").addEventListener("keydown", (event) => {
  if (event.key !== " " || event.target.closest("button, a") || !state.score.audio) return;
  event.preventDefault();
  togglePlay(state.score);
});
