"use strict";
// Ids as notes, by the tables of the model: of `voices`, and of encodings whose notes have durations.

// Returns the notes in canonical form (`nabi.music.canonical_form`): { start, duration, pitch } in ticks, by start.
function notesOf(ids, tables) {
  return canonical(tables.encoding === "voices" ? notesOfSlices(ids, tables) : notesOfDurations(ids, tables));
}

// A last slice without its length is left out, and a held pitch that is new is struck.
function notesOfSlices(ids, tables) {
  const [notes, sounding] = [[], new Map()];
  let [now, struck, held] = [0, [], new Set()];
  const end = (pitch) => {
    notes.push({ start: sounding.get(pitch), duration: now - sounding.get(pitch), pitch });
    sounding.delete(pitch);
  };
  for (const id of ids) {
    const [pitch] = tables.pitches[id];
    if (tables.held[id]) held.add(pitch);
    else if (pitch !== undefined) struck.push(pitch);
    if (!tables.ticks[id]) continue;
    for (const old of [...sounding.keys()]) if (!held.has(old)) end(old);
    for (const kept of held) if (!sounding.has(kept)) sounding.set(kept, now);
    for (const begun of struck) sounding.set(begun, now);
    now += tables.ticks[id];
    [struck, held] = [[], new Set()];
  }
  for (const pitch of [...sounding.keys()]) end(pitch);
  return notes;
}

// A last note that has no duration yet is left out.
function notesOfDurations(ids, tables) {
  const notes = [];
  let [now, chord] = [0, []];
  for (const id of ids) {
    if (tables.pitches[id].length) {
      chord = tables.pitches[id].map((pitch) => ({ start: now, duration: 0, pitch }));
      notes.push(...chord);
    }
    for (const note of chord) note.duration += tables.durations[id];
    now += tables.ticks[id];
  }
  return notes.filter((note) => note.duration);
}

// Of a pitch twice at one start the longer note stays; a pitch struck while it sounds ends its earlier note.
function canonical(notes) {
  const sorted = [...notes].sort((one, other) =>
    one.pitch - other.pitch || one.start - other.start || other.duration - one.duration);
  const kept = sorted.filter((note, at) => {
    const before = sorted[at - 1];
    return !before || before.pitch !== note.pitch || before.start !== note.start;
  });
  kept.forEach((note, at) => {
    const next = kept[at + 1];
    if (next && next.pitch === note.pitch) note.duration = Math.min(note.duration, next.start - note.start);
  });
  return kept.sort((one, other) => one.start - other.start || one.pitch - other.pitch);
}

const endOf = (notes) => notes.reduce((end, note) => Math.max(end, note.start + note.duration), 0);

// Quarter notes of a bar; those of 4/4 without a meter.
function barQuarters(meter) {
  const [beats, unit] = (meter || "4/4").split("/").map(Number);
  return (4 * beats) / unit;
}
