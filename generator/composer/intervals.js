"use strict";
// The intervals around the next note (`nabi.networks.intervals`).
const NEIGHBOURS = ["top", "bottom", "latest"];
const CADENCE = ["cadence_top", "cadence_bottom"];
const FOLLOWING_NOTES = 3;
const [LOWEST_INTERVAL, HIGHEST_INTERVAL] = [-37, 37];
const INTERVALS = HIGHEST_INTERVAL - LOWEST_INTERVAL + 2;
const KEY_NUMBERS = 24;
const OCTAVE = 12;
const MOTIONS = 2 * OCTAVE + 1;

// Pitches are 1..128 here, 0 where there is no note.
function intervalsTold(pitches, aligned, slices, key, cadence) {
  const pitchAt = (slice, at) => (at >= 0 && at < SLICE ? pitches[slice[at]] : 0);
  const own = pitches[aligned];
  const [known, told] = [{ own }, {}];
  const places = neighbours(Array.from(slices.current, (id) => pitches[id]));
  NEIGHBOURS.forEach((name, number) => {
    const [now, last] = [pitchAt(slices.current, places[number]), pitchAt(slices.before, places[number])];
    told[`moved_${name}`] = intervalNumber(last, now);
    told[`was_apart_${name}`] = intervalNumber(last, own);
    told[`is_apart_${name}`] = intervalNumber(now, own);
    told[`pair_${name}`] = pairNumber(now, last, own);
    known[name] = now;
  });
  CADENCE.forEach((name, number) => { known[name] = cadence[number]; });
  const following = {};
  for (let count = 1; count <= FOLLOWING_NOTES; count++) {
    following[`following_${count}`] = pitchAt(slices.before, slices.length + count);
  }
  const [cadenceTop, cadenceBottom] = cadence;
  const ahead = { ...following, cadence_top: cadenceTop, cadence_bottom: cadenceBottom };
  for (const [name, pitch] of Object.entries(ahead)) told[`to_${name}`] = intervalNumber(own, pitch);
  for (const [name, pitch] of Object.entries({ ...known, ...following })) {
    told[`degree_of_${name}`] = degreeNumber(pitch, key);
  }
  return { ...known, ...told, key };
}

// The places of a slice's highest, lowest and latest note, each named once; -1 where there is none.
function neighbours(slice) {
  let [top, bottom, latest] = [-1, -1, -1];
  slice.forEach((pitch, place) => {
    if (!pitch) return;
    if (top < 0 || pitch >= slice[top]) top = place;
    if (bottom < 0 || pitch <= slice[bottom]) bottom = place;
    latest = place;
  });
  if (latest === top || latest === bottom) latest = -1;
  return [top, bottom === top ? -1 : bottom, latest];
}

const intervalNumber = (from, to) =>
  (from && to ? within(to - from, LOWEST_INTERVAL, HIGHEST_INTERVAL) - LOWEST_INTERVAL + 1 : 0);

const pairNumber = (now, last, own) =>
  (now && last && own ? modulo(last - own, OCTAVE) * MOTIONS + within(now - last, -OCTAVE, OCTAVE) + OCTAVE + 1 : 0);

const degreeNumber = (pitch, key) =>
  (pitch && key ? modulo(pitch - 1 - modulo(key - 1, 12), 12) + 12 * Math.floor((key - 1) / 12) + 1 : 0);
