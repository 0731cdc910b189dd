"use strict";
// A memory for weights and vectors, and products of them. Weights have 32 bits; sums have 64, and so are nearer to the
// exact ones than sums of 32 bits in whatever order.
const MEMORY_PAGE = 65536;
const ALIGNMENT = 8;

const aligned = (bytes) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

class Arithmetic {
  // `bytes`: room for all weights and vectors; `mostRows`: of a kernel.
  constructor(bytes, mostRows) {
    const memory = new WebAssembly.Memory({ initial: Math.ceil((bytes + 16 * mostRows) / MEMORY_PAGE) });
    [this.buffer, this.used] = [memory.buffer, 0];
    this.rows = WebAssembly.validate(ROWS_MODULE)
      ? new WebAssembly.Instance(new WebAssembly.Module(ROWS_MODULE), { page: { memory } }).exports.rows
      : plainRows(memory.buffer);
    [this.every, this.some] = [this.room(Int32Array, mostRows), this.room(Int32Array, mostRows)];
    this.products = this.vector(mostRows);
    this.every.forEach((_, row) => { this.every[row] = row; });
  }

  room(kind, length) {
    const values = new kind(this.buffer, this.used, length);
    this.used += aligned(values.byteLength);
    return values;
  }

  vector(length) {
    return this.room(Float64Array, length);
  }

  // Writes kernel x vector + bias; both vectors lie in the memory.
  multiply(kernel, bias, vector, result) {
    const { begin, rows, width } = kernel;
    this.rows(begin, this.every.byteOffset, rows, vector.byteOffset, width, result.byteOffset);
    for (let row = 0; row < rows; row++) result[row] += bias.values[row];
  }

  // Writes the products of some rows, with their biases, to their places of a result outside of the memory.
  multiplyRows(kernel, bias, rows, vector, result) {
    this.some.set(rows);
    this.rows(kernel.begin, this.some.byteOffset, rows.length, vector.byteOffset, kernel.width, this.products.byteOffset);
    rows.forEach((row, at) => { result[row] = this.products[at] + (bias ? bias.values[row] : 0); });
  }
}

// For browsers whose WebAssembly has no vectors.
function plainRows(buffer) {
  const [weights, vectors, indices] = [new Float32Array(buffer), new Float64Array(buffer), new Int32Array(buffer)];
  return (kernel, places, count, vector, width, result) => {
    for (let at = 0; at < count; at++) {
      const first = kernel / 4 + indices[places / 4 + at] * width;
      let sum = 0;
      for (let column = 0; column < width; column++) sum += weights[first + column] * vectors[vector / 8 + column];
      vectors[result / 8 + at] = sum;
    }
  };
}

const sigmoid = (value) => 1 / (1 + Math.exp(-value));
