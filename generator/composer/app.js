"use strict";
// The page: asks its worker for songs, shows and plays them, and takes what is played.
const SEEK_SECONDS = 5;
// The id that songs begin with.
const START = 2;
const [PLAY_SHAPE, PAUSE_SHAPE] = ["M8 5.1v13.8a.7.7 0 0 0 1.1.6l10.7-6.9a.7.7 0 0 0 0-1.2L9.1 4.5A.7.7 0 0 0 8 5.1z", "M6.5 5h4v14h-4zM13.5 5h4v14h-4z"];

const data = JSON.parse(at("data").textContent);
const { tables } = data;
const form = new Form(data);
const [synth, ports, spelling] = [new Synth(), new MidiPorts(), new Spelling(tables)];
const roll = new Roll(at("roll"));
const recorder = new Recorder(synth);
const player = new Player(synth, ports, showPosition, songEnded);
const piano = new Piano(at("piano"), press, release);
// The song that is shown, what is given to go on from, and the request that the worker has.
const state = { song: null, given: null, request: 0, isReady: false, isBusy: false, url: "" };

// ---- Words ----

const count = (number, word) => `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

function say(text, isWrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", isWrong);
}

// ---- The worker ----

const worker = new Worker(URL.createObjectURL(new Blob([at("worker").textContent], { type: "text/javascript" })));
const ANSWERS = { ready: showReady, progress: showProgress, song: showSong, error: showError };
worker.onmessage = ({ data: message }) => {
  if (message.id === undefined || message.id === state.request) ANSWERS[message.type](message);
};
worker.onerror = (event) => showError({ message: event.message });
worker.postMessage({ type: "load", data: at("data").textContent, weights: at("weights").textContent });
at("weights").remove();

function compose(number, given) {
  if (!state.isReady || !form.isValid) return;
  player.stop();
  form.number = number;
  const settings = { ...form.settings, primer: given && primerOf(given) };
  if (given && settings.max_bars && settings.max_bars <= given.bars) {
    say(`Bars ${settings.max_bars} leaves no room after the ${count(given.bars, "bar")} that are given: set more, or 0.`, true);
    return;
  }
  Object.assign(state, { request: state.request + 1, settings, from: given });
  setBusy(true);
  // Some browsers allow sound only in answer to a click.
  if (at("at-once").checked) synth.open();
  say("Composing …");
  worker.postMessage({ type: "sample", id: state.request, number, settings });
}

function setBusy(isBusy) {
  state.isBusy = isBusy;
  at("stop").hidden = !isBusy;
  for (const id of ["compose", "another"]) at(id).disabled = !state.isReady;
  at("go-on").disabled = !state.isReady || !state.given;
}

function showReady() {
  state.isReady = true;
  setBusy(false);
  say("Ready. Compose a song, or play what it should go on from.");
}

function showProgress({ notes, candidate }) {
  const given = state.from ? state.from.notes.length : 0;
  roll.played = 0;
  roll.show(notes, given, tables.quarter, state.settings.meter || "4/4");
  const which = state.settings.candidates > 1 ? `, song ${candidate + 1} of ${state.settings.candidates}` : "";
  at("song-title").textContent = `Composing${which}`;
}

function showSong({ song, seconds }) {
  setBusy(false);
  Object.assign(state, { song });
  const { settings } = state;
  player.load(song.notes, { quarter: tables.quarter, tempo: settings.tempo, meter: song.meter, velocity: settings.velocity });
  roll.played = 0;
  roll.show(song.notes, song.primerNotes, tables.quarter, song.meter);
  at("song-title").textContent = `Song ${settings.number} of seed ${settings.seed}${state.from ? ", from what is given" : ""}`;
  describe(song, seconds);
  offerFile(song);
  showCommand();
  showPosition();
  if (at("at-once").checked && song.notes.length) togglePlay();
}

function describe(song, seconds) {
  const key = keyOf(song.notes, tables.key_profiles);
  const bars = Math.ceil(endOf(song.notes) / (barQuarters(song.meter) * tables.quarter));
  const words = [count(song.notes.length, "note"), count(bars, "bar"), `${clock(player.seconds)} of music`];
  if (key >= 0) words.push(tables.key_names[key]);
  if (!song.ended) words.push("cut off");
  const speed = Math.round(player.seconds / Math.max(seconds, 0.001));
  const text = `${words.join(", ")}; composed in ${seconds.toFixed(1)} s, ${speed.toLocaleString("en")} times as fast as it plays`;
  say(text);
  at("roll").setAttribute("aria-label", `Piano roll of ${words.join(", ")}`);
}

function showError({ message }) {
  setBusy(false);
  say(message, true);
}

// ---- The song elsewhere ----

function offerFile(song) {
  URL.revokeObjectURL(state.url);
  const { number, seed, tempo, program, velocity } = state.settings;
  const name = `${data.title} seed ${seed} song ${number}`;
  const file = midiFile(song.notes, { quarter: tables.quarter, tempo, meter: song.meter, program, velocity, name });
  state.url = URL.createObjectURL(new Blob([file], { type: "audio/midi" }));
  Object.assign(at("download"), { href: state.url, download: `${name.replace(/[^\p{L}\p{N}]+/gu, "-")}.mid`, hidden: false });
}

function showCommand() {
  const same = data.precision === "float32"
    ? "The same notes, as the last song of this command:"
    : `The last song of this command, were the model's weights rounded to ${data.precision}, as here:`;
  at("elsewhere").hidden = Boolean(state.from);
  at("same").textContent = same;
  at("command").textContent = form.command(state.settings);
}

// ---- Playing ----

function togglePlay() {
  if (player.isPlaying) player.stop();
  else player.play();
  showPosition();
}

function songEnded() {
  if (at("on-and-on").checked && !state.isBusy) compose(form.number + 1, state.from);
}

function showPosition() {
  const { seconds, position, isPlaying } = player;
  at("play").disabled = at("position").disabled = !seconds;
  at("play").setAttribute("aria-label", isPlaying ? "Pause" : "Play");
  at("play-shape").setAttribute("d", isPlaying ? PAUSE_SHAPE : PLAY_SHAPE);
  at("position").max = seconds || 1;
  at("position").value = position;
  at("position").setAttribute("aria-valuetext", `${clock(position)} of ${clock(seconds)}`);
  at("time").textContent = `${clock(position)} / ${clock(seconds)}`;
  if (player.notes.length && !state.isBusy) roll.play(player.tick);
}

// ---- What is played ----

function press(pitch, velocity) {
  recorder.press(pitch, velocity);
}

function release(pitch) {
  recorder.release(pitch);
}

function toggleRecord() {
  if (recorder.isOn) {
    recorder.stop();
    if (recorder.notes.length) give(recorder.notes, at("meter").value, "What you played");
    else say("Nothing was played.");
  } else {
    player.stop();
    recorder.begin(Number(at("tempo").value) || 120, at("meter").value || "4/4", at("clicks").checked);
    say("Recording: the first note is the beginning.");
  }
  at("record").textContent = recorder.isOn ? "Stop recording" : "Record";
  at("record").setAttribute("aria-pressed", String(recorder.isOn));
}

// Takes notes in quarter notes, which songs then begin with.
function give(played, said, name) {
  const notes = quantised(played, tables);
  const meter = said || "4/4";
  const bars = Math.ceil(endOf(notes) / (barQuarters(meter) * tables.quarter));
  state.given = { notes, said, bars };
  at("given").textContent = `${name}: ${count(notes.length, "note")}, ${count(bars, "bar")}.`;
  at("forget").hidden = false;
  roll.played = 0;
  player.load(notes, { quarter: tables.quarter, tempo: Number(at("tempo").value), meter, velocity: 0 });
  roll.show(notes, notes.length, tables.quarter, meter);
  at("song-title").textContent = "What you play";
  at("roll").setAttribute("aria-label", `Piano roll of ${count(notes.length, "note")} that are given`);
  say(`${count(notes.length, "note")} to go on from.`);
  setBusy(false);
}

// The ids that songs begin with, where as many bars follow as the settings say.
function primerOf({ notes, said }) {
  return [...(tables.marks ? [START] : []), ...spelling.spelled(notes, said, form.settings.max_bars)];
}

function forget() {
  state.given = null;
  at("given").textContent = "Nothing is played yet.";
  at("forget").hidden = true;
  setBusy(state.isBusy);
}

async function takeFile(file) {
  if (!file) return;
  try {
    const { notes, meter } = readMidi(new Uint8Array(await file.arrayBuffer()));
    give(notes, meter, file.name);
  } catch (error) {
    say(`${file.name}: ${error.message}`, true);
  }
}

async function openDevices() {
  try {
    await ports.open((isOn, pitch, velocity) => (isOn ? press(pitch, velocity) : release(pitch)), showDevices);
  } catch {
    say("The browser gave no access to MIDI devices.", true);
  }
}

function showDevices() {
  const inputs = ports.inputs.map((input) => input.name);
  say(inputs.length ? `Heard: ${inputs.join(", ")}.` : "No MIDI keyboard is connected; one that comes later is heard.");
  const chosen = at("output").value;
  at("output").replaceChildren(option("this page", ""), ...ports.outputs.map((output) => option(output.name, output.id)));
  at("output").value = ports.outputs.some((output) => output.id === chosen) ? chosen : "";
  at("output-field").hidden = !ports.outputs.length;
}

// ---- Wiring ----

at("summary").textContent = `A model, ${data.network}, that composes in this page, without a connection.`;
at("sound").replaceChildren(...Object.keys(SOUNDS).map((name) => option(name, name)));
at("devices").hidden = !MidiPorts.exist;
at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  compose(form.number, null);
});
const CLICKS = {
  another: () => compose(form.number + 1, state.from),
  stop: () => { worker.postMessage({ type: "stop" }); state.request++; setBusy(false); say("Stopped."); },
  play: togglePlay,
  record: toggleRecord,
  "go-on": () => compose(form.number, state.given),
  forget,
  devices: openDevices,
  file: () => at("file-input").click(),
  "octave-down": () => piano.move(-1),
  "octave-up": () => piano.move(1),
};
for (const [id, action] of Object.entries(CLICKS)) at(id).addEventListener("click", action);
at("position").addEventListener("input", (event) => player.seek(Number(event.target.value)));
at("sound").addEventListener("change", (event) => { synth.sound = event.target.value; });
at("volume").addEventListener("input", (event) => synth.setLevel(Number(event.target.value)));
at("output").addEventListener("change", (event) => ports.choose(event.target.value));
at("file-input").addEventListener("change", (event) => { takeFile(event.target.files[0]); event.target.value = ""; });
at("roll").addEventListener("click", (event) => { if (player.seconds) player.seek(roll.tickAt(event.clientX) * player.secondsPerTick); });

document.addEventListener("dragover", (event) => { event.preventDefault(); at("own").classList.add("dropping"); });
document.addEventListener("dragleave", () => at("own").classList.remove("dropping"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  at("own").classList.remove("dropping");
  takeFile(event.dataTransfer.files[0]);
});

const KEYS = {
  " ": () => { if (player.seconds) togglePlay(); },
  ArrowLeft: () => player.seek(player.position - SEEK_SECONDS),
  ArrowRight: () => player.seek(player.position + SEEK_SECONDS),
  n: () => compose(form.number + 1, state.from),
  r: toggleRecord,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("input, select, pre, .scroller")) return;
  const key = event.key.toLowerCase();
  if (recorder.isOn && piano.letterDown(key)) return event.preventDefault();
  if (key === " " && event.target.closest("button, a, summary")) return undefined;
  const action = KEYS[event.key] || KEYS[key];
  if (!action) return undefined;
  event.preventDefault();
  return action();
});
document.addEventListener("keyup", (event) => piano.lift(event.key.toLowerCase()));
addEventListener("beforeunload", () => worker.terminate());
