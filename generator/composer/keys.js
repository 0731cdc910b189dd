"use strict";
// The key of a song (`nabi.music.keys`), and its move into another one.
const KEY_DIGITS = 1e9;

// The number of the key in which notes are heard, in the order of the model's key names; -1: none.
function keyOf(notes, profiles) {
  const weights = new Float64Array(12);
  for (const { pitch, duration } of notes) weights[pitch % 12] += duration;
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / 12;
  const length = Math.hypot(...weights.map((weight) => weight - mean));
  if (length <= 1e-12 * Math.max(...weights)) return -1;
  const fits = profiles.map((profile) => {
    const fit = profile.reduce((sum, value, pitch) => sum + value * ((weights[pitch] - mean) / length), 0);
    return Math.round(fit * KEY_DIGITS) / KEY_DIGITS;
  });
  return fits.indexOf(Math.max(...fits));
}

// The smallest transposition, in semitones, after which notes are heard in a key of `tables.keys`; null: none.
function shiftInto(key, notes, mayMove, tables) {
  if (!key || key.judged < 0) return 0;
  const found = keyOf(notes, tables.key_profiles);
  if (found === key.judged) return 0;
  if (found < 0 || !mayMove || found < 12 !== key.judged < 12) return null;
  const up = modulo(key.judged - found, 12);
  const pitches = notes.map((note) => note.pitch);
  const [lowest, highest] = [Math.min(...pitches), Math.max(...pitches)];
  const fits = [up, up - 12].filter((by) => lowest + by >= 0 && highest + by < 128);
  return fits.length ? fits.reduce((best, by) => (Math.abs(by) < Math.abs(best) ? by : best)) : null;
}
