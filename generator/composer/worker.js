"use strict";
// The page's worker: loads the model, and samples the songs that it is asked for, the latest request alone.
// Milliseconds after which progress is told, and other messages are read.
const PAUSE_MS = 50;
// Room for the vectors of a network, beside its weights.
const VECTOR_BYTES = 2 ** 20;

let sampler = null;
let request = 0;

function load({ data, weights }) {
  const { tensors, tables, residual } = JSON.parse(data);
  const arithmetic = new Arithmetic(bytesOfTensors(tensors) + VECTOR_BYTES, mostRowsOf(tensors));
  const network = new Network(arithmetic, unpackTensors(tensors, weights, arithmetic), tables, residual);
  sampler = new Sampler(network, tables);
  postMessage({ type: "ready" });
}

const pause = () => new Promise((resolve) => setTimeout(resolve));

async function sample({ id, number, settings }) {
  request = id;
  const begun = performance.now();
  let paused = begun;
  const song = sampler.sample(number, settings);
  for (let step = song.next(); request === id; step = song.next()) {
    if (step.done) {
      postMessage({ type: "song", id, song: step.value, seconds: (performance.now() - begun) / 1000 });
      return;
    }
    if (performance.now() - paused < PAUSE_MS) continue;
    const { candidate, ids } = step.value;
    postMessage({ type: "progress", id, candidate, notes: notesOf(ids, sampler.tables) });
    await pause();
    paused = performance.now();
  }
}

const ANSWERS = { load, sample, stop: () => { request = 0; } };

onmessage = async ({ data: message }) => {
  try {
    await ANSWERS[message.type](message);
  } catch (error) {
    postMessage({ type: "error", id: message.id, message: error.message });
  }
};
