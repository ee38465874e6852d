// Targets, rates and images at the ends of what they may be in; what scikit-learn and PyTorch say of their metrics and layers, out.
import { describe, expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const judged = compileOne(`model Judged {
  input x: [batch]
  target t: [batch]
  weight w: [] = 1
  output y = x * w
  loss 0 * (y - t)
  metric r2(y, t)
}
train Judged { optimizer sgd(lr: 0.1)  batch 2 }`);

// By sklearn.metrics.r2_score.
const cases = [
  ["met, of one value", [5, 5, 5, 5], [5, 5, 5, 5], 1],
  ["missed, of one value", [5, 5, 5, 6], [5, 5, 5, 5], 0],
  ["nearly met, of one tiny value", [1e-25, 2e-25], [1e-25, 1e-25], 0],
  ["of one value that sums inexactly", [0.1, 0.1, 0.1], [0.1, 0.1, 0.1], 1],
  ["of large targets", [1e20, 2e20, 3e20, 4.4e20], [1e20, 2e20, 3e20, 4e20], 0.968],
  ["of tiny targets", [1e-25, 2e-25, 3e-25, 4.4e-25], [1e-25, 2e-25, 3e-25, 4e-25], 0.968],
  ["that is negative", [3, 2, 1], [1, 2, 3], -3],
] as const;

describe.each(["f64", "f32", "webgpu"] as const)("on %s", (backend) => {
  it.each(cases)("r2 %s", async (_, x, t, expected) => {
    const net = await open(judged, backend);
    for (const batch of [1, 2, 4]) {
      const { metrics } = await net.evaluate({ x: [...x], t: [...t] }, { batch });
      expect(metrics["r2"], `batch ${batch}`).toBeCloseTo(expected, 5);
    }
    net.destroy();
  });

  it("dropout at a rate of 1 gives zeros, and no derivative, of however large numbers", async () => {
    const dropped = compileOne(`model Dropped {
      input x: [batch, 4]
      y = dropout(x, 1, training: true)
      output value = y
      output slope = grad(sum(y * 1e30), x)
    }`);
    const net = await open(dropped, backend, { seed: 1 });
    const found = await net.predict({ x: [1e30, -1e30, 3e38, 1] });
    net.destroy();
    for (const values of Object.values(found)) {
      expect([...values].map((value) => value + 0)).toEqual([0, 0, 0, 0]);
    }
  });

  it("extrema and pools of nothing but infinities are infinite", async () => {
    const infinite = compileOne(`model Infinite {
      input x: [batch, 3, 4, 1]
      y = x * 1e38 * 1e38 * 1e38 * 1e38 * 1e38
      z = y * 1e38 * 1e38 * 1e38 * 1e38 * 1e38
      output rows = max(z, axis: 1)
      output pictures = max(z, axis: [1, 2])
      output all = max(z)
      output pooled = max_pool2d(z, 2, stride: 1, padding: 1)
      output least = min(-z, axis: [1, 2])
      output share = log_softmax(reshape(z, [batch, 12]))
    }`);
    const net = await open(infinite, backend);
    const x = Array.from({ length: 24 }, (_, at) => -1 - at);
    const { least, share, ...greatest } = await net.predict({ x });
    net.destroy();
    for (const [name, values] of Object.entries(greatest))
      expect(new Set(values), name).toEqual(new Set([-Infinity]));
    expect(new Set(least)).toEqual(new Set([Infinity]));
    expect(new Set(share)).toEqual(new Set([NaN]));
  });

  // As C, NumPy and Java write the largest f32, and nearly the last number that rounds to it.
  it.each(["3.40282347e38", "3.4028235e38", "3.40282356779e38"])(
    "%s is the largest number",
    async (largest) => {
      const large = compileOne(`model Large {
        input x: [batch, 2] missing ${largest}
        weight w: [] = ${largest}
        output given = x[:, 0]
        output initial = w * x[:, 1]
        output product = x[:, 1] * ${largest}
        output folded = x[:, 1] * (ones([1]) * ${largest})
        output joined = x[:, 1] * 0.5 * ${largest} * 2
        output listed = sum([${largest}, 0] * x[:, 1:], axis: 1)
        output least = min(x[:, 0], ${largest})
        output chosen = if x[:, 1] > 0 then ${largest} else -${largest}
      }`);
      const net = await open(large, backend, { seed: 1 });
      const found = await net.predict({ x: [NaN, 1] });
      net.destroy();
      for (const [name, values] of Object.entries(found))
        expect([...values].map(Math.fround), name).toEqual([Math.fround(Number(largest))]);
    },
  );
});
