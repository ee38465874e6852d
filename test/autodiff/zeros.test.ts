// Expressions from which a name falls out when they are differentiated in; that their derivatives by it are zeros, out.
import { expect, it } from "vitest";
import { codesOf } from "../analyze/support.js";
import { compileOne, open } from "../support/compiled.js";

/** Each of `x`, or of `W` too. */
const zeros = [
  "grad(sum(slope), x)",
  "grad(sum(slope * slope + 1), x)",
  "grad(sum(exp(slope)), [x, x])[1]",
  "grad(sum(grad(sum(slope), x)), x)",
  "grad(sum(bend), x)",
  "grad(sum(grad(sum(x @ W), W)), W)[0]",
  "grad(sum(stop_gradient(x)), x)",
  "grad(sum(sign(x)), x)",
  "grad(sum(floor(x)), x)",
  "grad(sum(x * 0), x)",
  "grad(sum(x - x), x)",
  "grad(sum(f32(argmax(x))), x)",
  "jacobian(slope, x)",
  "jacobian(jacobian(3 * x, x), x)",
];

it("a derivative in which nothing is left of a name is zero by it", async () => {
  const outputs = zeros.map((text, at) => `output o${at} = ${text}`).join("\n  ");
  const model = compileOne(`model M {
    input x: [batch, 3]
    weight W: [3, 3] ~ glorot_uniform()
    slope = grad(sum(2 * x), x)
    bend = grad(sum(linear(x @ W)), x)
    ${outputs}
  }`);
  const net = await open(model, "f64", { seed: 1 });
  const found = Object.entries(await net.predict({ x: [1, -2, 3, 0.5, 0, 6] }));
  expect(found).toHaveLength(zeros.length);
  for (const [name, value] of found) {
    expect([name, [...new Set(Array.from(value as Float32Array, Math.abs))]]).toEqual([name, [0]]);
  }
  net.destroy();
});

it("a penalty on the curvature of a line is none", async () => {
  const model = compileOne(`model M(activation = linear) {
    input x: [batch, 1]
    target y: [batch, 1]
    z = x |> dense(1) |> activation
    loss mse(z, y)
    slope = grad(sum(z), x)
    regularize mean(grad(sum(slope), x) ^ 2)
    output z
  }
  train M { optimizer sgd(lr: 0.1)  batch 1  steps 1 }`);
  const net = await open(model, "f64");
  const history = await net.fit({ x: [1], y: [1] });
  expect(history.epochs[0]?.penalty).toBe(0);
  net.destroy();
});

it("what never entered is told", () => {
  for (const text of ["grad(sum(slope), W)", "grad(sum(W), x)", "jacobian(slope, other)"]) {
    const source = `model M {
      input x: [batch, 3]
      input other: [batch, 3]
      weight W: [3, 3] ~ glorot_uniform()
      slope = grad(sum(2 * x), x)
      output o = ${text}
    }`;
    expect([text, codesOf(source)]).toEqual([text, ["NN0313"]]);
  }
});
