"use strict";
// The notes of a MIDI file, without drums.
const DRUM_CHANNEL = 9;
const NO_MIDI = "this is no MIDI file";

// Returns { notes: [{ start, end, pitch }] in quarter notes, meter: "" without one }; throws an Error for other bytes.
function readMidi(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nameAt = (at) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 14 || nameAt(0) !== "MThd") throw new Error(NO_MIDI);
  const division = view.getUint16(12);
  if (!division || division & 0x8000) throw new Error("this MIDI file counts in frames of a film, not in quarter notes");
  const song = { notes: [], meter: "" };
  for (let at = 8 + view.getUint32(4); at + 8 <= bytes.length; at += 8 + view.getUint32(at + 4)) {
    if (nameAt(at) === "MTrk") readTrack(bytes.subarray(at + 8, at + 8 + view.getUint32(at + 4)), division, song);
  }
  if (!song.notes.length) throw new Error("this MIDI file has no notes besides drums");
  return song;
}

function readTrack(track, division, song) {
  const reader = new TrackReader(track);
  const sounding = new Map();
  let [tick, status] = [0, 0];
  while (reader.at < track.length) {
    tick += reader.variable();
    if (track[reader.at] & 128) status = reader.byte();
    if (status >= 0xf0) readMeta(reader, status, song);
    else readNote(reader, status, tick / division, sounding, song.notes);
  }
}

class TrackReader {
  constructor(bytes) {
    [this.bytes, this.at] = [bytes, 0];
  }

  byte() {
    if (this.at >= this.bytes.length) throw new Error(NO_MIDI);
    return this.bytes[this.at++];
  }

  variable() {
    let [value, byte] = [0, 128];
    while (byte & 128) {
      byte = this.byte();
      value = (value << 7) | (byte & 127);
    }
    return value;
  }
}

function readMeta(reader, status, song) {
  const kind = status === 0xff ? reader.byte() : -1;
  const length = reader.variable();
  if (kind === 0x58 && length >= 2 && !song.meter) {
    song.meter = `${reader.bytes[reader.at]}/${2 ** reader.bytes[reader.at + 1]}`;
  }
  reader.at += length;
}

function readNote(reader, status, quarters, sounding, notes) {
  const [kind, channel] = [status >> 4, status & 15];
  const pitch = reader.byte();
  const velocity = kind === 0xc || kind === 0xd ? 0 : reader.byte();
  if ((kind !== 8 && kind !== 9) || channel === DRUM_CHANNEL) return;
  const key = 128 * channel + pitch;
  if (sounding.has(key)) {
    notes.push({ start: sounding.get(key), end: quarters, pitch });
    sounding.delete(key);
  }
  if (kind === 9 && velocity) sounding.set(key, quarters);
}
