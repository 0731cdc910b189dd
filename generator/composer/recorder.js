"use strict";
// What is played on keys, as notes in quarter notes from the first one on, with a metronome that goes on from bar lines.
class Recorder {
  constructor(synth) {
    Object.assign(this, { synth, notes: [], sounding: new Map(), isOn: false, origin: null });
  }

  begin(tempo, meter, hasClicks) {
    Object.assign(this, { notes: [], isOn: true, origin: null, tempo });
    this.synth.open();
    if (!hasClicks) return;
    const [beats, unit] = meter.split("/").map(Number);
    const seconds = (60 / tempo) * (4 / unit);
    [this.clicks, this.beat] = [0, seconds];
    this.clicked = this.synth.now + 0.1;
    this.first = this.clicked;
    this.timer = setInterval(() => {
      for (; this.clicked < this.synth.now + 0.3; this.clicked += seconds) this.synth.click(this.clicked, this.clicks++ % beats === 0);
    }, LOOK_MS);
    this.bar = beats * seconds;
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
    for (const pitch of [...this.sounding.keys()]) this.release(pitch);
    this.isOn = false;
  }

  press(pitch, velocity) {
    if (this.sounding.has(pitch)) return;
    this.synth.open();
    const now = this.synth.now;
    this.sounding.set(pitch, { note: this.synth.begin(pitch, now, velocity), time: now });
    if (this.isOn && this.origin === null) this.origin = this.lineBefore(now);
  }

  // With a metronome the song begins at the bar line before the first note, or at one that is hit a little early.
  lineBefore(now) {
    if (!this.timer) return now;
    const bars = Math.floor((now - this.first + this.beat / 4) / this.bar);
    return this.first + Math.max(bars, 0) * this.bar;
  }

  release(pitch) {
    const { note, time } = this.sounding.get(pitch) || {};
    if (!note) return;
    this.sounding.delete(pitch);
    this.synth.end(note, this.synth.now);
    if (!this.isOn) return;
    const quarters = (seconds) => Math.max(((seconds - this.origin) * this.tempo) / 60, 0);
    this.notes.push({ start: quarters(time), end: quarters(this.synth.now), pitch });
  }
}
