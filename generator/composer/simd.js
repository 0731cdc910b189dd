"use strict";
// The sum of products of a row of weights and a vector in WebAssembly, eight at a time, put together by hand.
// https://webassembly.github.io/spec/core/binary/instructions.html has the codes of the instructions.
const [ROW, VECTOR, WIDTH, END, SUMS, SUM] = [0, 1, 2, 3, 4, 8];
const LANES = [0, 1, 2, 3];
const [I32, F64, V128] = [0x7f, 0x7c, 0x7b];

const unsigned = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)]);
const sized = (bytes) => [...unsigned(bytes.length), ...bytes];
const section = (id, bytes) => [id, ...sized(bytes)];
const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const signed = (value) => (value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]);
const whole = (value) => [0x41, ...signed(value)];
const add = 0x6a;
const simd = (code) => [0xfd, ...unsigned(code)];
const loadTwoFloats = (offset) => [...simd(93), 2, offset];
const loadTwoDoubles = (offset) => [...simd(0), 3, offset];
const promote = simd(95);
const [addDoubles, multiplyDoubles] = [simd(240), simd(242)];
const lane = (number) => [...simd(33), number];
const step = (local, bytes) => [...get(local), ...whole(bytes), add, ...set(local)];

// Goes on while the vector's place is before its end: block, loop, br_if out of the block ... br to the loop.
const whileBeforeEnd = (body) =>
  [0x02, 0x40, 0x03, 0x40, ...get(VECTOR), ...get(END), 0x4f, 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];

// END = VECTOR + (WIDTH & mask) * 8.
const setEnd = (mask) => [...get(WIDTH), ...whole(mask), 0x71, ...whole(3), 0x74, ...get(VECTOR), add, ...set(END)];

const eightProducts = LANES.flatMap((number) => [
  ...get(ROW), ...loadTwoFloats(8 * number), ...promote, ...get(VECTOR), ...loadTwoDoubles(16 * number), ...multiplyDoubles,
  ...get(SUMS + number), ...addDoubles, ...set(SUMS + number),
]);

// f32.load, f64.promote_f32, f64.load, f64.mul, f64.add.
const oneProduct = [...get(SUM), ...get(ROW), 0x2a, 2, 0, 0xbb, ...get(VECTOR), 0x2b, 3, 0, 0xa2, 0xa0, ...set(SUM)];

const total = [
  ...LANES.slice(1).flatMap((number) => [...get(SUMS), ...get(SUMS + number), ...addDoubles, ...set(SUMS)]),
  ...get(SUMS), ...lane(0), ...get(SUMS), ...lane(1), 0xa0, ...set(SUM),
];

const body = [
  ...setEnd(-8), ...whileBeforeEnd([...eightProducts, ...step(ROW, 32), ...step(VECTOR, 64)]),
  ...total, ...setEnd(7), ...whileBeforeEnd([...oneProduct, ...step(ROW, 4), ...step(VECTOR, 8)]), ...get(SUM), 0x0b,
];

const text = (word) => sized([...word].map((letter) => letter.charCodeAt(0)));
const locals = [3, 1, I32, LANES.length, V128, 1, F64];

// Exports dot(byte of the row, byte of the vector, width); imports the memory `page.memory`.
const DOT_MODULE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  ...section(1, [1, 0x60, 3, I32, I32, I32, 1, F64]),
  ...section(2, [1, ...text("page"), ...text("memory"), 2, 0, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...text("dot"), 0, 0]),
  ...section(10, [1, ...sized([...locals, ...body])]),
]);
