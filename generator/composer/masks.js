"use strict";
// Which ids may come next: by the grammar of kinds (`generator.sampling.grammar`), and by what has come before.
const [UNKNOWN_ID, START_ID, END_ID] = [1, 2, 3];
const PITCHES = 128;

class Masks {
  // `allowed`: 1 for the ids that may be sampled at all.
  constructor(tables, allowed) {
    this.tables = tables;
    this.ids = tables.tokens.map((_, id) => id).filter((id) => allowed[id]);
    const hasFrame = tables.frame && tables.marks;
    this.biases = [
      ...(tables.held.includes(1) ? [HeldMask] : []),
      ...(hasFrame ? [FrameMask] : []),
      ...(hasFrame && tables.encoding === "voices" ? [OrderMask] : []),
    ];
    this.begin();
  }

  begin() {
    this.row = 0;
    this.parts = this.biases.map((kind) => new kind(this.tables));
  }

  // Reads a token; `legal` then has the ids that the grammar allows next, and `true` those of them that may be chosen.
  read(token) {
    this.row = this.tables.next[this.row][token];
    const grammar = this.tables.legal[this.row];
    for (const part of this.parts) part.read(token);
    this.legal = this.ids.filter((id) => grammar[id]);
    this.true = this.legal.filter((id) => this.parts.every((part) => part.allows(id)));
    if (!this.true.length) throw new Error("these settings leave no token to come next: choose another key or length");
  }
}

// The pitch of an id that strikes or holds one note; -1 of any other.
const pitchOf = (tables, id) => (tables.pitches[id].length === 1 ? tables.pitches[id][0] : -1);

// Only what sounds can be held on (`generator.sampling.held_mask`).
class HeldMask {
  constructor(tables) {
    this.tables = tables;
    [this.before, this.now] = [new Set(), new Set()];
  }

  read(token) {
    const pitch = pitchOf(this.tables, token);
    if (pitch >= 0) this.now.add(pitch);
    if (this.tables.ticks[token]) [this.before, this.now] = [this.now, new Set()];
  }

  allows(id) {
    return !this.tables.held[id] || this.before.has(pitchOf(this.tables, id));
  }
}

// The highest note of a slice, the lowest, then those between from the top down (`generator.sampling.order_mask`).
class OrderMask {
  constructor(tables) {
    this.tables = tables;
    this.begin();
  }

  begin() {
    [this.notes, this.above, this.below] = [0, -1, PITCHES];
  }

  read(token) {
    const pitch = pitchOf(this.tables, token);
    if (pitch >= 0) {
      if (this.notes === 1) this.above = pitch;
      else this.below = pitch;
      this.notes++;
    }
    if (this.tables.ticks[token]) this.begin();
  }

  allows(id) {
    const pitch = pitchOf(this.tables, id);
    return pitch < 0 || (pitch > this.above && pitch < this.below);
  }
}
