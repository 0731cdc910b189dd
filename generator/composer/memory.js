"use strict";
// What a network is told of its song, of each token that it reads (`nabi.networks.song_memory`).
const LONGEST_RUN = 31;

class SongMemory {
  // `quarter`: ticks of a quarter note.
  constructor({ tables, kind, kinds, past }, quarter) {
    [this.tables, this.kind, this.past, this.quarter] = [tables, kind, past, quarter];
    this.runs = new Runs(tables);
    this.slices = new Slices(tables);
    this.opening = new Opening(tables);
    this.clock = new Clock(tables);
    this.returns = new Returns(tables);
    this.forms = new Forms(tables, quarter);
    this.last = new Int32Array(kinds);
  }

  // Reads a token; returns name -> number, without the song's past where that is not told.
  read(token, isPastTold = true) {
    const { tables, clock, slices } = this;
    const told = this.runs.read(token);
    clock.read(token);
    const { aligned, sounded } = slices.read(token, clock.voices);
    Object.assign(told, { aligned }, this.opening.read(token));
    told.returned = this.returns.read(token, this.runs.history);
    Object.assign(told, this.forms.told(clock));
    if (this.kind[token] >= 0) this.last[this.kind[token]] = token;
    this.last.forEach((id, number) => { told[`last_${number}`] = id; });
    const key = Math.max(...Array.from(this.last, (id) => tables.keys[id]));
    Object.assign(told, clock.told(sounded, this.quarter));
    Object.assign(told, intervalsTold(tables.pitches, aligned, slices, key, [clock.top, clock.bottom]));
    for (const name of ["run", "opening_run", "longest_opening_run"]) told[name] = Math.min(told[name], LONGEST_RUN);
    if (!isPastTold) for (const name of this.past) told[name] = 0;
    return told;
  }
}
