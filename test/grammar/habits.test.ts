// Statements as other languages write them, or named by words of this one, in; exactly one diagnostic, with what to write, out.
import { expect, test } from "vitest";
import { check } from "../analyze/support.js";

const model = (body: string): string =>
  `model M {\n  input x: [batch, 8]\n  target y: category(3)[batch]\n  ${body}\n}\n`;

const head = "loss cross_entropy(x |> dense(3), y)";

const habits: readonly (readonly [string, string, string])[] = [
  ["output softmax(x |> dense(3))", "NN0106", "`output name = softmax(x |> dense(3))`"],
  ["output x * 2", "NN0106", "`output name = x * 2`"],
  [
    "h = x |> dense(3, activation: z => z * 2)\n  loss cross_entropy(h, y)",
    "NN0010",
    "fn f(z) = z * 2",
  ],
  ["h = x |> dense(3, activation: (z) => z)\n  loss cross_entropy(h, y)", "NN0010", "fn f(z) = z"],
  ["h = x |> dense(3, activation: lambda z: z)\n  output o = h", "NN0010", "fn f(z) = z"],
  ["in = 3", "NN0109", "`in_`"],
  ["or = x |> dense(3)", "NN0109", "`or_`"],
  ["input then: [batch, 5]", "NN0109", "`then_`"],
  ["return = 3", "NN0109", "`return_`"],
  ["h = x |> dense(3)\n  h += 1\n  loss cross_entropy(h, y)", "NN0010", "`h = h + …`"],
  ["input z\n  output o = x", "NN0104", "`input x: [batch, 8]`"],
  ["loss: cross_entropy(x |> dense(3), y)", "NN0106", "`loss cross_entropy(…)`"],
  [
    "h = x\n  if training { h = x } elif training { h = 2 * x }\n  output o = h",
    "NN0106",
    "else if",
  ],
  ["h = x\n  for r in 0..5 { h = h + r }\n  output o = h", "NN0108", "for i in range(5)"],
  ["input z: (batch, 8)\n  output o = z", "NN0104", "`[batch, 8]`"],
];

test.each(habits)("%s", (body, code, hint) => {
  const { diagnostics } = check(model(body));
  expect(diagnostics.map((one) => one.code)).toEqual([code]);
  expect(diagnostics[0]?.hint).toContain(hint);
});

test("every line of a training block that has a sign too many is told", () => {
  const { diagnostics } = check(
    `${model(head)}train M { optimizer: adam(lr: 1) epochs: 2, batch: 3 }\n`,
  );
  expect(diagnostics.map((one) => one.span.start)).toHaveLength(4);
});
