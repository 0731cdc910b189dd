"use strict";
// A song as a MIDI file of one track.
const FILE_TICKS_PER_QUARTER = 480;
// Velocities by place in the bar, accented as a player would.
const [DOWNBEAT, BEAT, OFFBEAT] = [92, 84, 76];

// `notes`: { start, duration, pitch } in ticks; `song`: quarter (ticks), tempo (quarter notes a minute), meter, program,
// velocity (0: by the beats) and name.
function midiFile(notes, song) {
  const scale = Math.ceil(FILE_TICKS_PER_QUARTER / song.quarter);
  const messages = [
    ...notes.map((note) => [(note.start + note.duration) * scale, 0, [0x80, note.pitch, 64]]),
    ...notes.map((note) => [note.start * scale, 1, [0x90, note.pitch, velocityOf(note, song)]]),
  ].sort(([tick, order], [otherTick, other]) => tick - otherTick || order - other);
  const track = [...head(song)];
  let now = 0;
  for (const [tick, , bytes] of messages) {
    track.push(...variable(tick - now), ...bytes);
    now = tick;
  }
  track.push(0, 0xff, 0x2f, 0);
  return new Uint8Array([
    ...letters("MThd"), ...big(6, 4), ...big(0, 2), ...big(1, 2), ...big(scale * song.quarter, 2),
    ...letters("MTrk"), ...big(track.length, 4), ...track,
  ]);
}

function head({ name, tempo, meter, program }) {
  const [beats, unit] = meter.split("/").map(Number);
  const title = new TextEncoder().encode(name);
  return [
    0, 0xff, 0x03, ...variable(title.length), ...title,
    0, 0xff, 0x51, 3, ...big(Math.round(6e7 / tempo), 3),
    0, 0xff, 0x58, 4, beats, Math.round(Math.log2(unit)), 24, 8,
    0, 0xc0, program,
  ];
}

function velocityOf({ start }, { quarter, meter, velocity }) {
  if (velocity) return velocity;
  const [beats, unit] = meter.split("/").map(Number);
  const ticks = Math.max(Math.floor((4 * quarter) / unit), 1);
  // A compound meter beats in threes.
  const beat = unit >= 8 && beats > 3 && beats % 3 === 0 ? 3 * ticks : ticks;
  if (start % (beats * ticks) === 0) return DOWNBEAT;
  return start % beat === 0 ? BEAT : OFFBEAT;
}

const letters = (word) => [...word].map((letter) => letter.charCodeAt(0));
const big = (value, bytes) => Array.from({ length: bytes }, (_, at) => (value >> (8 * (bytes - 1 - at))) & 255);

function variable(value) {
  const bytes = [value & 127];
  for (let left = value >> 7; left; left >>= 7) bytes.unshift((left & 127) | 128);
  return bytes;
}
