"use strict";
// The piano roll: what is given, what is sampled, and what has been played of it.
const MOST_CANVAS_PIXELS = 16000;
const [LEAST_QUARTER_PIXELS, PITCH_MARGIN, LEAST_PITCHES] = [12, 2, 24];
const BLACK_KEYS = [1, 3, 6, 8, 10];

class Roll {
  // `canvas` lies in an element that scrolls sideways.
  constructor(canvas) {
    [this.canvas, this.scroller] = [canvas, canvas.parentElement];
    [this.notes, this.given, this.quarter, this.meter, this.played] = [[], 0, 12, "4/4", 0];
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  // `given`: how many of the notes, the first ones, were not sampled.
  show(notes, given, quarter, meter) {
    Object.assign(this, { notes, given, quarter, meter });
    this.draw();
  }

  // Notes up to this tick have been played.
  play(tick) {
    this.played = tick;
    this.draw();
    const x = tick * this.scale;
    const { clientWidth, scrollWidth } = this.scroller;
    if (scrollWidth > clientWidth) this.scroller.scrollLeft = x - 0.4 * clientWidth;
  }

  tickAt(clientX) {
    return within((clientX - this.canvas.getBoundingClientRect().left) / this.scale, 0, this.ticks);
  }

  measure() {
    const bar = barQuarters(this.meter) * this.quarter;
    this.ticks = Math.max(Math.ceil(endOf(this.notes) / bar), 1) * bar;
    const width = Math.max(this.scroller.clientWidth, (this.ticks / this.quarter) * LEAST_QUARTER_PIXELS);
    this.width = Math.min(width, MOST_CANVAS_PIXELS / devicePixelRatio);
    this.height = this.scroller.clientHeight;
    this.scale = this.width / this.ticks;
    const pitches = this.notes.length ? this.notes.map(({ pitch }) => pitch) : [60, 72];
    const [low, high] = [Math.min(...pitches) - PITCH_MARGIN, Math.max(...pitches) + PITCH_MARGIN];
    const more = Math.max(LEAST_PITCHES - (high - low + 1), 0) / 2;
    [this.low, this.high] = [Math.floor(low - more), Math.ceil(high + more)];
    this.row = this.height / (this.high - this.low + 1);
    return bar;
  }

  draw() {
    const bar = this.measure();
    const { canvas, width, height } = this;
    [canvas.width, canvas.height] = [Math.round(width * devicePixelRatio), Math.round(height * devicePixelRatio)];
    [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    const brush = canvas.getContext("2d");
    brush.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name);
    this.drawKeys(brush, colour("--key"));
    this.drawBars(brush, bar, colour("--line"));
    this.notes.forEach((note, at) => {
      brush.globalAlpha = note.start < this.played ? 1 : 0.42;
      brush.fillStyle = colour(at < this.given ? "--given" : "--accent");
      this.drawNote(brush, note);
    });
    brush.globalAlpha = 1;
    if (!this.played) return;
    brush.fillStyle = colour("--playhead");
    brush.fillRect(this.played * this.scale - 1, 0, 2, height);
  }

  y(pitch) {
    return (this.high - pitch) * this.row;
  }

  drawKeys(brush, colour) {
    brush.fillStyle = colour;
    for (let pitch = this.low; pitch <= this.high; pitch++) {
      if (BLACK_KEYS.includes(modulo(pitch, 12))) brush.fillRect(0, this.y(pitch), this.width, this.row);
    }
  }

  drawBars(brush, bar, colour) {
    brush.fillStyle = colour;
    for (let tick = 0; tick <= this.ticks; tick += bar) brush.fillRect(Math.round(tick * this.scale), 0, 1, this.height);
  }

  drawNote(brush, { start, duration, pitch }) {
    const width = Math.max(duration * this.scale - 1.5, 2);
    const height = Math.max(this.row - 1, 2);
    brush.beginPath();
    brush.roundRect(start * this.scale + 1, this.y(pitch) + (this.row - height) / 2, width, height, Math.min(3, height / 2));
    brush.fill();
  }
}
