"use strict";
// Random numbers that depend on (seed, song, position) alone: Philox 4x64-10 (Salmon et al. 2011), as NumPy counts it.
const WORD = (1n << 64n) - 1n;
const PHILOX_ROUNDS = 10;
const [PHILOX_FACTOR_0, PHILOX_FACTOR_1] = [0xd2e7470ee14c6c93n, 0xca5a826395121157n];
const [PHILOX_STEP_0, PHILOX_STEP_1] = [0x9e3779b97f4a7c15n, 0xbb67ae8584caa73bn];
const NUMBERS_A_COUNT = 4;

// Returns the four words of 64 bits of a counter of 256 bits.
function philox(counter, seed, song) {
  let words = [0n, 64n, 128n, 192n].map((shift) => (counter >> shift) & WORD);
  let [key0, key1] = [seed & WORD, song & WORD];
  for (let round = 0; round < PHILOX_ROUNDS; round++) {
    const [product0, product1] = [PHILOX_FACTOR_0 * words[0], PHILOX_FACTOR_1 * words[2]];
    words = [(product1 >> 64n) ^ words[1] ^ key0, product1 & WORD, (product0 >> 64n) ^ words[3] ^ key1, product0 & WORD];
    key0 = (key0 + PHILOX_STEP_0) & WORD;
    key1 = (key1 + PHILOX_STEP_1) & WORD;
  }
  return words;
}

// Numbers of a position, multiples of 2**-24 in [0, 1); the three arguments before the last are BigInts.
function uniforms(seed, song, position, each) {
  const counts = BigInt(Math.ceil(each / NUMBERS_A_COUNT));
  const numbers = [];
  // NumPy adds 1 to its counter before it computes.
  for (let count = 1n; count <= counts; count++) numbers.push(...philox(position * counts + count, seed, song));
  return numbers.slice(0, each).map((word) => Number(word >> 40n) / 2 ** 24);
}
