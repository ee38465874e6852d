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
  [
    "h = x |> dense(3)\n  loss cross_entropy(h, y)\n  regularize l2(1e-4) onq weights",
    "NN0106",
    "`on`",
  ],
  [
    "h = x |> dense 8 |> relu\n  loss cross_entropy(h |> dense(3), y)",
    "NN0104",
    "write `dense(8)`",
  ],
  [`h = dense 8, activation: relu\n  ${head}`, "NN0104", "`dense(8, activation: relu)`"],
  ["loss cross_entropy h, y", "NN0104", "`cross_entropy(h, y)`"],
  [`if training { h = x |> dense 8 }\n  ${head}`, "NN0104", "write `dense(8)`"],
  [`for i in range(2) { h = x |> dense 8 }\n  ${head}`, "NN0104", "write `dense(8)`"],
  ["input z: batch, 4\n  output o = z |> dense(2)", "NN0104", "write `[batch, 4]`"],
  ["target z: category(5), batch\n  loss cross_entropy(x, z)", "NN0104", "`category(5)[batch]`"],
  ["weight W: 8, 3 ~ glorot_uniform()\n  output o = x @ W", "NN0104", "write `[8, 3]`"],
  ["h = x -> dense(3)\n  loss cross_entropy(h, y)", "NN0010", "`x |> f()`"],
  ["if training { h = x -> dense(3) }\n  output o = x", "NN0010", "`x |> f()`"],
  [`x -> dense(3)\n  ${head}`, "NN0010", "`y = x |> f()`"],
  ["h = x |> dense(4 |> dense(3)\n  loss cross_entropy(h, y)", "NN0101", "`)`"],
  ["h = x |> dense(4, activation: relu |> dense(3)\n  output o = h", "NN0101", "`)`"],
  ["h = x |> dropout(10%) |> dense(3)\n  output o = h", "NN0107", "write `0.1`"],
  ["h = 12.5% * x\n  output o = h", "NN0107", "write `0.125`"],
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

const body = `input x: [batch, 8]\n  target y: category(3)[batch]\n  ${head}\n`;

test.each([
  `model M\n  ${body}}\ntrain M {\n  optimizer adam()\n}\n`,
  `model M\n  ${body}\ntrain M {\n  optimizer adam()\n}\n`,
  `model M:\n  ${body}\ntrain M {\n  optimizer adam()\n}\n`,
  `${model(head)}train M\n  optimizer adam()\n`,
  `${model(head)}train M stage late:\n  optimizer adam()\n}\n`,
  `layer f(x: [b, n],\n    units: int): [b, units]\n  return x |> dense(units)\n}\n${model(head)}`,
  `fn f(x)\n  return 2 * x\n${model(head)}`,
  `optimizer mine(lr = 1)\n  w <- w - lr * g\n}\n${model(head)}`,
])("a block without its brace is told once: %j", (text) => {
  const { diagnostics } = check(text);
  expect(diagnostics.map((one) => one.code)).toEqual(["NN0104"]);
  expect(diagnostics[0]?.hint).toMatch(/^a block stands in braces: `.* \{ … \}`$/);
});

test.each([
  `${model(head)}train M {\noptimizer sgd(lr: 0.1)\nbatch 3\n}\n`,
  `${model(head)}train M\nstage early {\n  optimizer sgd(lr: 0.1)\n}\n`,
  `fn f(x):\ni32[n] = x\n${model(head)}`,
  `fn f(x): ([n],\ni32[n]) { return x, x }\n${model(head)}`,
])("a block that has its brace is none, wherever lines end: %j", (text) => {
  expect(check(text).diagnostics.filter((one) => one.code < "NN0200")).toEqual([]);
});

test("behind a mistake too", () => {
  const { diagnostics } = check(
    `${model(`h = x |> dense 8\n  ${head}`)}train M {\noptimizer sgd(lr: 0.1)\nbatch 3\n}\n`,
  );
  expect(diagnostics.map((one) => one.code)).toEqual(["NN0104"]);
});

test("the sign of another language for a result or a pipeline stands for it from then on", () => {
  const { diagnostics } = check(
    `fn f(x: [b, n]) -> [b, n] = x\n${model("h = f(x) -> dense(4)\n  loss cross_entropy(h, y)")}`,
  );
  expect(diagnostics.map((one) => one.code)).toEqual(["NN0010", "NN0010"]);
  expect(diagnostics.map((one) => one.hint)[0]).toBe("a result type follows `:`");
});
