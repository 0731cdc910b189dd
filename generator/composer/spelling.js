"use strict";
// Notes as ids of the model: what its encoding writes in Python (`encode` of `voices`, `bars` and `events`), by its tables.
const LONGEST_BAR_QUARTERS = 8;

class Spelling {
  constructor(tables) {
    this.tables = tables;
    this.ids = new Map(tables.tokens.map((token, id) => [token, id]));
    this.lengths = this.byNumber(tables.ticks);
    this.durations = this.byNumber(tables.durations);
    this.chords = new Map();
    tables.pitches.forEach((pitches, id) => {
      if (pitches.length && !tables.held[id]) this.chords.set(pitches.join(), id);
    });
    this.held = new Map();
    tables.held.forEach((isHeld, id) => { if (isHeld) this.held.set(tables.pitches[id][0], id); });
  }

  // Number above 0 -> the id that has it.
  byNumber(numbers) {
    return new Map(numbers.flatMap((number, id) => (number > 0 ? [[number, id]] : [])));
  }

  // Writes canonical notes as ids. `meter`: a time signature, or ""; `bars`: of the song that begins with them, for
  // encodings that count bars, or 0: as many as they have, and at least twice as many as were played.
  spelled(notes, meter, bars) {
    if (!notes.length) return [];
    if (this.tables.encoding === "events") return this.events(notes);
    const ticks = this.barTicks(meter);
    const count = bars || Math.ceil((2 * endOf(notes)) / (barQuarters(meter) * this.tables.quarter));
    return this.framed(notes, meter, ticks, count);
  }

  // A bar that is too long, or no whole number of ticks, is written as bars of 4/4.
  barTicks(meter) {
    const ticks = barQuarters(meter) * this.tables.quarter;
    const isUsable = Number.isInteger(ticks) && ticks <= LONGEST_BAR_QUARTERS * this.tables.quarter;
    return isUsable ? ticks : 4 * this.tables.quarter;
  }

  framed(notes, meter, barTicks, count) {
    const { frame } = this.tables;
    const end = endOf(notes);
    const lines = Array.from({ length: Math.ceil(end / barTicks) }, (_, bar) => bar * barTicks);
    const isVoices = this.tables.encoding === "voices";
    const changes = notes.flatMap(({ start, duration }) => (isVoices ? [start, start + duration] : [start]));
    const borders = [...new Set([0, ...lines, ...changes, end])].sort((one, other) => one - other);
    const ids = frame.meter_names.includes(meter) ? [this.ids.get(`meter:${meter}`)] : [];
    borders.slice(0, -1).forEach((begin, at) => {
      const place = begin % barTicks;
      const left = within(count - Math.floor(begin / barTicks), 1, frame.most_bars);
      ids.push(place ? this.idOf("place", frame.places, place) : this.idOf("bar", frame.bars, left));
      if (!at) ids.push(...this.plan(notes, end - lines.at(-1)));
      ids.push(...(isVoices ? this.sounding(notes, begin) : this.beginning(notes, begin)));
      ids.push(this.lengths.get(borders[at + 1] - begin));
    });
    return ids;
  }

  // The key, where one is found, and the length of the last bar.
  plan(notes, lastBar) {
    const key = keyOf(notes, this.tables.key_profiles);
    const named = key < 0 ? [] : [this.ids.get(`key:${this.tables.key_names[key].replace(" ", "-")}`)];
    return [...named, this.idOf("last", this.tables.frame.lasts, lastBar)];
  }

  idOf(kind, numbers, number) {
    return numbers.findIndex((value, id) => value === number && this.tables.frame[`is_${kind}`][id]);
  }

  // What sounds in a slice: the highest, the lowest, then those between from the top down.
  sounding(notes, begin) {
    const now = notes.filter(({ start, duration }) => start <= begin && begin < start + duration);
    const [highest, ...others] = now.sort((one, other) => other.pitch - one.pitch);
    const ordered = others.length ? [highest, others.at(-1), ...others.slice(0, -1)] : now;
    return ordered.map(({ start, pitch }) => (start === begin ? this.chords.get(String(pitch)) : this.held.get(pitch)));
  }

  // What begins at an onset, from the top down, each note with its duration.
  beginning(notes, begin) {
    const begun = notes.filter(({ start }) => start === begin).sort((one, other) => other.pitch - one.pitch);
    return begun.flatMap(({ pitch, duration }) => [this.chords.get(String(pitch)), ...this.sum(duration, this.durations)]);
  }

  // Ticks as ids, the longest first.
  sum(ticks, ids) {
    const longest = Math.max(...ids.keys());
    const whole = Array(Math.floor(ticks / longest)).fill(ids.get(longest));
    return ticks % longest ? [...whole, ids.get(ticks % longest)] : whole;
  }

  events(notes) {
    const ids = [];
    let now = 0;
    for (const { start, duration, pitches } of chordsOf(notes)) {
      if (start > now) ids.push(...this.sum(start - now, this.lengths));
      now = start;
      const known = this.chords.get(pitches.join());
      const parts = known === undefined ? pitches.map((pitch) => this.chords.get(String(pitch))) : [known];
      for (const id of parts) ids.push(id, ...this.sum(duration, this.durations));
    }
    return ids;
  }
}

// Notes of equal start and duration are one chord; chords come by their start, then by their lowest note.
function chordsOf(notes) {
  const chords = new Map();
  for (const { start, duration, pitch } of notes) {
    const key = `${start} ${duration}`;
    if (!chords.has(key)) chords.set(key, { start, duration, pitches: [] });
    chords.get(key).pitches.push(pitch);
  }
  return [...chords.values()].sort((one, other) => one.start - other.start || one.pitches[0] - other.pitches[0]);
}
