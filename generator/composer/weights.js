"use strict";
// Tensors of the network, from the bytes in the page into a memory of `arithmetic.js`.
const TENSOR_TYPES = { float32: Float32Array, uint8: Uint8Array };
// Bytes of a number of a tensor in the memory.
const BYTES_OF_TYPE = { float32: 4, float16: 4, uint8: 1 };

const sizeOf = ({ shape }) => shape.reduce((product, side) => product * side, 1);

const bytesOfTensors = (entries) =>
  entries.reduce((bytes, entry) => bytes + aligned(sizeOf(entry) * BYTES_OF_TYPE[entry.type]), 0);

const mostRowsOf = (entries) => Math.max(...entries.map(({ shape }) => shape[0]));

// Returns name -> its numbers, rows and width; `begin` is the byte at which they lie in the memory.
function unpackTensors(entries, base64, arithmetic) {
  const bytes = bytesOfBase64(base64);
  const tensors = {};
  for (const entry of entries) {
    const { name, shape, type, begin } = entry;
    const isHalf = type === "float16";
    const kind = isHalf ? Uint16Array : TENSOR_TYPES[type];
    const packed = new kind(bytes.buffer, begin, sizeOf(entry));
    const values = arithmetic.room(isHalf ? Float32Array : kind, packed.length);
    values.set(isHalf ? widened(packed) : packed);
    tensors[name] = { values, begin: values.byteOffset, rows: shape[0], width: shape[1] || 1 };
  }
  return tensors;
}

function bytesOfBase64(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

// IEEE 754's numbers of 16 bits: a sign, 5 bits of an exponent, 10 of a fraction.
function widened(halves) {
  const values = new Float32Array(halves.length);
  halves.forEach((half, index) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    const size = exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24;
    values[index] = half >> 15 ? -size : size;
  });
  return values;
}
