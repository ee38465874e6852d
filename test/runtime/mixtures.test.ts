// Derivatives of a mixture's logarithm far from its parts, where several kernels compute the same exponents: they have to agree on them.
import { expect, it } from "vitest";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const mixture = compileOne(`
model Mixture {
  input x: [batch]
  input m: [batch, 2]
  input s: [batch, 2]
  lp = log(sum(exp(-0.5 * ((x[:, new] - m) / s) ^ 2), axis: 1))
  slope = grad(lp, x)
  output first = slope
  output second = grad(slope, x)
}`);

const points = [10, 30, 100, 300, 1e4];

it.each(softwareExpected ? (["f32", "webgpu"] as const) : (["f32"] as const))(
  "are those of the nearest part on %s",
  async (backend) => {
    const net = await open(mixture, backend);
    const { first, second } = await net.predict({
      x: points,
      m: points.map(() => [0.3, -0.7]),
      s: points.map(() => [0.7, 1.3]),
    });
    // Everywhere here the wider part alone counts: −(x + 0.7) / 1.69, and the derivative of that.
    points.forEach((x, at) => {
      expect((first?.[at] ?? NaN) / (-(x + 0.7) / 1.69)).toBeCloseTo(1, 4);
      // It is left where squares of the distance cancel, each of them rounded.
      const rounding = ((x + 0.7) / 1.3) ** 2 * 2 ** -23;
      expect(Math.abs((second?.[at] ?? NaN) * -1.69 - 1)).toBeLessThan(1e-4 + rounding);
    });
    net.destroy();
  },
);
