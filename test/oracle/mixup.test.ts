// Batches of numbers in; what mixup makes of them in training, which has the moments of its distribution, and otherwise, out.

import { describe, expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

describe("mixup", () => {
  const count = 2000;
  const ramp = Array.from({ length: count }, (_, at) => at);

  async function mixed(call: string): Promise<Record<"x" | "y", number[]>> {
    const model = compileOne(`model M {
      input x: [batch]
      input y: [batch, 2]
      mixed, told = ${call}
      output mixed
      output told
    }`);
    const net = await open(model, "f64", { seed: 3 });
    const y = { data: ramp.flatMap((at) => [at, -3 * at]), shape: [count, 2] };
    const found = await net.predict({ x: ramp, y });
    net.destroy();
    const { mixed: one = [], told = [] } = found as Record<string, ArrayLike<number>>;
    return { x: Array.from(one), y: Array.from(told) };
  }

  it.each([
    ["mixup(x, y, training: true)", 0.2],
    ["mixup(x, y, alpha: 1, training: true)", 1],
    ["mixup(x, y, alpha: 3, training: true)", 3],
  ])(
    "%s mixes with the batch from its end, by shares from a beta distribution",
    async (call, alpha) => {
      const { x, y } = await mixed(call);
      const shares = x.map((one, at) => {
        const other = count - 1 - at;
        expect(y[2 * at]).toBeCloseTo(one, 8);
        expect(y[2 * at + 1]).toBeCloseTo(-3 * one, 8);
        return (one - other) / (at - other);
      });
      expect(Math.min(...shares)).toBeGreaterThan(-1e-9);
      expect(Math.max(...shares)).toBeLessThan(1 + 1e-9);
      // The second and fourth central moments of Beta(alpha, alpha).
      const moment = (power: number): number =>
        shares.reduce((sum, share) => sum + (share - 0.5) ** power, 0) / count;
      const second = 1 / (4 * (2 * alpha + 1));
      expect(moment(1)).toBeCloseTo(0, 1);
      expect(Math.abs(moment(2) / second - 1)).toBeLessThan(0.1);
      const fourth = 3 / (16 * (2 * alpha + 1) * (2 * alpha + 3));
      expect(Math.abs(moment(4) / fourth - 1)).toBeLessThan(0.15);
    },
  );

  it("leaves examples as they are outside of training", async () => {
    const { x, y } = await mixed("mixup(x, y)");
    expect(x).toEqual(ramp);
    expect(y.filter((_, at) => at % 2 === 0)).toEqual(ramp);
  });
});
