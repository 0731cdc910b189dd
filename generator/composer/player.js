"use strict";
// Playback of a song, by the synthesizer or a MIDI device, a little ahead of time.
const [LOOK_MS, AHEAD_SECONDS, HIDDEN_AHEAD_SECONDS, BEGIN_SECONDS] = [40, 0.25, 2.5, 0.08];

class Player {
  // `changed()` is called when playing begins or stops, and with each picture while it goes on.
  constructor(synth, ports, changed, ended) {
    Object.assign(this, { synth, ports, changed, ended, notes: [], song: null, at: 0, isPlaying: false, next: 0 });
  }

  // `song`: quarter (ticks), tempo, meter, velocity.
  load(notes, song) {
    this.stop();
    Object.assign(this, { notes, song, at: 0 });
    this.changed();
  }

  get secondsPerTick() {
    return this.song ? 60 / this.song.tempo / this.song.quarter : 0;
  }

  get seconds() {
    return endOf(this.notes) * this.secondsPerTick;
  }

  // The place in the song, in seconds.
  get position() {
    return this.isPlaying ? within(this.synth.now - this.origin, 0, this.seconds) : this.at;
  }

  get tick() {
    return this.secondsPerTick && this.position / this.secondsPerTick;
  }

  play() {
    if (!this.notes.length) return;
    this.synth.open();
    if (this.position >= this.seconds) this.at = 0;
    this.origin = this.synth.now + BEGIN_SECONDS - this.at;
    this.next = this.notes.findIndex((note) => note.start * this.secondsPerTick >= this.at);
    if (this.next < 0) this.next = this.notes.length;
    this.isPlaying = true;
    this.timer = setInterval(() => this.schedule(), LOOK_MS);
    this.schedule();
    this.follow();
  }

  stop() {
    if (!this.isPlaying) return;
    this.at = this.position;
    this.isPlaying = false;
    clearInterval(this.timer);
    this.synth.silence();
    this.ports.silence();
    this.changed();
  }

  seek(seconds) {
    const wasPlaying = this.isPlaying;
    this.stop();
    this.at = within(seconds, 0, this.seconds);
    if (wasPlaying) this.play();
    else this.changed();
  }

  schedule() {
    const { now } = this.synth;
    const until = now + (document.hidden ? HIDDEN_AHEAD_SECONDS : AHEAD_SECONDS);
    for (; this.next < this.notes.length; this.next++) {
      const note = this.notes[this.next];
      const time = this.origin + note.start * this.secondsPerTick;
      if (time > until) break;
      this.sound(note, Math.max(time, now));
    }
    if (now > this.origin + this.seconds) {
      this.stop();
      this.at = 0;
      this.changed();
      this.ended();
    }
  }

  sound(note, time) {
    const seconds = note.duration * this.secondsPerTick;
    const velocity = velocityOf(note, this.song);
    if (!this.ports.output) this.synth.play(note.pitch, time, seconds, velocity);
    else this.ports.play(note.pitch, performance.now() + 1000 * (time - this.synth.now), seconds, velocity);
  }

  follow() {
    this.changed();
    if (this.isPlaying) requestAnimationFrame(() => this.follow());
  }
}
