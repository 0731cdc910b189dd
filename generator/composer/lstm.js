"use strict";
// A layer of an LSTM, a step at a time, with the layers after it: normalisation and the sum with its input.
const NORM_EPSILON = 1e-3;

class LstmLayer {
  constructor(arithmetic, tensors, number, input, isResidual) {
    this.arithmetic = arithmetic;
    [this.kernel, this.bias] = [tensors[`lstm_${number}/kernel`], tensors[`lstm_${number}/bias`]];
    [this.gamma, this.beta] = [tensors[`norm_${number}/gamma`], tensors[`norm_${number}/beta`]];
    this.units = this.kernel.rows / 4;
    [this.input, this.isResidual] = [input, isResidual];
    // The input and h stand side by side, as in the kernel.
    this.joined = arithmetic.vector(input + this.units);
    this.gates = arithmetic.vector(4 * this.units);
    [this.c, this.output] = [arithmetic.vector(this.units), arithmetic.vector(this.units)];
    this.begin();
  }

  begin() {
    this.joined.fill(0, this.input);
    this.c.fill(0);
  }

  // Reads a step's input; returns the output, which stays the layer's own.
  read(values) {
    const { units, joined, gates, c, output } = this;
    joined.set(values);
    this.arithmetic.multiply(this.kernel, this.bias, joined, gates);
    for (let unit = 0; unit < units; unit++) {
      const added = sigmoid(gates[unit]) * Math.tanh(gates[2 * units + unit]);
      c[unit] = sigmoid(gates[units + unit]) * c[unit] + added;
      output[unit] = sigmoid(gates[3 * units + unit]) * Math.tanh(c[unit]);
    }
    joined.set(output, this.input);
    if (this.gamma) this.normalise(output);
    if (this.isResidual) for (let unit = 0; unit < units; unit++) output[unit] += values[unit];
    return output;
  }

  normalise(output) {
    let [mean, variance] = [0, 0];
    for (const value of output) mean += value / this.units;
    for (const value of output) variance += (value - mean) ** 2 / this.units;
    const scale = 1 / Math.sqrt(variance + NORM_EPSILON);
    output.forEach((value, unit) => {
      output[unit] = (value - mean) * scale * this.gamma.values[unit] + this.beta.values[unit];
    });
  }
}
