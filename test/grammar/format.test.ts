// Every `.nn` file and some made for it in; that the formatter keeps the tree and every comment, that formatting twice
// changes nothing, and that the files are as it writes them, out.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "../../grammar/parse.js";
import { format } from "../../grammar/prettier/format.js";
import { printAst } from "../../grammar/printAst.js";
import { expectGolden } from "../support/golden.js";

/** Every `.nn` file of the project but the mistakes in `test/errors`. */
function sources(): string[] {
  const left = new Set(["node_modules", "build", "errors", ".git", ".cache"]);
  const below = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return left.has(entry.name) ? [] : below(path);
      return entry.name.endsWith(".nn") ? [path] : [];
    });
  return below(".");
}

function treeOf(text: string): string {
  const { file, diagnostics } = parse({ name: "a.nn", text });
  expect(diagnostics).toEqual([]);
  return printAst(file);
}

function commentsOf(text: string): string[] {
  const { file } = parse({ name: "a.nn", text });
  return file.comments.map((comment) => comment.text.trim()).sort();
}

async function checked(text: string): Promise<string> {
  const once = await format(text);
  expect(treeOf(once)).toBe(treeOf(text));
  expect(commentsOf(once)).toEqual(commentsOf(text));
  expect(await format(once)).toBe(once);
  return once;
}

test.each(sources())("%s is as the formatter writes it, however it was indented", async (path) => {
  const text = readFileSync(path, "utf8");
  expect(await format(text)).toBe(text);
  expect(await format(text.replaceAll(/^[ \t]+/gm, ""))).toBe(text);
});

test("every form of the language, once", () => {
  const text = readFileSync("test/grammar/fixtures/everything.nn", "utf8");
  expectGolden("test/golden/ast/everything.txt", treeOf(text));
});

describe("what is written otherwise", () => {
  test("commas behind the last, semicolons, spaces before comments", async () => {
    const text = `
import { residual, block, } from "./blocks.nn"
import {} from "./none.nn";
const ratio: float = 1e-3   // beside it
const sizes = [256, 128,]
fn f(x, a = 1,) { y = x + a; return y }
model M {
  input x: [batch, 3]
  target digit: category(2)[batch,]
}
`;
    expect(await checked(text)).toBe(`import { residual, block } from "./blocks.nn"
import {} from "./none.nn"
const ratio: float = 1e-3 // beside it
const sizes = [256, 128]
fn f(x, a = 1) { y = x + a  return y }
model M {
  input  x: [batch, 3]
  target digit: category(2)[batch]
}
`);
  });

  test("comments behind the last of a list stay in its brackets, and behind the brackets out of them", async () => {
    const text = `model M(
  a = 1, // one
  // b = 2,
) // two
{
  output y = f(
    a,
    3,
    // last
  )
}
layer f(x, out: int
  // units
): [batch, out] {
  return x
}
fn g(
  x, // its only one
) // doubles
  = 2 * x
`;
    expect(await checked(text)).toBe(`model M(
  a = 1, // one
  // b = 2,
) { // two
  output y = f(
    a,
    3,
    // last
  )
}
layer f(
  x,
  out: int,
  // units
): [batch, out] {
  return x
}
// doubles
fn g(
  x, // its only one
) = 2 * x
`);
  });

  test("choices before a pipeline, within a choice, and `<-`", async () => {
    const text = `fn f(x) {
  a = if x < 1 then 2 else if x <- 3 then 4 else 5 |> relu
  b = if x then (if a then 1 else 2) else (if a then 3 else 4)
  return a + b
}
`;
    expect(await checked(text)).toBe(`fn f(x) {
  a = (if x < 1 then 2 else if x < -3 then 4 else 5) |> relu
  b = if x then (if a then 1 else 2) else (if a then 3 else 4)
  return a + b
}
`);
  });
});

describe("what is too long for a line", () => {
  test("parameters break before result types, which never do", async () => {
    const text = `layer decoder(x: [batch, time, n], units: int, activation = relu, more: int): ([batch, time, units], [batch, units]) {
  return x, x
}
layer conv(x: [batch, height, width, n], channels: int, kernel, stride = 1, padding = "valid", dilation = 1, groups = 1, activation = linear) {
  return x
}
`;
    expect(await checked(text)).toBe(`layer decoder(
  x: [batch, time, n], units: int, activation = relu, more: int
): ([batch, time, units], [batch, units]) {
  return x, x
}
layer conv(
  x: [batch, height, width, n], channels: int, kernel, stride = 1, padding = "valid", dilation = 1,
  groups = 1, activation = linear
) {
  return x
}
`);
  });

  test("a value that fits on a line of its own has one; others break within their brackets", async () => {
    const text = `fn log_cosh(prediction, target) = sum(log((exp(prediction - target) + exp(target - prediction)) / 2), axis: -1)
fn heads(x, heads) {
  query = split_heads(dense(x, heads * width, use_bias: use_bias, reparametrize: reparametrize, name: "query"), heads)
  found = transpose(reshape(places_of_the_heads_that_are_there, [batch, heads, time, width]), [0, 2, 1, 3], something_else)
  z = conv_transpose(x, reparametrize(W), stride: stride, dilation: dilation, groups: groups, padding: padding, output_padding: output_padding)
  return horner(u, [0.00641025641025641, -0.0019175269175269176, 0.0008417508417508417, -0.0005952380952380953, 0.0007936507936507937])
}
`;
    expect(await checked(text)).toBe(`fn log_cosh(prediction, target) =
  sum(log((exp(prediction - target) + exp(target - prediction)) / 2), axis: -1)
fn heads(x, heads) {
  query = split_heads(
    dense(x, heads * width, use_bias: use_bias, reparametrize: reparametrize, name: "query"), heads
  )
  found = transpose(
    reshape(places_of_the_heads_that_are_there, [batch, heads, time, width]),
    [0, 2, 1, 3],
    something_else,
  )
  z = conv_transpose(
    x, reparametrize(W), stride: stride, dilation: dilation, groups: groups, padding: padding,
    output_padding: output_padding
  )
  return horner(u, [
    0.00641025641025641, -0.0019175269175269176, 0.0008417508417508417, -0.0005952380952380953,
    0.0007936507936507937
  ])
}
`);
  });

  test("operations break behind their operators, calls in them two columns deep, and indices never", async () => {
    const text = `fn f(prediction, target) {
  goal = the_weight_of_it + cross_entropy_of_something(the_prediction_of_the_model, of_the_targets + 1, label_smoothing: 0.1) * binary_cross_entropy(of_something_else, target)
  return some_prediction_of_the_first_model[:, 0] * some_prediction_of_the_second_model[:, 1 : n + 1] + x[..., -1]
}
`;
    expect(await checked(text)).toBe(`fn f(prediction, target) {
  goal =
    the_weight_of_it +
    cross_entropy_of_something(
      the_prediction_of_the_model, of_the_targets + 1, label_smoothing: 0.1
    ) *
      binary_cross_entropy(of_something_else, target)
  return some_prediction_of_the_first_model[:, 0] *
    some_prediction_of_the_second_model[:, 1 : n + 1] +
    x[..., -1]
}
`);
  });

  test("lines that take turns have columns", async () => {
    const text = `train Gan {
  optimizer adam(lr: warmup(1000) * cosine(1e-3, floor: 1e-5) * step_decay(1e-3, rate: 0.5, every: 1000)) on critic.*
  minimize critic_loss on critic.* with adam(lr: 2e-4, beta1: 0.5) repeat 2
  minimize loss on generator.* with adam(lr: 2e-4, beta1: 0.5)
}
train Gan { minimize critic_loss on critic.* with sgd(lr: 1)  minimize loss on all with sgd(lr: 1) }
`;
    expect(await checked(text)).toBe(`train Gan {
  optimizer adam(
    lr: warmup(1000) * cosine(1e-3, floor: 1e-5) * step_decay(1e-3, rate: 0.5, every: 1000)
  ) on critic.*
  minimize critic_loss on critic.*    with adam(lr: 2e-4, beta1: 0.5) repeat 2
  minimize loss        on generator.* with adam(lr: 2e-4, beta1: 0.5)
}
train Gan { minimize critic_loss on critic.* with sgd(lr: 1)  minimize loss on all with sgd(lr: 1) }
`);
  });

  test("a parameter with a block is laid out alike whether its lines were one or several", async () => {
    const text = `fn local(t, total = scan u in the_first_of_the_inputs_that_are_there along 1 { carry s: [] = 0  s <- s + u  yield s }) = total
`;
    expect(await checked(text)).toContain("    yield s\n  },\n) = total");
  });
});
