"use strict";
// The song's opening, read along with the song (`nabi.networks.openings`).
const OPENING_TOKENS = 256;
// A run that one differing token does not end.
const FIRM_RUN = 2;

class Opening {
  constructor(tables) {
    this.tables = tables;
    this.tokens = new Int32Array(OPENING_TOKENS);
    [this.length, this.begun, this.place, this.run, this.longest, this.firstBar] = [0, 0, 0, 0, 0, 0];
  }

  read(token) {
    const { tables } = this;
    if (!tables.plans[token]) this.move(token);
    this.begun = Math.max(this.begun, tables.sounds[token]);
    this.write(token);
    this.longest = Math.max(this.longest, this.run);
    if (!this.firstBar && tables.bars[token] > 0) this.firstBar = token;
    return {
      opening: this.begun && this.place < this.length ? this.expected() : 0,
      opening_run: this.run,
      longest_opening_run: this.longest,
      first_bar: this.firstBar,
    };
  }

  expected() {
    return this.tokens[Math.min(this.place, OPENING_TOKENS - 1)];
  }

  move(token) {
    const { sounds, ticks, bars } = this.tables;
    // Bars agree, whatever their numbers.
    const agrees = (other) => other === token || (bars[token] > 0 && bars[other] > 0);
    const isAlike = (other) => sounds[other] === sounds[token] && ticks[other] > 0 === ticks[token] > 0;
    const reads = this.begun && this.place < this.length;
    const starts = Number(Boolean(this.begun) && agrees(this.tokens[0]));
    if (reads && agrees(this.expected())) {
      this.place++;
      this.run++;
    } else if (reads && isAlike(this.expected()) && this.run >= FIRM_RUN) {
      this.place++;
      this.run = Math.floor(this.run / 2);
    } else {
      [this.place, this.run] = [starts, starts];
    }
  }

  // Until the first note the opening is only the place where its slice begins: silence before is no part of it.
  write(token) {
    const isSilence = !this.begun && this.tables.ticks[token] > 0;
    if (isSilence) this.length = 0;
    const index = this.begun ? this.length : 0;
    if (this.tables.plans[token] || isSilence || index >= OPENING_TOKENS) return;
    this.tokens[index] = token;
    this.length = index + 1;
  }
}
