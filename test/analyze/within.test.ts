// Models with binary losses and metrics in; what files of data may hold for each input and target out.
import { expect, it } from "vitest";
import { compileOne } from "../support/compiled.js";

const boundsOf = (lines: string): unknown => {
  const { plan } = compileOne(`model M {
  input x: [batch, 2]
  target y: [batch]
  target n: u32[batch]
  z = dense(x, 1)[:, 0]
  output z
  ${lines}
}
train M { optimizer sgd(0.1) batch 2 epochs 1 }`);
  return Object.fromEntries(plan.inputs.map(({ name, bounds }) => [name, bounds]));
};

it.each([
  ["loss binary_cross_entropy(z, y)", { y: [0, 1] }],
  ["loss binary_cross_entropy(sigmoid(z), y, from_logits: false)", { y: [0, 1] }],
  ["loss binary_focal(z[:, new], y[:, new])", { y: [0, 1] }],
  ["loss contrastive(x, z[:, new] * x, f32(n))", { n: [0, 1] }],
  ["loss mse(z, y)\n metric binary_accuracy(z, y)", { y: [0, 1] }],
  ["loss mse(z, y)\n metric binary_f1(z, y)\n metric binary_auc(z, y)", { y: [0, 1] }],
  // What is computed of a target may hold others than it.
  ["loss binary_cross_entropy(z, y - 1)", {}],
  ["loss within(z, 0, 1) + within(within(y, -1, 3), -5, 2)", { y: [-1, 2] }],
  ["loss mse(z, y) + mse(z, f32(n))", {}],
])("%s", (lines, bounds) => {
  expect(boundsOf(lines)).toEqual({ x: undefined, y: undefined, n: undefined, ...bounds });
});
