"use strict";
// What intervals add to the logits of notes (`nabi.networks.interval_layers`): only the scores that are looked up are computed.
const REFERENCES = ["own", ...NEIGHBOURS, ...CADENCE];
const FIRST_DEGREE = REFERENCES.length * INTERVALS;
const FIRST_RELATION = FIRST_DEGREE + KEY_NUMBERS + 1;
const RELATIONS = OCTAVE * 6 + 1;

class IntervalScores {
  constructor(arithmetic, tensors, scored) {
    [this.arithmetic, this.tensors] = [arithmetic, tensors];
    // 1 more than the pitch that each id names; 0: none.
    this.scored = scored;
    this.kernel = tensors["interval_logits/kernel"];
    this.bias = tensors["interval_logits/bias"];
    this.known = new Float64Array(this.kernel.rows);
    this.isKnown = new Uint8Array(this.kernel.rows);
  }

  // Adds to the logits of some ids, where `values` is what the network knows.
  add(logits, ids, values, told) {
    this.isKnown.fill(0);
    const byPitch = new Map();
    for (const id of ids) {
      const pitch = this.scored[id];
      if (!pitch) continue;
      if (!byPitch.has(pitch)) byPitch.set(pitch, this.ofPitch(pitch - 1, values, told));
      logits[id] += byPitch.get(pitch);
    }
  }

  ofPitch(pitch, values, told) {
    const { tensors } = this;
    const of = (name, row, column) => tensors[name].values[row * tensors[name].width + column];
    const score = (number) => this.score(number, values);
    const own = of("interval_of_pitch", told.own, pitch);
    let sum = score(FIRST_DEGREE + of("degree_of_pitch", told.key, pitch));
    REFERENCES.forEach((name, number) => {
      sum += score(number * INTERVALS + of("interval_of_pitch", told[name], pitch));
    });
    NEIGHBOURS.forEach((name, number) => {
      const pair = told[`pair_${name}`];
      sum += of(`pair_${name}_logits`, pair, own);
      sum += score(FIRST_RELATION + number * RELATIONS + of("relation_of_interval", pair, own));
    });
    return sum;
  }

  score(number, values) {
    if (!this.isKnown[number]) {
      this.known[number] = this.arithmetic.ofRow(this.kernel, number, values) + this.bias.values[number];
      this.isKnown[number] = 1;
    }
    return this.known[number];
  }
}
