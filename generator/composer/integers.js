"use strict";
// Arithmetic of whole numbers that the language lacks.
const within = (value, low, high) => Math.min(Math.max(value, low), high);
const modulo = (value, divisor) => ((value % divisor) + divisor) % divisor;
