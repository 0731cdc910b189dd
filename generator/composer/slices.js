"use strict";
// The slice before and the present one, at the place of the next token (`nabi.networks.slices`).
const SLICE = 16;

class Slices {
  constructor(tables) {
    this.tables = tables;
    [this.before, this.current] = [new Int32Array(SLICE), new Int32Array(SLICE)];
    this.length = 0;
    // For how many ticks each note of the slice before has sounded.
    this.ages = new Int32Array(SLICE);
    this.isHeld = tables.pitches.map((pitch, id) => pitch > 0 && !tables.strikes[id]);
    this.writesHeld = this.isHeld.includes(true);
  }

  // Returns the id at the next place of the slice before, and for how many ticks its note has sounded.
  read(token, voices) {
    const { tables } = this;
    // What is no music takes no place.
    if (!tables.plans[token]) {
      if (this.length < SLICE) this.current[this.length] = token;
      this.length = Math.min(this.length + 1, SLICE);
    }
    if (tables.ticks[token] > 0) this.end(tables.ticks[token], voices);
    const isWithin = this.length < SLICE;
    const aligned = isWithin ? this.before[this.length] : 0;
    return { aligned, sounded: isWithin && tables.pitches[aligned] > 0 ? this.ages[this.length] : 0 };
  }

  end(ticks, voices) {
    this.before = this.writesHeld ? byVoices(this.current, this.length, voices) : this.current.slice();
    this.before.forEach((id, at) => { this.ages[at] = ticks + (this.isHeld[id] ? this.ages[at] : 0); });
    this.current.fill(0);
    this.length = 0;
  }
}

// A slice of fewer notes than voices with a note for each: two voices are on one.
function byVoices(slice, length, voices) {
  const notes = length - 2;
  if (!(notes > 0 && notes < voices && voices + 2 <= SLICE)) return slice.slice();
  return slice.map((_, place) => {
    if (place > voices) return slice[Math.min(place - voices + notes, SLICE - 1)];
    if (place <= notes || notes >= 3) return slice[Math.min(place, notes)];
    const isUpper = place <= Math.ceil(voices / 2) + 1;
    return slice[isUpper ? 1 : Math.min(notes, 2)];
  });
}
