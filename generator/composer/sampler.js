"use strict";
// Songs by their numbers, with the conditions that they have to meet (`generator.songs`).
// Settings are those of `generator.generate`, besides `key`, the number of a key in the model's table or -1, and `primer`,
// the ids that songs begin with instead of nothing.

class Sampler {
  constructor(network, tables) {
    [this.network, this.tables] = [network, tables];
    this.ids = new Map(tables.tokens.map((token, id) => [token, id]));
  }

  // Samples a song; yields { candidate, ids } after each block, and returns the song with its notes.
  *sample(number, given) {
    const settings = this.complete(given);
    const masks = new Masks(this.tables, this.allowed(settings));
    const candidates = [];
    for (let candidate = 0; candidate < settings.candidates; candidate++) {
      const state = new SongState(
        { network: this.network, masks, tables: this.tables },
        BigInt(number) * BigInt(settings.candidates) + BigInt(candidate), settings.primer, settings,
      );
      do {
        for (const _ of state.run()) yield { candidate, ids: [...state.primer, ...state.tokens] };
      } while (this.beginsAgain(state, settings));
      candidates.push(state.finished());
    }
    return this.described(candidates.length > 1 ? this.likeliest(candidates, settings) : candidates[0], settings);
  }

  beginsAgain(state, settings) {
    const reason = this.refusal(state.finished(), settings);
    return reason !== "" && state.beginAgain(reason);
  }

  complete(given) {
    const key = given.key < 0 ? null : this.tables.keys[given.key];
    const isFree = !given.primer && given.lowest === 0 && given.highest === PITCHES - 1;
    const moves = Boolean(key && key.moves && isFree);
    const max_ticks = given.max_bars ? Math.max(1, Math.round(given.max_bars * barQuarters(given.meter) * this.tables.quarter)) : 0;
    const settings = { ...given, key, moves, max_ticks };
    return { ...settings, primer: given.primer || [START_ID, ...this.opening(settings)] };
  }

  // Ids that say the meter, the bars and the key of a song (`Encoding.opening`).
  opening({ max_bars, meter, key, moves }) {
    const { frame, key_names } = this.tables;
    if (!frame) return [];
    const tokens = [];
    const said = meter || (max_bars ? "4/4" : "");
    if (frame.meter_names.includes(said)) tokens.push(`meter:${said}`);
    if (max_bars) tokens.push(`bar:${Math.min(max_bars, frame.most_bars)}`);
    if (max_bars && moves && key.opening >= 0) tokens.push(`key:${key_names[key.opening].replace(" ", "-")}`);
    return tokens.map((token) => this.ids.get(token) ?? UNKNOWN_ID);
  }

  // Marks the ids whose notes are all within the range and the key; one that is moved into is no limit.
  allowed({ key, moves, lowest, highest }) {
    const classes = key && !moves ? new Set(key.classes) : null;
    const isLegal = (pitch) => lowest <= pitch && pitch <= highest && (!classes || classes.has(pitch % 12));
    return Uint8Array.from(this.tables.named, (pitches) => Number(pitches.every(isLegal)));
  }

  // The reason to sample a song again in a word; "" for a song that is kept.
  refusal(song, settings) {
    if (settings.ended && !song.ended) return "cut";
    return this.shift(song, settings) === null ? "key" : "";
  }

  shift(song, { key, moves }) {
    return key ? shiftInto(key, notesOf([...song.primer, ...song.tokens], this.tables), moves, this.tables) : 0;
  }

  // Of the candidates that meet the conditions and ended the one of the fewest nats a note, the first of several.
  likeliest(candidates, settings) {
    const rank = (song) => [Number(this.isRefused(song, settings)), Number(!song.ended), this.natsPerNote(song)];
    return candidates.reduce((best, song) => (isBefore(rank(song), rank(best)) ? song : best));
  }

  isRefused(song, settings) {
    return song.refused.length + 1 >= settings.max_draws && this.refusal(song, settings) !== "";
  }

  natsPerNote(song) {
    const count = notesOf([...song.primer, ...song.tokens], this.tables).length - notesOf(song.primer, this.tables).length;
    return count ? -song.score / count : Infinity;
  }

  described(song, settings) {
    const by = this.shift(song, settings) || 0;
    const notes = notesOf([...song.primer, ...song.tokens], this.tables).map((note) => ({ ...note, pitch: note.pitch + by }));
    const primerNotes = settings.primer.length > 1 ? notesOf(song.primer, this.tables).length : 0;
    const { tokens, ended, primer } = song;
    return { tokens, primer, ended, notes, primerNotes, moved: by, meter: this.meter(song, settings) };
  }

  // The time signature that a song's tokens say, or that of the settings.
  meter(song, settings) {
    const said = [...song.primer, ...song.tokens].find((id) => this.tables.tokens[id].startsWith("meter:"));
    return said === undefined ? settings.meter || "4/4" : this.tables.tokens[said].slice("meter:".length);
  }
}

function isBefore(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && one[at] < other[at];
}
