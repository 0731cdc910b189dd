"use strict";
// The network, a token at a time (`nabi.networks.network`).

class Network {
  // `tables`: of the model; `residual`: of each LSTM layer, whether its input is added to its output.
  constructor(arithmetic, tensors, tables, residual) {
    [this.arithmetic, this.tensors, this.tables] = [arithmetic, tensors, tables];
    this.embedding = tensors.embedding;
    const { memory } = tables;
    const first = this.embedding.width + (memory ? tensors["features/kernel"].rows : 0);
    this.layers = residual.map((isResidual, number) => {
      const input = number ? tensors[`lstm_${number - 1}/bias`].rows / 4 : first;
      return new LstmLayer(arithmetic, tensors, number, input, isResidual);
    });
    this.input = arithmetic.vector(first);
    this.logitsKernel = tensors["logits/kernel"];
    this.known = arithmetic.vector((this.logitsKernel || tensors["to_embedding/kernel"]).width);
    // Of tied embeddings logits are products with the tokens' vectors.
    this.vector = arithmetic.vector(this.embedding.width);
    this.logits = new Float64Array(tables.tokens.length);
    if (memory) this.prepareMemory(memory);
    this.begin();
  }

  prepareMemory(memory) {
    const { arithmetic, tensors } = this;
    const [features, gate] = [tensors["features/kernel"], tensors["copy_gate/kernel"]];
    [this.featuresInput, this.features] = [arithmetic.vector(features.width), arithmetic.vector(features.rows)];
    [this.gate, this.copies] = [arithmetic.vector(gate.rows), arithmetic.vector(gate.rows)];
    this.scores = new IntervalScores(arithmetic, tensors, memory.scored);
  }

  begin() {
    for (const layer of this.layers) layer.begin();
    const { memory, quarter } = this.tables;
    this.memory = memory && new SongMemory(memory, quarter);
  }

  // Reads a token; `logitsOf` then gives the logits of the next one.
  read(token, isPastTold = true) {
    copyRow(this.embedding, token, this.input, 0);
    if (this.memory) this.takeIn(token, this.memory.read(token, isPastTold));
    let values = this.input;
    for (const layer of this.layers) values = layer.read(values);
    this.known.set(values);
    if (this.memory) this.offer(values.length);
  }

  // Joins what is told to the token's vector.
  takeIn(token, told) {
    const { memory } = this.tables;
    this.told = told;
    let at = 0;
    for (const [tensor, name] of memory.sources) {
      at += copyRow(this.tensors[tensor], name === "token" ? token : told[name], this.featuresInput, at);
    }
    this.multiply("features", this.featuresInput, this.features);
    this.features.forEach((value, unit) => { this.features[unit] = Math.max(value, 0); });
    this.input.set(this.features, this.embedding.width);
    at = 0;
    for (const name of memory.candidates) at += copyRow(this.tensors.recalled, told[name], this.copies, at);
  }

  // Joins the tokens that may be copied, through their gate, and the features to the outputs of the last layer.
  offer(units) {
    this.multiply("copy_gate", this.known, this.gate);
    this.gate.forEach((value, unit) => { this.known[units + unit] = sigmoid(value) * this.copies[unit]; });
    this.known.set(this.features, units + this.gate.length);
  }

  // Computes the logits of some ids; those of others in the array, which stays the network's own, mean nothing.
  logitsOf(ids) {
    const { logits, known, arithmetic } = this;
    if (!this.logitsKernel) this.multiply("to_embedding", known, this.vector);
    const [kernel, values] = this.logitsKernel ? [this.logitsKernel, known] : [this.embedding, this.vector];
    arithmetic.multiplyRows(kernel, this.logitsKernel && this.tensors["logits/bias"], ids, values, logits);
    if (this.memory) this.scores.add(logits, ids, known, this.told);
    return logits;
  }

  multiply(layer, vector, result) {
    this.arithmetic.multiply(this.tensors[`${layer}/kernel`], this.tensors[`${layer}/bias`], vector, result);
  }
}

// Copies a row of a table to a place of a vector; returns its width.
function copyRow({ values, width }, row, vector, at) {
  for (let column = 0; column < width; column++) vector[at + column] = values[row * width + column];
  return width;
}
