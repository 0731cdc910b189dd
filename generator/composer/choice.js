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

// Draws an id of those that are marked, by random numbers in [0, 1).
function chosen(logits, isLegal, numbers, settings, groups) {
  const shares = probabilities(logits, isLegal, settings.temperature, groups);
  if (!hasFilters(settings)) return drawn(shares, numbers[0]);
  let left = shares;
  for (const number of numbers) {
    const id = drawn(left, number);
    if (passes(shares, id, settings)) return id;
    left = left.map((share, other) => (shares[other] > shares[id] ? share : 0));
  }
  return shares.indexOf(Math.max(...shares));
}

// Whether a token is one of a group is decided at the temperature, and which one at the group's.
function probabilities(logits, isLegal, temperature, groups) {
  const plain = softmax(logits, temperature, (id) => isLegal[id]);
  const mixed = plain.slice();
  for (const { has, temperature: own } of groups) {
    const within = softmax(logits, own, (id) => isLegal[id] && has[id]);
    const share = plain.reduce((sum, value, id) => (has[id] ? sum + value : sum), 0);
    has.forEach((isOne, id) => { if (isOne) mixed[id] = within[id] * share; });
  }
  return mixed;
}

function softmax(logits, temperature, isOne) {
  const divisor = Math.fround(temperature);
  let highest = -Infinity;
  logits.forEach((logit, id) => { if (isOne(id) && logit > highest) highest = logit; });
  const weights = Float64Array.from(logits, (logit, id) => (isOne(id) ? Math.exp((logit - highest) / divisor) : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return total ? weights.map((weight) => weight / total) : weights;
}

// The inverse cumulative distribution: the last id of a share above 0 that begins at or below the number's target.
function drawn(shares, number) {
  const target = number * shares.reduce((sum, share) => sum + share, 0);
  let [id, before] = [0, 0];
  for (let other = 0; other < shares.length && before <= target; other++) {
    if (shares[other] > 0) id = other;
    before += shares[other];
  }
  return id;
}

function passes(shares, id, settings) {
  const own = shares[id];
  let [count, sum, most] = [0, 0, 0];
  for (const share of shares) {
    if (share > own) [count, sum] = [count + 1, sum + share];
    if (share > most) most = share;
  }
  return (!settings.top_k || count < settings.top_k)
    && (settings.top_p >= 1 || sum < Math.fround(settings.top_p))
    && (!settings.min_p || own >= Math.fround(settings.min_p) * most);
}

// The log probability of an id among those that are marked, in nats.
function logLikelihood(logits, isLegal, id) {
  let highest = -Infinity;
  logits.forEach((logit, other) => { if (isLegal[other] && logit > highest) highest = logit; });
  let total = 0;
  logits.forEach((logit, other) => { if (isLegal[other]) total += Math.exp(logit - highest); });
  return logits[id] - highest - Math.log(total);
}
