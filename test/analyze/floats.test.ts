// Floats that are whole, and whole numbers made of floats, in; that they are floats in tensors and count where a whole number is wanted, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { codesOf } from "./support.js";

it("rounding, signs and sums of floats are floats: integers wrap", async () => {
  const values = ["floor([2.5, 3.5])", "[2.0, 3.0]", "round([1.9, 2.2])", "[1.0 + 1.0, 3.0]"];
  const outputs = values.map(
    (text, at) => `t${at} = ${text}\n  output o${at} = t${at}[i] * 1_500_000_000`,
  );
  const net = await open(
    compileOne(
      `model M {\n  input i: category(2)[batch]\n  ${outputs.join("\n  ")}\n  output n = [2, 3][i] * 1_500_000_000\n}`,
    ),
    "f64",
  );
  const found: Record<string, ArrayLike<number>> = await net.predict({ i: [0] });
  expect(Object.values(found).map((value) => value[0])).toEqual([
    ...values.map(() => 3e9),
    -1294967296,
  ]);
  net.destroy();
});

it("they count as whole numbers all the same, and integers stay integers", () => {
  const model = (size: string): string => `model M(n = 7) {
    input x: [batch, 3]
    output y = zeros([${size}, 3]) + mean(x)
    output z = [1, 2, 3, 4][${size}]
  }`;
  for (const size of ["floor(n / 2)", "round(2.6)", "1.5 * 2", "6 / 3", "max(2.0, 3)"])
    expect(codesOf(model(size))).toEqual([]);
});
