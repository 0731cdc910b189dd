"use strict";
// Card of a song: its picture, facts and files, and details on demand.
const cardOf = (song) => song && at(`card-${song.index}`);

function card(song) {
  const made = at("card").content.cloneNode(true).firstElementChild;
  made.id = `card-${song.index}`;
  made.setAttribute("aria-label", song.name);
  showPicture(made.querySelector(".roll"), song);
  made.querySelector("h3 bdi").textContent = song.name;
  if (several) coloured(made, song.set);
  if (song.key) made.querySelector("h3").append(element("span", song.key, "key"));
  made.querySelector("p").append(...facts(song));
  if (song.parts) made.querySelector(".facts").after(legend(song));
  made.querySelector(".links").prepend(...downloads(song), ...scoreButtons(song));
  wireLink(made.querySelector(".link"), song);
  wireStar(made.querySelector(".star"), song);
  made.classList.toggle("linked", song === state.linked);
  made.querySelector(".more").setAttribute("aria-label", `Details of ${song.name}`);
  made.querySelector(".more").addEventListener("click", () => toggleDetails(made, song));
  if (song.parts) showHeard(song, made);
  made.addEventListener("focusin", () => select(song));
  const toggle = made.querySelector(".toggle");
  if (song.audio) toggle.addEventListener("click", () => togglePlay(song));
  (song.audio ? made.querySelector(".silent") : toggle).remove();
  if (!song.audio) made.querySelector(".silent").textContent = song.notes === 0 ? "no notes" : "no audio";
  return made;
}

function showPicture(roll, song) {
  const image = roll.querySelector("img");
  image.alt = `Piano roll of ${song.name}${shown(song)}`;
  if (song.picture) image.src = address(song.picture);
  else image.remove();
  roll.classList.toggle("empty", !song.picture);
  if (!song.audio) return;
  roll.classList.add("seekable");
  roll.addEventListener("click", (event) => seekAt(song, roll, event.clientX));
}

// Alternative text of a picture.
function shown(song) {
  const said = [song.notes !== undefined && count(song.notes, "note", "notes"), song.pitches, song.seconds !== undefined && clock(Math.round(song.seconds))];
  return said.filter(Boolean).length ? `: ${said.filter(Boolean).join(", ")}` : "";
}

function facts(song) {
  const said = [];
  if (song.seconds !== undefined) said.push(element("span", clock(Math.round(song.seconds))));
  if (song.notes !== undefined) said.push(element("span", count(song.notes, "note", "notes")));
  if (song.ending === "cut off") {
    said.push(element("span", song.ending));
    said.at(-1).title = "It reached a limit, such as --max_tokens, before the model ended it";
  }
  if (song.per_token !== undefined) said.push(element("span", `${signed(song.per_token, 2)} nats a token`));
  if (song.novelty !== undefined) {
    said.push(element("span", `novelty ${percent(song.novelty)} %`));
    if (song.copied) said.at(-1).title = song.copied;
  }
  if (song.agreement !== undefined) said.push(element("span", `${percent(song.agreement)} % as in the song`));
  return said;
}

function downloads(song) {
  const kinds = [["MIDI", song.file], ["MusicXML", song.score], ["PDF", song.pdf], [song.audio && String(song.audio).split(".").pop().toUpperCase(), song.audio]];
  return kinds.filter(([, path]) => path).map(([label, path]) => {
    const link = element("a", label);
    link.href = address(path);
    link.download = [song.set.name, String(path).split("/").pop()].filter(Boolean).join("-");
    link.setAttribute("aria-label", `${label} of ${song.name}`);
    return link;
  });
}

function toggleDetails(made, song) {
  const list = made.querySelector(".details");
  list.hidden = !list.hidden;
  made.querySelector(".more").setAttribute("aria-expanded", String(!list.hidden));
  list.replaceChildren(...details(song).flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
  if (song.picture) list.append(element("dt", "Picture"), pictureLink(song));
}

function pictureLink(song) {
  const [holder, link] = [element("dd"), element("a", song.picture)];
  link.href = address(song.picture);
  link.target = "_blank";
  holder.append(link);
  return holder;
}

function details(song) {
  const said = [];
  if (song.novelty !== undefined) said.push(["Copied", copied(song)]);
  if (song.copied_notes) said.push(["Longest run", longestRun(song)]);
  if (song.pitches) said.push(["Pitches", song.pitches]);
  if (song.recurrence !== undefined) said.push(["Recurrence", `${rounded(song.recurrence, 0)} % of the top voice in figures that come again`]);
  if (song.parallels !== undefined) said.push(["Parallels", `${rounded(song.parallels, 1)} fifths and octaves of 100 chord changes`]);
  if (song.top_voice_steps !== undefined) said.push(["Top voice", `${rounded(song.top_voice_steps, 0)} % of its moves by step`]);
  if (song.held_chords !== undefined) said.push(["Held chords", `${rounded(song.held_chords, 1)} of 16 quarter notes`]);
  if (song.key_kept !== undefined) said.push(["Key", song.key_kept ? "ends in the key that it begins in" : "ends in another key than it begins in"]);
  if (song.tokens !== undefined) said.push(["Tokens", grouped(song.tokens)]);
  if (song.log_likelihood !== undefined) said.push(["Log-likelihood", `${signed(song.log_likelihood, 1)} nats in all`]);
  if (song.agreement !== undefined) said.push(["One step", `${percent(song.agreement)} % of the tokens are those of the song that was fed`]);
  if (song.nats_per_note !== undefined) said.push(["Likeliest of", `${count(song.candidates, "candidate", "candidates")}: ${signed(song.nats_per_note, 2)} nats a note`]);
  if (song.attempts) said.push(["Went back", count(song.attempts, "time", "times")]);
  if (song.seed !== undefined) said.push(["Seed", `${song.seed}, song ${song.song}`]);
  return said;
}

function copied(song) {
  const share = song.novelty < 1 ? `${100 - percent(song.novelty)} % of the notes` : "";
  return [share, song.copied].filter(Boolean).join("; ") || "nothing";
}

function longestRun(song) {
  const bars = song.copied_bars === undefined ? "" : `, up to ${count(rounded(song.copied_bars, 1), "bar", "bars")}`;
  return `${count(song.copied_notes, "note", "notes")}${bars}${song.copied_from ? `, from ${song.copied_from}` : ""}`;
}
