"use strict";
// Times on the model's grid: multiples of 1/d of a quarter note, for one of the divisors d (`nabi.music.quantisation`).
// Errors that agree in so many decimal places are equal.
const ERROR_DIGITS = 1e7;

// The nearest tick of the grid; at a tie the multiple of the smaller unit.
function nearestTick(quarters, { divisors, quarter }) {
  const matches = [...divisors].sort((one, other) => other - one).map((divisor) => {
    const multiple = Math.ceil(quarters * divisor - 0.5);
    return { tick: (multiple * quarter) / divisor, error: Math.round(Math.abs(quarters - multiple / divisor) * ERROR_DIGITS) };
  });
  return matches.reduce((best, match) => (match.error < best.error ? match : best)).tick;
}

// Notes { start, end, pitch } in quarter notes -> { start, duration, pitch } in ticks, in canonical form.
function quantised(notes, grid) {
  const shortest = grid.quarter / Math.max(...grid.divisors);
  return canonical(notes.map(({ start, end, pitch }) => {
    const tick = Math.max(nearestTick(start, grid), 0);
    return { start: tick, duration: Math.max(nearestTick(end, grid) - tick, shortest), pitch };
  }));
}
