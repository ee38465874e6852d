// Expressions in; that they fold, promote and shape as the language says, out.
import { describe, expect, it } from "vitest";
import { shapeText } from "../../compiler/types/dimension.js";
import { codesOf, modelOf } from "./support.js";

/** The type of an expression over x: [batch, 6], n: u32[batch], i: i32[batch], b: bool[batch], t: [batch, time]. */
function typeOf(expression: string, before = ""): string {
  const model = modelOf(`
const sizes = [3, 2, 1]
${before}
model M(flag = true, word = "same") {
  input x: [batch, 6]
  input n: category(9)[batch]
  input i: i32[batch]
  input b: bool[batch]
  input t: [batch, time]
  output y = ${expression}
}`);
  const node = model.inference.outputs[0]?.value;
  return node === undefined ? "" : `${node.type}${shapeText(node.shape)}`;
}

/** The value of a compile-time expression, as an extent. */
function valueOf(expression: string): string {
  return typeOf(`zeros([${expression}])`);
}

describe("compile-time values", () => {
  it.each([
    ["2 ^ 3", "8"],
    ["7 % 4 + -7 % 4", "4"],
    ["6 / 3", "2"],
    ["(2 ^ range(4))[-1]", "8"],
    ["sum([1, 2, 3])", "6"],
    ["max(3, 5) - min([4, 2])", "3"],
    ["floor(3.7) + round(2.5) + round(3.5)", "9"],
    ["len([...sizes, 4])", "4"],
    ["sizes[:-1][1]", "2"],
    ["sizes[::-1][0]", "1"],
    ['if flag and word == "same" then 3 else 4', "3"],
    ['if 2 == "same" then 3 else 4', "4"],
    ["if not flag then 3 else if 1 < 2 then 5 else 4", "5"],
    ["2 * 3 ^ 2 - 1", "17"],
    ["-2 ^ 2 + 10", "6"],
    ["i32(3.9) + len(range(2, 9, 3))", "6"],
  ])("%s is %s", (expression, value) => {
    expect(valueOf(expression)).toBe(`f32[${value}]`);
  });

  it("a number fits into f32 where the nearest one is finite", () => {
    const codesFor = (number: string): string[] =>
      [`input x: [batch] missing ${number}`, `input x: [batch]\n weight w: [] = ${number}`].flatMap(
        (line) => codesOf(`model M { ${line}\n output y = x }`),
      );
    expect(codesFor("3.4028235e38")).toEqual([]);
    expect(codesFor("3.4028236e38")).toEqual(["NN0306", "NN0306"]);
  });

  it("rounds no quotient", () => {
    expect(typeOf("x * (7 / 2)")).toBe("f32[batch, 6]");
    expect(
      codesOf(
        "model M { input x: [batch, 4]\n weight W: [4, 7 / 2] ~ normal(0, 1)\n output y = x @ W }",
      ),
    ).toEqual([]);
    expect(
      codesOf("model M { input x: [batch, 4]\n output y = reshape(x, [batch, 7 / 2]) }"),
    ).toEqual(["NN0311"]);
  });
});

describe("element types", () => {
  it.each([
    ["n + 1", "u32[batch]"],
    ["n - -1", "i32[batch]"],
    ["n + i", "i32[batch]"],
    ["n / 2", "f32[batch]"],
    ["i * 0.5", "f32[batch]"],
    ["x[:, 0] + n", "f32[batch]"],
    ["x * b[:, new]", "f32[batch, 6]"],
    ["b + 1", "i32[batch]"],
    ["b + b", "i32[batch]"],
    ["n ^ 2", "u32[batch]"],
    ["n ^ 0.5", "f32[batch]"],
    ["mean(b)", "f32[]"],
    ["sum(b)", "i32[]"],
    ["argmax(x)", "i32[batch]"],
    ["range(4) * 2", "i32[4]"],
    ["if b then 1 else 0", "i32[batch]"],
    ["if b then 1 else 0.5", "f32[batch]"],
    ["one_hot(n, 9)", "f32[batch, 9]"],
    ["n % 2 == 0", "bool[batch]"],
    ["not b or x[:, 0] > 0", "bool[batch]"],
    ["u32(x)", "u32[batch, 6]"],
    ["max(n, i)", "i32[batch]"],
    ["max(n, 3)", "u32[batch]"],
    ["x * [1, 2, 3, 4, 5, 6]", "f32[batch, 6]"],
    ["full([2], 1)", "f32[2]"],
    ["range(time) + 0 * n[0]", "i32[time]"],
  ])("%s is %s", (expression, type) => {
    expect(typeOf(expression)).toBe(type);
  });
});

describe("shapes", () => {
  it.each(
    [
      ["x[:, 0]", "f32[batch]"],
      ["x[..., -1]", "f32[batch]"],
      ["x[:, 1:-1]", "f32[batch, 4]"],
      ["x[:, ::2]", "f32[batch, 3]"],
      ["x[:, ::-1]", "f32[batch, 6]"],
      ["x[:, 5:1:-2]", "f32[batch, 2]"],
      ["x[:, new]", "f32[batch, 1, 6]"],
      ["x[new, ..., new]", "f32[1, batch, 6, 1]"],
      ["x[:, [0, 2]]", "f32[batch, 2]"],
      ["x[i]", "f32[batch, 6]"],
      ["t[:, 1:]", "f32[batch, time - 1]"],
      ["t[:, -1]", "f32[batch]"],
      ["split(x, 3)[1]", "f32[batch, 2]"],
      ["stack([x, 2 * x], axis: 1)", "f32[batch, 2, 6]"],
      ["concat([x, x[:, :2]], axis: -1)", "f32[batch, 8]"],
      ["reshape(t, [batch * time, 1])", "f32[batch * time, 1]"],
      ["sum(x, except: 0, keep: true)", "f32[batch, 1]"],
      ["transpose(x, [1, 0]) @ x", "f32[6, 6]"],
      ["x @ ones([6])", "f32[batch]"],
      ["grad(sum(x ^ 2), x)", "f32[batch, 6]"],
      ["jacobian(x ^ 2, x)", "f32[batch, 6, 6]"],
      ["x |> dense(4) |> relu", "f32[batch, 4]"],
    ].filter(([, type]) => type !== ""),
  )("%s is %s", (expression, type) => {
    expect(typeOf(expression)).toBe(type);
  });

  it("binds the dimensions of signatures", () => {
    const halves =
      "layer halve(a: [...rest, 2 * n], k: int): [...rest, (n + 1) / 2 * k] {\n m = zeros([...rest, (n + n % 2) / 2 * k])\n return m }";
    expect(typeOf("halve(x, 3)", halves)).toBe("f32[batch, 6]");
    const middle =
      "fn middle(a: [first, ...rest, last], b: [...rest, last]) = reshape(a, [last, ...rest, first])";
    expect(typeOf("middle(x[:, new], x[0, new])", middle)).toBe("f32[6, 1, batch]");
  });

  it("fills a declared shape with a number", () => {
    expect(typeOf("binary_cross_entropy(x[:, 0], 1)")).toBe("f32[batch]");
  });
});
