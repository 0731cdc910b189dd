"use strict";
// One song, sampled token by token (`generator.sampling.song_state`), with its returns from loops.
const BLOCK = 32;
const LOOP_RETURNS = 8;
// Positions of the random numbers of one attempt; those by which the song's past is told lie beyond all of them.
const [ATTEMPT_POSITIONS, TOLD_POSITION] = [1n << 32n, 1n << 64n];

class SongState {
  // `song`: its number; `primer`: ids, at least one; `settings`: see `sampler.js`.
  constructor({ network, masks, tables }, song, primer, settings) {
    Object.assign(this, { network, masks, tables, primer, settings });
    [this.song, this.seed] = [BigInt(song), BigInt(settings.seed)];
    this.groups = groupsOf(tables, settings);
    [this.attempts, this.refused] = [0, []];
    this.clear();
  }

  clear() {
    [this.tokens, this.scores, this.returns] = [[], [], 0];
  }

  // Discards the song to sample another one; returns false, and keeps it, after the most draws.
  beginAgain(reason) {
    if (this.refused.length + 1 >= this.settings.max_draws) return false;
    this.refused.push(reason);
    this.attempts++;
    this.clear();
    return true;
  }

  // Samples up to the end; yields after each block.
  *run() {
    do {
      this.rewind();
      let [position, fed, isLooping] = [0, this.known[0], false];
      while (!this.done && !isLooping) {
        fed = this.next(position, fed);
        position++;
        if (!this.done && position % BLOCK) continue;
        isLooping = this.leaveLoop();
        yield;
      }
    } while (!this.done);
  }

  // Makes the network read all known ids from the beginning.
  rewind() {
    this.known = [...this.primer, ...this.tokens];
    this.ticks = this.known.reduce((sum, id) => sum + this.tables.ticks[id], 0);
    this.done = false;
    this.network.begin();
    this.masks.begin();
  }

  // Reads an id; returns the next one, which is known or sampled.
  next(position, fed) {
    this.network.read(fed, this.isTold(position));
    this.masks.read(fed);
    if (position + 1 < this.known.length) return this.known[position + 1];
    const { legal, true: isTrue } = this.masks;
    const { settings } = this;
    const hasScore = settings.candidates > 1;
    const logits = this.network.logitsOf(hasScore ? legal : isTrue);
    const numbers = uniforms(this.seed, this.song, BigInt(this.attempts) * ATTEMPT_POSITIONS + BigInt(position), numbersOfToken(settings));
    const id = chosen(logits, isTrue, numbers, settings, this.groups);
    this.take(id, hasScore ? Math.fround(logLikelihood(logits, legal, id)) : 0);
    return id;
  }

  isTold(position) {
    if (this.settings.memory === 1) return true;
    return uniforms(this.seed, this.song, TOLD_POSITION + BigInt(position), 1)[0] < this.settings.memory;
  }

  // A song that is full may still say that it ends there.
  take(id, score) {
    const isFull = this.settings.max_ticks && this.ticks >= this.settings.max_ticks;
    if (!isFull || id === END_ID) {
      this.tokens.push(id);
      this.scores.push(score);
      this.ticks += this.tables.ticks[id];
    }
    this.done = Boolean(isFull) || id === END_ID || this.tokens.length >= this.settings.max_tokens;
  }

  // Discards the repeats of a looping phrase; tells whether there were any.
  leaveLoop() {
    if (!this.settings.max_repeats || this.returns === LOOP_RETURNS) return false;
    const repeated = looping(this.tokens, this.tables, this.settings.max_repeats + 1);
    if (!repeated) return false;
    this.tokens.length -= repeated;
    this.scores.length -= repeated;
    this.returns++;
    this.attempts++;
    this.done = false;
    return true;
  }

  finished() {
    const ended = this.tokens.at(-1) === END_ID;
    return {
      song: this.song,
      primer: this.primer,
      tokens: ended ? this.tokens.slice(0, -1) : this.tokens.slice(),
      ended,
      score: this.scores.reduce((sum, score) => sum + score, 0),
      refused: this.refused,
    };
  }
}
