"use strict";
// A synthesizer of the browser: each note one oscillator with an envelope.
const SOUNDS = {
  Piano: { partials: [0, 1, 0.5, 0.28, 0.16, 0.1, 0.06, 0.04], attack: 0.005, fades: true, release: 0.15 },
  Organ: { partials: [0, 1, 0.7, 0.35, 0.5, 0, 0.15, 0, 0.25], attack: 0.02, fades: false, release: 0.08 },
  Strings: { partials: [0, 1, 0.6, 0.45, 0.3, 0.25, 0.2, 0.15, 0.12, 0.1], attack: 0.09, fades: false, release: 0.25 },
};
// A chord of so many notes is not too loud.
const NOTE_GAIN = 0.16;
// A low note of a piano sounds long, a high one short: seconds to 1/e at middle C, halved each two octaves.
const [FADE_SECONDS, FADE_OCTAVES] = [1.4, 2];

const frequencyOf = (pitch) => 440 * 2 ** ((pitch - 69) / 12);

class Synth {
  constructor() {
    [this.context, this.sound, this.level, this.notes] = [null, "Piano", 0.8, new Set()];
  }

  // Browsers start sound only after a click or a key.
  open() {
    if (!this.context) {
      this.context = new AudioContext();
      this.output = new GainNode(this.context, { gain: this.level });
      this.output.connect(new DynamicsCompressorNode(this.context)).connect(this.context.destination);
      this.waves = {};
      for (const [name, { partials }] of Object.entries(SOUNDS)) {
        this.waves[name] = this.context.createPeriodicWave(new Float32Array(partials.length), new Float32Array(partials));
      }
    }
    this.context.resume();
  }

  get now() {
    return this.context ? this.context.currentTime : 0;
  }

  setLevel(level) {
    this.level = level;
    if (this.output) this.output.gain.setTargetAtTime(level, this.now, 0.02);
  }

  // Begins a note at a time of the context; it sounds until `end` is called.
  begin(pitch, time, velocity) {
    const { attack, fades } = SOUNDS[this.sound];
    const oscillator = new OscillatorNode(this.context, { frequency: frequencyOf(pitch), periodicWave: this.waves[this.sound] });
    const gain = new GainNode(this.context, { gain: 0 });
    const peak = NOTE_GAIN * (velocity / 100);
    gain.gain.setValueAtTime(0, time);
    gain.gain.linearRampToValueAtTime(peak, time + attack);
    if (fades) gain.gain.setTargetAtTime(0, time + attack, FADE_SECONDS * 2 ** ((60 - pitch) / 12 / FADE_OCTAVES));
    oscillator.connect(gain).connect(this.output);
    oscillator.start(time);
    const note = { oscillator, gain, release: SOUNDS[this.sound].release };
    this.notes.add(note);
    oscillator.onended = () => {
      this.notes.delete(note);
      gain.disconnect();
    };
    return note;
  }

  end({ oscillator, gain, release }, time) {
    if (gain.gain.cancelAndHoldAtTime) gain.gain.cancelAndHoldAtTime(time);
    gain.gain.setTargetAtTime(0, time, release / 3);
    oscillator.stop(time + 2 * release);
  }

  play(pitch, time, seconds, velocity) {
    this.end(this.begin(pitch, time, velocity), time + seconds);
  }

  click(time, isDownbeat) {
    this.play(isDownbeat ? 96 : 89, time, 0.03, 60);
  }

  silence() {
    for (const note of this.notes) {
      note.gain.gain.cancelScheduledValues(this.now);
      note.gain.gain.setTargetAtTime(0, this.now, 0.01);
      note.oscillator.stop(this.now + 0.05);
    }
  }
}
