"use strict";
// A pair at a time: playing, answering, the keyboard, and the start of the page.
const audio = at("audio");
const state = { pair: 0, side: "", heard: data.pairs.map(() => new Set()) };

// ---- Playing ----

function press(side) {
  if (side !== state.side) play(side);
  else toggle();
}

function play(side) {
  state.side = side;
  audio.src = `data:audio/mpeg;base64,${data.pairs[state.pair][SIDES.indexOf(side)]}`;
  state.heard[state.pair].add(side);
  audio.play().catch(explain);
  show();
}

function toggle() {
  if (!state.side) play("A");
  else if (audio.paused) audio.play().catch(explain);
  else audio.pause();
}

function explain(error) {
  // The other excerpt was chosen before this one had loaded.
  if (error.name !== "AbortError") at("hint").textContent = "This browser cannot play the excerpts (MP3).";
}

// ---- Answering ----

const mayAnswer = () => !kept.finished && (state.heard[state.pair].size === SIDES.length || isAnswered(kept.answers[state.pair]));

function answer(name, side) {
  if (!mayAnswer()) return;
  kept.answers[state.pair][name] = side;
  keep();
  show();
}

// The arrow keys answer the first question that is open.
function answerOpen(side) {
  const open = QUESTIONS.find(({ name }) => !kept.answers[state.pair][name]);
  if (open) answer(open.name, side);
}

function turn(pair) {
  if (pair < 0 || pair >= data.pairs.length) return;
  audio.pause();
  [state.pair, state.side] = [pair, ""];
  show();
  at("heading").focus();
}

function finish() {
  audio.pause();
  kept.finished = true;
  keep();
  show();
  at("result-heading").focus();
}

// ---- Showing ----

function show() {
  const count = answered().length;
  const pairs = data.pairs.length;
  at("heading").textContent = `Pair ${state.pair + 1} of ${pairs}`;
  at("count").textContent = `${count} of ${pairs} answered`;
  [at("progress").max, at("progress").value] = [pairs, count];
  for (const side of SIDES) showExcerpt(side);
  for (const question of QUESTIONS) showQuestion(question);
  at("hint").textContent = hint();
  at("back").disabled = state.pair === 0;
  at("on").disabled = state.pair === pairs - 1;
  at("on").classList.toggle("chosen", isAnswered(kept.answers[state.pair]) && count < pairs);
  at("finish").disabled = !count || kept.finished;
  at("finish").classList.toggle("chosen", count === pairs && !kept.finished);
  if (kept.finished) showResult();
}

function hint() {
  if (kept.finished) return "The test is finished. The model's excerpt is ringed.";
  if (!mayAnswer()) return "Play both excerpts; then you can answer.";
  return answered().length === data.pairs.length ? "All pairs are answered: finish to see the result." : "";
}

function showExcerpt(side) {
  const button = at(`excerpt-${side}`);
  const current = side === state.side;
  const playing = current && !audio.paused;
  button.classList.toggle("current", current);
  button.setAttribute("aria-label", `${playing ? "Pause" : "Play"} excerpt ${side}`);
  button.querySelector(".state").textContent = playing ? "pause" : state.heard[state.pair].has(side) ? "play again" : "play";
  if (current && audio.paused && audio.currentTime && !audio.ended) button.querySelector(".state").textContent = "go on";
  button.querySelector("i").style.width = current ? `${(100 * audio.currentTime) / data.seconds}%` : "0";
}

function showQuestion({ name }) {
  const truth = kept.finished && name === "named" ? sideOfModel(state.pair) : "";
  for (const button of at(`question-${name}`).querySelectorAll("button")) {
    const side = button.textContent;
    button.disabled = !mayAnswer();
    button.setAttribute("aria-pressed", String(kept.answers[state.pair][name] === side));
    button.classList.toggle("truth", side === truth);
    button.setAttribute("aria-label", side === truth ? `${side}, the model's` : side);
  }
}

function follow() {
  if (state.side) showExcerpt(state.side);
  if (!audio.paused) requestAnimationFrame(follow);
}

// ---- Wiring ----

function made(template, id) {
  const element = at(template).content.cloneNode(true).firstElementChild;
  element.id = id;
  return element;
}

for (const side of SIDES) {
  const button = made("excerpt", `excerpt-${side}`);
  button.querySelector(".letter").textContent = side;
  button.addEventListener("click", () => press(side));
  at("excerpts").append(button);
}
for (const { name, text } of QUESTIONS) {
  const question = made("question", `question-${name}`);
  question.querySelector("legend").textContent = text;
  for (const button of question.querySelectorAll("button")) button.addEventListener("click", () => answer(name, button.textContent));
  at("questions").append(question);
}
for (const event of ["pause", "ended"]) audio.addEventListener(event, show);
audio.addEventListener("play", () => { show(); follow(); });
at("back").addEventListener("click", () => turn(state.pair - 1));
at("on").addEventListener("click", () => turn(state.pair + 1));
at("finish").addEventListener("click", finish);
at("save").addEventListener("click", save);
at("again").addEventListener("click", startAgain);

const KEYS = {
  a: () => press("A"),
  b: () => press("B"),
  " ": toggle,
  ArrowLeft: () => answerOpen("A"),
  ArrowRight: () => answerOpen("B"),
  Enter: () => turn(state.pair + 1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  // A button's own keys are left to it.
  if (["Enter", " "].includes(event.key) && event.target.closest("button")) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

// Goes on where the listener stopped.
state.pair = Math.max(kept.answers.findIndex((one) => !isAnswered(one)), 0);
show();
