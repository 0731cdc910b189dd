"use strict";
// A memory for weights and vectors, and products of them. Weights have 32 bits; sums have 64, and so are nearer to the
// exact ones than sums of 32 bits in whatever order.
const MEMORY_PAGE = 65536;
const ALIGNMENT = 8;

const aligned = (bytes) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

class Arithmetic {
  // `bytes`: room for all weights and vectors.
  constructor(bytes) {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / MEMORY_PAGE) });
    [this.buffer, this.used] = [memory.buffer, 0];
    this.dot = WebAssembly.validate(DOT_MODULE)
      ? new WebAssembly.Instance(new WebAssembly.Module(DOT_MODULE), { page: { memory } }).exports.dot
      : plainDot(memory.buffer);
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
    for (let row = 0; row < rows; row++) {
      result[row] = this.dot(begin + 4 * row * width, vector.byteOffset, width) + bias.values[row];
    }
  }

  // The product of one row of a kernel, without a bias.
  ofRow({ begin, width }, row, vector) {
    return this.dot(begin + 4 * row * width, vector.byteOffset, width);
  }
}

// For browsers whose WebAssembly has no vectors.
function plainDot(buffer) {
  const [weights, vectors] = [new Float32Array(buffer), new Float64Array(buffer)];
  return (row, vector, width) => {
    const [first, from] = [row / 4, vector / 8];
    let sum = 0;
    for (let at = 0; at < width; at++) sum += weights[first + at] * vectors[from + at];
    return sum;
  };
}

const sigmoid = (value) => 1 / (1 + Math.exp(-value));
