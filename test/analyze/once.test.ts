// Programs with one mistake of syntax in; that it is all they are told of, out.
import { describe, expect, it } from "vitest";
import { check } from "../../compiler/index.js";

const model = (body: string): string => `model M {
  input x: [batch, 4]
  target t: [batch, 1]
  y = x |> dense(1)
  loss mse(y, t)
${body}
}
train M { optimizer sgd(lr: 0.1) }
`;

const mistakes: readonly (readonly [string, string, string])[] = [
  [
    "a positional argument behind a named one",
    "NN0114",
    model("  output z = x |> dense(units: 3, 5)"),
  ],
  [
    "one behind a named one in a call of its own",
    "NN0114",
    model("  output z = mse(prediction: y, t)"),
  ],
  ["a malformed rate", "NN0008", model("").replace("0.1", "1eq-3")],
  ["a malformed width", "NN0008", model("  output z = x |> dense(3x)")],
  ["a malformed dimension", "NN0008", model("  weight W: [4, 3x] = 0\n  output z = x @ W")],
  ["a malformed index", "NN0008", model("  output z = x[:, 1e]")],
  ["a malformed slice", "NN0008", model("  output z = x[:, 1e:]")],
  ["a malformed number of classes", "NN0008", model("  target c: category(3x)[batch]")],
];

describe("one mistake is told once", () => {
  it.each(mistakes)("%s", (_, code, source) => {
    expect(check(source).diagnostics.map((one) => one.code)).toEqual([code]);
  });
});
