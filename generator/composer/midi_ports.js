"use strict";
// MIDI devices, where the browser has them: what is played on any is heard, and songs can be sent to one.
class MidiPorts {
  constructor() {
    [this.access, this.output] = [null, null];
  }

  static get exist() {
    return "requestMIDIAccess" in navigator;
  }

  // `heard(isOn, pitch, velocity)` is called for each key; `changed()` when devices come and go.
  async open(heard, changed) {
    this.access = await navigator.requestMIDIAccess();
    const listen = () => {
      for (const input of this.access.inputs.values()) input.onmidimessage = ({ data }) => hear(data, heard);
      if (this.output && this.output.state === "disconnected") this.output = null;
      changed();
    };
    this.access.onstatechange = listen;
    listen();
  }

  get inputs() {
    return this.access ? [...this.access.inputs.values()] : [];
  }

  get outputs() {
    return this.access ? [...this.access.outputs.values()] : [];
  }

  choose(id) {
    this.silence();
    this.output = this.outputs.find((output) => output.id === id) || null;
  }

  // `time`: milliseconds of the page.
  play(pitch, time, seconds, velocity) {
    this.output.send([0x90, pitch, velocity], time);
    this.output.send([0x80, pitch, 64], time + 1000 * seconds);
  }

  silence() {
    if (!this.output) return;
    if (this.output.clear) this.output.clear();
    // All notes off.
    this.output.send([0xb0, 123, 0]);
  }
}

function hear([status, pitch, velocity], heard) {
  const kind = status >> 4;
  if (kind === 9 || kind === 8) heard(kind === 9 && velocity > 0, pitch, velocity);
}
