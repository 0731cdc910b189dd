"use strict";
// Keys on the page, for fingers and mice, and the letters of a computer keyboard that stand for them.
const LETTERS = ["a", "w", "s", "e", "d", "f", "t", "g", "y", "h", "u", "j", "k", "o", "l", "p", ";"];
const KEY_LABELS = ["C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B"];
const [LOWEST_OCTAVE, HIGHEST_OCTAVE] = [2, 6];
const [KEYS_SHOWN, KEYS_OF_PHONE] = [25, 13];

class Piano {
  // `press(pitch, velocity)` and `release(pitch)` are called for each key.
  constructor(element, press, release) {
    Object.assign(this, { element, press, release, octave: 4, held: new Map() });
    this.narrow = matchMedia("(max-width: 40rem)");
    this.narrow.addEventListener("change", () => this.draw());
    this.draw();
    for (const name of ["pointerup", "pointercancel", "blur"]) addEventListener(name, (event) => this.lift(event.pointerId ?? null));
  }

  get lowest() {
    return 12 * (this.octave + 1);
  }

  draw() {
    const keys = Array.from({ length: this.narrow.matches ? KEYS_OF_PHONE : KEYS_SHOWN }, (_, step) => this.key(this.lowest + step, LETTERS[step]));
    this.element.replaceChildren(...keys);
  }

  key(pitch, letter) {
    const key = document.createElement("button");
    const isBlack = BLACK_KEYS.includes(pitch % 12);
    key.type = "button";
    key.className = isBlack ? "black" : "white";
    key.dataset.pitch = pitch;
    key.setAttribute("aria-label", `${KEY_LABELS[pitch % 12]} ${Math.floor(pitch / 12) - 1}`);
    const label = document.createElement("span");
    label.textContent = letter ? letter.toUpperCase() : "";
    label.setAttribute("aria-hidden", "true");
    key.append(label);
    key.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      key.releasePointerCapture(event.pointerId);
      this.hold(event.pointerId, pitch);
    });
    key.addEventListener("pointerenter", (event) => { if (event.buttons && this.held.has(event.pointerId)) this.hold(event.pointerId, pitch); });
    // The space bar and screen readers click.
    key.addEventListener("click", (event) => {
      if (event.detail) return;
      this.hold("click", pitch);
      setTimeout(() => this.lift("click"), 300);
    });
    return key;
  }

  hold(source, pitch) {
    if (this.held.get(source) === pitch) return;
    this.lift(source);
    this.held.set(source, pitch);
    this.press(pitch, 90);
    this.mark(pitch, true);
  }

  lift(source) {
    const pitch = this.held.get(source);
    if (pitch === undefined) return;
    this.held.delete(source);
    this.release(pitch);
    this.mark(pitch, false);
  }

  mark(pitch, isDown) {
    const key = this.element.querySelector(`[data-pitch="${pitch}"]`);
    if (key) key.classList.toggle("down", isDown);
  }

  // Takes a letter; returns false for one that is no key. Z and X go an octave down and up.
  letterDown(letter) {
    const step = LETTERS.indexOf(letter);
    if (step >= 0) this.hold(letter, this.lowest + step);
    else if (letter === "z" || letter === "x") this.move(letter === "x" ? 1 : -1);
    else return false;
    return true;
  }

  move(octaves) {
    for (const source of [...this.held.keys()]) this.lift(source);
    this.octave = within(this.octave + octaves, LOWEST_OCTAVE, HIGHEST_OCTAVE);
    this.draw();
  }
}
