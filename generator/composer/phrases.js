"use strict";
// The phrase that a song comes back to, token by token, and the tokens that carry its form on
// (`nabi.networks.returns`, `nabi.networks.forms`).
// The most quarter notes that one token says of a phrase.
const LONGEST_PHRASE = 32;

class Returns {
  constructor(tables) {
    this.tables = tables;
    // How far back the first token of each of the latest phrases stands, from 1; 0: none.
    this.marks = new Int32Array(FURTHEST_PHRASE);
    [this.place, this.awaited] = [0, false];
  }

  // The id of the token that follows in the earlier phrase; `history` has the tokens up to this one, the latest first.
  read(token, history) {
    const { phrases, returns, plans } = this.tables;
    const [back, isPlan] = [returns[token], plans[token] > 0];
    const isNew = phrases[token] > 0 && !back;
    this.marks.forEach((mark, at) => { if (mark) this.marks[at] = mark + 1; });
    if (back) this.place = this.marks[back - 1];
    else if (this.place && isPlan) this.place++;
    if (isNew) this.place = 0;
    if (this.awaited && !isPlan) {
      this.marks.copyWithin(1, 0);
      this.marks[0] = 1;
    }
    this.awaited = isNew || back > 0 || (this.awaited && isPlan);
    return this.place && this.place <= history.length ? history[this.place - 1] : 0;
  }
}

class Forms {
  constructor(tables, quarter) {
    this.quarter = quarter;
    this.returns = idsOf(tables.returns, FURTHEST_PHRASE, 1);
    this.lengths = idsOf(tables.phrases, LONGEST_PHRASE, quarter);
  }

  told(clock) {
    if (clock.phrase || !clock.bars) return { onward: 0, closing: 0 };
    const goesOn = clock.returns < clock.back ? clock.back : 0;
    const onward = this.returns[clock.back ? goesOn : clock.begun] || 0;
    return { onward, closing: this.lengths[clock.left / this.quarter] || 0 };
  }
}

// The first id of each of the numbers 0, unit, 2 unit ... most unit; 0 for 0 and where none has it.
function idsOf(numbers, most, unit) {
  return Array.from({ length: most + 1 }, (_, count) => (count ? Math.max(numbers.indexOf(count * unit), 0) : 0));
}
