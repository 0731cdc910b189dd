"use strict";
// Songs whose last notes repeat one phrase again and again (`generator.sampling.loop_detection`).
const [LEAST_LOOP_NOTES, LEAST_LOOP_QUARTERS, LONGEST_LOOP] = [24, 16, 128];

// Counts the ids at the end of a song that repeat the phrase before them; 0 if there is no loop.
function looping(ids, tables, repeats) {
  const isBar = new Set(tables.bars);
  // A phrase comes again in another bar.
  const alike = ids.map((id) => (isBar.has(id) ? tables.bars[0] : id));
  for (let phrase = 1; phrase <= Math.min(LONGEST_LOOP, Math.floor(ids.length / repeats)); phrase++) {
    const most = ids.length - phrase;
    let run = 0;
    while (run < most && alike[ids.length - 1 - run] === alike[most - 1 - run]) run++;
    if (run >= (repeats - 1) * phrase && isLongLoop(ids.slice(-run - phrase), tables)) return run;
  }
  return 0;
}

function isLongLoop(ids, tables) {
  const ticks = ids.reduce((sum, id) => sum + tables.ticks[id], 0);
  const isLong = !ticks || ticks >= LEAST_LOOP_QUARTERS * tables.quarter;
  return isLong && ids.filter((id) => tables.notes[id]).length >= LEAST_LOOP_NOTES;
}
