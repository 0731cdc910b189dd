"use strict";
// Tokens that say where a song is agree with where it is (`generator.sampling.frame_mask`).

class FrameMask {
  constructor(tables) {
    [this.tables, this.frame] = [tables, tables.frame];
    this.clock = new Clock({ ...tables.frame, ticks: tables.ticks });
    [this.last, this.hasMoved, this.lasted] = [0, false, 0];
  }

  read(token) {
    this.clock.read(token);
    this.last = token;
    this.hasMoved = this.hasMoved || this.tables.ticks[token] > 0;
    const duration = this.tables.durations[token];
    this.lasted = duration ? this.lasted + duration : 0;
  }

  allows(id) {
    const { clock, frame, tables } = this;
    if (!clock.bars) return true;
    const longest = clock.bars < frame.most_bars ? clock.bars * frame.longest_bar * tables.quarter : Infinity;
    if (this.lasted + tables.durations[id] > longest) return false;
    const room = (clock.bars === 1 ? clock.lastBar : clock.bar) - clock.since;
    if (tables.ticks[this.last]) return this.isBorder(id, room);
    // The key and the last bar's length come before all music.
    if (!clock.last && !this.hasMoved) return Boolean(frame.is_key[id] || (frame.is_last[id] && frame.lasts[id] <= clock.bar));
    return this.isMusic(id) || (frame.is_shift[id] && this.fits(tables.ticks[id], room)) || this.isOfPhrase(id);
  }

  // What comes after a slice's length: its place, or at a bar line the next number of bars, or the end.
  isBorder(id, room) {
    const { clock, frame } = this;
    if (room > 0) return frame.is_place[id] && frame.places[id] === clock.since;
    if (id === END_ID) return clock.bars === 1;
    // Of the bars from the most on all have one number.
    const isNext = frame.bars[id] === clock.bars - 1 || (clock.bars === frame.most_bars && frame.bars[id] === clock.bars);
    return frame.is_bar[id] && isNext && clock.bars > 1;
  }

  isMusic(id) {
    const { frame } = this;
    return id !== END_ID && !(
      frame.is_bar[id] || frame.is_place[id] || frame.is_key[id] || frame.is_last[id] || frame.is_phrase[id]
      || frame.is_cadence[id] || frame.is_again[id] || frame.is_shift[id]
    );
  }

  // A slice ends within its bar and its phrase; after given tokens that go beyond the bar any length will do.
  fits(ticks, room) {
    return room <= 0 || (ticks <= room && (!this.clock.phrase || ticks <= this.clock.phrase));
  }

  isOfPhrase(id) {
    const { clock, frame } = this;
    if (frame.is_phrase[id]) {
      return frame.phrases[id] <= clock.left - clock.phrase && (!clock.phrase || this.goesOn(frame.phrases[id]));
    }
    if (frame.is_cadence[id]) return !clock.top || (!clock.bottom && frame.cadences[id] <= clock.top);
    // A phrase comes back as long as it was.
    const returned = frame.is_again[id] ? clock.lengths[frame.returns[id] - 1] : 0;
    return returned > 0 && returned <= clock.left && !clock.phrase;
  }

  // Tells whether a length is the rest of the one that was said just before.
  goesOn(length) {
    const { quarter } = this.tables;
    const said = this.frame.phrases[this.last];
    if (!said) return false;
    return length % quarter ? said % quarter === 0 : said === this.frame.longest_phrase * quarter;
  }
}
