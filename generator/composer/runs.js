"use strict";
// What followed earlier in the song: after the longest run of tokens up to now, and after the first such token.
const REMEMBERED_TOKENS = 1024;

class Runs {
  constructor(tables) {
    this.tables = tables;
    // The latest token first.
    this.history = new Int32Array(REMEMBERED_TOKENS);
    // For each distance the run of equal tokens that ended before the last token.
    this.runs = new Int32Array(REMEMBERED_TOKENS);
  }

  read(token) {
    const { history, runs } = this;
    const isBar = this.tables.bars[token] > 0;
    let [best, first] = [0, -1];
    for (let at = 0; at < REMEMBERED_TOKENS; at++) {
      const isEqual = history[at] === token;
      // A token that differs halves a run; a bar's number is no music.
      if (!isBar) runs[at] = isEqual ? runs[at] + 1 : runs[at] >> 1;
      if (isEqual) first = at;
      if (runs[at] > runs[best]) best = at;
    }
    history.copyWithin(1, 0);
    history[0] = token;
    return {
      run: runs[best],
      continuation: runs[best] ? history[best] : 0,
      first_continuation: first < 0 ? 0 : history[first],
    };
  }
}
