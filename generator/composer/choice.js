"use strict";
// The choice of the next token (`generator.sampling.next_token`).
// Most draws of a token before the likeliest is taken instead.
const DRAWS = 16;

const hasFilters = (settings) => settings.top_k > 0 || settings.top_p < 1 || settings.min_p > 0;
const numbersOfToken = (settings) => (hasFilters(settings) ? DRAWS : 1);

// Ids with a temperature of their own: rhythm, and the plan of phrases (`generator.sampling.temperatures`).
function groupsOf(tables, settings) {
  const isPhrase = (id) => Boolean(tables.phrases[id]);
  const groups = [
    { has: tables.notes.map((notes, id) => notes === 0 && !isPhrase(id)), temperature: settings.rhythm_temperature },
    { has: tables.notes.map((_, id) => isPhrase(id)), temperature: settings.phrase_temperature },
  ];
  return groups.filter(({ has, temperature }) => temperature > 0 && has.includes(true));
}

// Draws one of some ids by random numbers in [0, 1).
function chosen(logits, ids, numbers, settings, groups) {
  const shares = probabilities(logits, ids, settings.temperature, groups);
  if (!hasFilters(settings)) return ids[drawn(shares, numbers[0])];
  let left = shares;
  for (const number of numbers) {
    const at = drawn(left, number);
    if (passes(shares, at, settings)) return ids[at];
    left = left.map((share, other) => (shares[other] > shares[at] ? share : 0));
  }
  return ids[shares.indexOf(Math.max(...shares))];
}

// Whether a token is one of a group is decided at the temperature, and which one at the group's. Returns a share of each id.
function probabilities(logits, ids, temperature, groups) {
  const plain = softmax(logits, ids, temperature);
  const mixed = plain.slice();
  for (const { has, temperature: own } of groups) {
    const members = Array.from(ids.keys()).filter((at) => has[ids[at]]);
    const inner = softmax(logits, members.map((at) => ids[at]), own);
    const share = members.reduce((sum, at) => sum + plain[at], 0);
    members.forEach((at, number) => { mixed[at] = inner[number] * share; });
  }
  return mixed;
}

function softmax(logits, ids, temperature) {
  const divisor = Math.fround(temperature);
  const highest = highestOf(logits, ids);
  const weights = new Float64Array(ids.length);
  let total = 0;
  for (let at = 0; at < ids.length; at++) {
    weights[at] = Math.exp((logits[ids[at]] - highest) / divisor);
    total += weights[at];
  }
  for (let at = 0; at < ids.length; at++) weights[at] /= total;
  return weights;
}

function highestOf(logits, ids) {
  let highest = -Infinity;
  for (const id of ids) highest = Math.max(highest, logits[id]);
  return highest;
}

// The inverse cumulative distribution: the last place of a share above 0 that begins at or below the number's target.
function drawn(shares, number) {
  let total = 0;
  for (const share of shares) total += share;
  let [place, before] = [0, 0];
  for (let at = 0; at < shares.length && before <= number * total; at++) {
    if (shares[at] > 0) place = at;
    before += shares[at];
  }
  return place;
}

function passes(shares, at, settings) {
  const own = shares[at];
  let [count, sum, most] = [0, 0, 0];
  for (const share of shares) {
    if (share > own) [count, sum] = [count + 1, sum + share];
    if (share > most) most = share;
  }
  return (!settings.top_k || count < settings.top_k)
    && (settings.top_p >= 1 || sum < Math.fround(settings.top_p))
    && (!settings.min_p || own >= Math.fround(settings.min_p) * most);
}

// The log probability of an id among some, in nats.
function logLikelihood(logits, ids, id) {
  const highest = highestOf(logits, ids);
  let total = 0;
  for (const other of ids) total += Math.exp(logits[other] - highest);
  return logits[id] - highest - Math.log(total);
}
