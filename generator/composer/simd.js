"use strict";
// Sums of products of rows of weights and a vector in WebAssembly, eight at a time, put together by hand.
// https://webassembly.github.io/spec/core/binary/instructions.html has the codes of the instructions.
const [KERNEL, INDEX, COUNT, INPUT, WIDTH, RESULT, ROW, VECTOR, END, LAST, SUMS, SUM] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14];
const LANES = [0, 1, 2, 3];
const [I32, F64, V128] = [0x7f, 0x7c, 0x7b];

const unsigned = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >> 7)]);
const signed = (value) => (value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]);
const sized = (bytes) => [...unsigned(bytes.length), ...bytes];
const section = (id, bytes) => [id, ...sized(bytes)];
const get = (local) => [0x20, local];
const set = (local) => [0x21, local];
const whole = (value) => [0x41, ...signed(value)];
const [add, times, shift, mask] = [0x6a, 0x6c, 0x74, 0x71];
const simd = (code) => [0xfd, ...unsigned(code)];
const [promote, addDoubles, multiplyDoubles] = [simd(95), simd(240), simd(242)];
const lane = (number) => [...simd(33), number];
const step = (local, bytes) => [...get(local), ...whole(bytes), add, ...set(local)];

// Goes on while a place is before an end: block, loop, br_if out of the block ... br to the loop.
const whileBefore = (place, end, body) =>
  [0x02, 0x40, 0x03, 0x40, ...get(place), ...get(end), 0x4f, 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];

// END = VECTOR + (WIDTH & numbers) * 8.
const setEnd = (numbers) => [...get(WIDTH), ...whole(numbers), mask, ...whole(3), shift, ...get(VECTOR), add, ...set(END)];

// v128.load64_zero of two weights, v128.load of two numbers of the vector.
const eightProducts = LANES.flatMap((number) => [
  ...get(ROW), ...simd(93), 2, 8 * number, ...promote, ...get(VECTOR), ...simd(0), 3, 16 * number, ...multiplyDoubles,
  ...get(SUMS + number), ...addDoubles, ...set(SUMS + number),
]);

// f32.load, f64.promote_f32, f64.load, f64.mul, f64.add.
const oneProduct = [...get(SUM), ...get(ROW), 0x2a, 2, 0, 0xbb, ...get(VECTOR), 0x2b, 3, 0, 0xa2, 0xa0, ...set(SUM)];

const total = [
  ...LANES.slice(1).flatMap((number) => [...get(SUMS), ...get(SUMS + number), ...addDoubles, ...set(SUMS)]),
  ...get(SUMS), ...lane(0), ...get(SUMS), ...lane(1), 0xa0, ...set(SUM),
];

// ROW = KERNEL + index * WIDTH * 4, VECTOR = INPUT, and sums of zero.
const beginRow = [
  ...get(KERNEL), ...get(INDEX), 0x28, 2, 0, ...get(WIDTH), times, ...whole(2), shift, add, ...set(ROW),
  ...get(INPUT), ...set(VECTOR), ...LANES.flatMap((number) => [...simd(12), ...Array(16).fill(0), ...set(SUMS + number)]),
];

const oneRow = [
  ...beginRow, ...setEnd(-8), ...whileBefore(VECTOR, END, [...eightProducts, ...step(ROW, 32), ...step(VECTOR, 64)]),
  ...total, ...setEnd(7), ...whileBefore(VECTOR, END, [...oneProduct, ...step(ROW, 4), ...step(VECTOR, 8)]),
  // f64.store.
  ...get(RESULT), ...get(SUM), 0x39, 3, 0, ...step(INDEX, 4), ...step(RESULT, 8),
];

const body = [
  ...get(INDEX), ...get(COUNT), ...whole(2), shift, add, ...set(LAST), ...whileBefore(INDEX, LAST, oneRow), 0x0b,
];

const text = (word) => sized([...word].map((letter) => letter.charCodeAt(0)));
const locals = [3, 4, I32, LANES.length, V128, 1, F64];

// Exports rows(kernel, indices, count, vector, width, result), all but `count` and `width` bytes of the memory
// `page.memory`: the products of the kernel's rows of these indices (int32) with the vector go to the result (float64).
const ROWS_MODULE = new Uint8Array([
  0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
  ...section(1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]),
  ...section(2, [1, ...text("page"), ...text("memory"), 2, 0, 1]),
  ...section(3, [1, 0]),
  ...section(7, [1, ...text("rows"), 0, 0]),
  ...section(10, [1, ...sized([...locals, ...body])]),
]);
