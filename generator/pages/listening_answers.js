"use strict";
// The answers: kept in the browser until the test is finished, then counted and saved as CSV.
const at = (id) => document.getElementById(id);
const data = JSON.parse(at("data").textContent);
const SIDES = ["A", "B"];
const QUESTIONS = [
  { name: "preferred", text: "Which one do you prefer?" },
  { name: "named", text: "Which one did the model compose?" },
];
const PLACE = `nabi listening test ${data.test}`;

// Of the test that was opened last in this browser, if it is this one.
const kept = read() || { listener: drawnName(), finished: false, answers: data.pairs.map(() => ({})) };

// Storage is denied in some browsers to pages that were opened without a server.
function read() {
  try {
    return JSON.parse(localStorage.getItem(PLACE));
  } catch {
    return null;
  }
}

function keep() {
  try {
    localStorage.setItem(PLACE, JSON.stringify(kept));
  } catch {
    at("kept").hidden = false;
  }
}

function startAgain() {
  try {
    localStorage.removeItem(PLACE);
  } finally {
    location.reload();
  }
}

// Tells the files of several listeners apart, and names nobody.
function drawnName() {
  return Math.random().toString(36).slice(2, 8).padEnd(6, "0");
}

const isAnswered = (answer) => QUESTIONS.every(({ name }) => answer[name]);
const answered = () => kept.answers.filter(isAnswered);

// ---- Which excerpt is the model's ----

// As listening_page.py hides it: 32-bit FNV-1a.
function hashed(text) {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ letter.charCodeAt(0), 0x01000193) >>> 0;
  return value;
}

// Of no use before the answers are final.
const sideOfModel = (pair) => SIDES.find((side) => hashed(`${data.test} ${pair + 1} ${side}`) === data.hashes[pair]);

function share(count, total) {
  return `${count} of ${total} ${total === 1 ? "pair" : "pairs"} (${Math.round((100 * count) / total)} %)`;
}

function showResult() {
  const own = rows();
  const fooled = own.filter((row) => row.named !== row.model).length;
  const preferred = own.filter((row) => row.preferred === row.model).length;
  at("fooled").textContent = `You took the real piece for the model's in ${share(fooled, own.length)}. By guessing it would be half of them.`;
  at("preferred").textContent = `You preferred the model's in ${share(preferred, own.length)}.`;
  at("result").hidden = false;
}

// ---- CSV ----

const COLUMNS = ["test", "listener", "pair", "model", "named", "preferred"];

function rows() {
  return kept.answers
    .map((answer, pair) => ({ ...answer, test: data.test, listener: kept.listener, pair: pair + 1, model: sideOfModel(pair) }))
    .filter(isAnswered);
}

function save() {
  const lines = [COLUMNS, ...rows().map((row) => COLUMNS.map((column) => row[column]))];
  const file = new Blob(lines.map((line) => `${line.join(",")}\r\n`), { type: "text/csv" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `answers-${kept.listener}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
