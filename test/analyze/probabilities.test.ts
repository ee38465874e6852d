// Expressions of a tensor z in; that `is_probability` says which of them lie from 0 to 1 whatever z is, out.
import { expect, test } from "vitest";
import { check } from "../../compiler/compile.js";

const always = [
  "softmax(z)",
  "softmax(z, axis: 0)",
  "sigmoid(z)",
  "hard_sigmoid(z)",
  "1 / (1 + exp(z))",
  "reshape(softmax(z), [batch, 3, 1])[:, :, 0]",
  "concat([sigmoid(z), softmax(z)], axis: -1)",
  "softmax(z) * sigmoid(z)",
  "f32(z > 0)",
  "exp(-abs(z))",
];

const not = [
  "z",
  "relu(z)",
  "tanh(z)",
  "exp(z)",
  "2 * sigmoid(z)",
  "softmax(z) - 0.5",
  "log_softmax(z)",
  "softplus(z)",
  "softmax(z) / 0.5",
  "z / sum(z, axis: -1, keep: true)",
  "zeros([3])",
  "0.5",
];

const holds = (expression: string): boolean => {
  const text = `model M {
  input z: [batch, 3]
  check is_probability(${expression}), "a probability"
  output y = z
}`;
  const { diagnostics } = check(text, { file: "a.nn" });
  expect(diagnostics.filter(({ code }) => code !== "NN0316")).toEqual([]);
  return diagnostics.length === 0;
};

test.each(always)("%s lies from 0 to 1", (expression) => {
  expect(holds(expression)).toBe(true);
});

test.each(not)("of %s that is not known", (expression) => {
  expect(holds(expression)).toBe(false);
});
