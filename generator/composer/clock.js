"use strict";
// Where a song is: the place in its bar, and how far off its end and its phrase's are (`nabi.networks.positions`).
const PARTS_OF_QUARTER = 12;
const [MOST_PLACES, MOST_SOUNDED] = [8 * PARTS_OF_QUARTER, 4 * PARTS_OF_QUARTER];
const [MOST_LEFT, MOST_FURTHER] = [8 * PARTS_OF_QUARTER, 56];
const [MOST_VOICES, MOST_PHRASES, FURTHEST_PHRASE] = [16, 32, 16];

class Clock {
  constructor(tables) {
    this.tables = tables;
    for (const name of ["bar", "last", "bars", "since", "phrase", "begun", "back", "returns", "notes", "voices", "top", "bottom"]) {
      this[name] = 0;
    }
    // Ticks of the latest phrases, the latest first.
    this.lengths = new Int32Array(FURTHEST_PHRASE);
  }

  read(token) {
    const of = (name) => this.tables[name][token];
    const ticks = of("ticks");
    this.bar = of("meters") || this.bar;
    this.last = of("lasts") || this.last;
    this.bars = of("bars") || this.bars;
    this.since = of("bars") ? 0 : this.since + ticks;
    const notes = this.notes + of("sounds");
    if (ticks && !this.voices) this.voices = this.notes;
    this.notes = ticks ? 0 : notes;
    this.readPhrase(ticks, of("phrases"), of("cadences"), of("returns"));
  }

  readPhrase(ticks, said, cadence, back) {
    // What comes back is as long as it was.
    const phrase = said + (back ? this.lengths[back - 1] : 0);
    const begins = phrase > 0 && this.phrase === 0;
    if (begins) {
      this.lengths.copyWithin(1, 0);
      this.lengths[0] = 0;
      this.returns = back ? (back === this.back ? this.returns : 0) + 1 : 0;
      this.back = back;
      this.begun++;
    }
    this.lengths[0] += phrase;
    // A cadence's first note is the highest, its second the lowest.
    if (this.top && cadence) this.bottom = cadence;
    this.top = this.top || cadence;
    if (phrase) [this.top, this.bottom] = [0, 0];
    this.phrase = Math.max(this.phrase - ticks, 0) + phrase;
  }

  get lastBar() {
    return this.last || this.bar;
  }

  // Ticks up to the song's end.
  get left() {
    return (this.bars > 1 ? (this.bars - 2) * this.bar + this.lastBar + this.bar : this.lastBar) - this.since;
  }

  // What is told of the place, where `sounded` is the ticks that the next note's voice has sounded.
  told(sounded, quarter) {
    const { left } = this;
    return {
      place: this.bar > 0 ? partsOf(this.since % Math.max(this.bar, 1), quarter, MOST_PLACES - 1) + 1 : 0,
      left: this.bars > 0 ? leftOf(left, quarter) : 0,
      phrase: this.phrase > 0 ? leftOf(this.phrase, quarter) : 0,
      beyond: this.phrase > 0 && this.bars > 0 ? leftOf(left - this.phrase, quarter) : 0,
      begun: Math.min(this.begun, MOST_PHRASES),
      back: this.back,
      returns: Math.min(this.returns, MOST_PHRASES),
      sounded: partsOf(sounded, quarter, MOST_SOUNDED),
      voice: Math.min(this.notes + 1, MOST_VOICES),
      voices: Math.min(this.voices, MOST_VOICES),
    };
  }
}

// Of a grid that has no twelfths of a quarter note the factor is rounded, as the network learnt it.
const partsOf = (ticks, quarter, most) =>
  Math.min(Math.floor(Math.fround(ticks * Math.fround(PARTS_OF_QUARTER / quarter))), most);

function leftOf(ticks, quarter) {
  const further = Math.floor(ticks / quarter) - MOST_LEFT / PARTS_OF_QUARTER;
  return partsOf(Math.max(ticks, 0), quarter, MOST_LEFT) + Math.min(Math.max(further, 0), MOST_FURTHER) + 1;
}
