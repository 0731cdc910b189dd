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
    this.scores = new Float64Array(this.kernel.rows);
  }

  // Adds to the logits of some ids, where `values` is what the network knows.
  add(logits, ids, values, told) {
    const lookups = new Map();
    for (const id of ids) {
      const pitch = this.scored[id];
      if (pitch && !lookups.has(pitch)) lookups.set(pitch, this.lookupsOf(pitch - 1, told));
    }
    const numbers = new Set();
    for (const { rows } of lookups.values()) for (const row of rows) numbers.add(row);
    this.arithmetic.multiplyRows(this.kernel, this.bias, [...numbers], values, this.scores);
    for (const [pitch, { rows, fixed }] of lookups) {
      lookups.set(pitch, rows.reduce((sum, row) => sum + this.scores[row], fixed));
    }
    for (const id of ids) if (this.scored[id]) logits[id] += lookups.get(this.scored[id]);
  }

  // The scores whose sum is added for a pitch, and what is added whatever they are.
  lookupsOf(pitch, told) {
    const { tensors } = this;
    const of = (name, row, column) => tensors[name].values[row * tensors[name].width + column];
    const own = of("interval_of_pitch", told.own, pitch);
    const rows = [FIRST_DEGREE + of("degree_of_pitch", told.key, pitch)];
    REFERENCES.forEach((name, number) => rows.push(number * INTERVALS + of("interval_of_pitch", told[name], pitch)));
    let fixed = 0;
    NEIGHBOURS.forEach((name, number) => {
      const pair = told[`pair_${name}`];
      fixed += of(`pair_${name}_logits`, pair, own);
      rows.push(FIRST_RELATION + number * RELATIONS + of("relation_of_interval", pair, own));
    });
    return { rows, fixed };
  }
}
