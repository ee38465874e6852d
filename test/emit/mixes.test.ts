// Models whose outputs keep examples apart or not in; what their plans say of it, out.

import { expect, test } from "vitest";
import { compileOne } from "../support/compiled.js";

/** The outputs whose examples depend on one another, or on their places among them. */
function mixing(body: string): string[] {
  const { plan } = compileOne(`model M {\n  input x: [batch, 4]\n${body}\n}\n`);
  return plan.outputs.flatMap(({ name, mixes }) => (mixes === true ? [name] : []));
}

test("layers, attention and recurrences over an example keep examples apart", () => {
  const body = `
  s: [batch, 2, 2] = reshape(x, [batch, 2, 2])
  output a = x |> batch_norm() |> dense(3) |> dropout(0.5) |> softmax()
  output b = s |> gru(3)
  output c = attention(s, s, s)
  output d = sort(x)
  output e = grad(sum(x ^ 3), x)
  output f = x[:, argmax(x[0] * 0)]`;
  expect(mixing(body)).toEqual(["f"]);
});

test.each([
  ["a mean over the batch", "output y = x - mean(x, axis: 0)"],
  ["a number about the batch alone", "output y = x / sum(x)"],
  ["a rank", "output y = argsort(x, axis: 0)"],
  ["a neighbour", "output y = flip(x, axis: 0)"],
  ["products of examples", "output y = x @ transpose(x)"],
  ["a position", "output y = x + range(batch)[:, new]"],
  ["a number of the batch within a turn", "output y = scan s in x along 1 { yield s - mean(s) }"],
  ["dropout that stays", "output y = x |> dropout(0.5, training: true)"],
  ["a draw in a turn", "output y = scan s in x along 1 { n: [batch] ~ normal(0, 1)  yield s + n }"],
  ["a drawn input", "input z: [batch, 4] ~ normal(0, 1)  output y = x + z"],
  [
    "examples one after the other",
    "output y = scan s in x along 0 { carry h: [4] = 0  h <- h + s  yield h }",
  ],
])("%s is said to mix them", (_, body) => {
  expect(mixing(body)).toEqual(["y"]);
});

test("an output that mixes says nothing of the others", () => {
  expect(mixing("  m = mean(x, axis: 0)\n  output y = x - m\n  output z = x * 2")).toEqual(["y"]);
});
