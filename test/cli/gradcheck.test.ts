// In: functions with right, wrong and missing derivatives; out: that central differences tell them apart.
import { describe, expect, test } from "vitest";
import { compareAlong, directionsFor, errorLimit, measure } from "../../cli/gradcheck/measure.js";
import type { Probe } from "../../cli/gradcheck/measure.js";

function probe(f: (w: Float64Array) => number, gradient: number[], base: number[]): Probe {
  const start = Float64Array.from(base);
  return { value: (w) => Promise.resolve(f(w)), base: start, atBase: f(start), gradient };
}

const base = [0.3, -1.2, 2];
const smooth = (w: Float64Array): number => Math.sin(w[0] ?? 0) + Math.exp(w[1] ?? 0) * (w[2] ?? 0);
const derivative = [Math.cos(0.3), 2 * Math.exp(-1.2), Math.exp(-1.2)];
const never = (): boolean => false;

describe("central differences", () => {
  test("a right gradient passes along every direction", async () => {
    const result = await measure(probe(smooth, derivative, base), directionsFor(3, 1), never);
    expect(result.entries).toBe(5);
    expect(result.kinks).toBe(0);
    expect(result.error).toBeLessThan(1e-7);
  });
  test.each([0, 1, 2])("entry %i wrong by a thousandth is found", async (at) => {
    const wrong = derivative.map((value, place) => (place === at ? value * 1.001 : value));
    const result = await measure(probe(smooth, wrong, base), directionsFor(3, 1), never);
    expect(result.error).toBeGreaterThan(errorLimit);
  });
  test("a gradient that is NaN or of the wrong sign is found", async () => {
    for (const wrong of [[NaN, 0, 0], derivative.map((value) => -value)]) {
      const result = await measure(probe(smooth, wrong, base), directionsFor(3, 1), never);
      expect(result.error).toBeGreaterThan(1);
    }
  });
  test("a kink is told apart, at the base point and near it", async () => {
    const relu = (w: Float64Array): number => Math.max(0, w[0] ?? 0);
    const along = { entries: [[0, 1]] as const };
    expect((await compareAlong(probe(relu, [0], [0]), along))?.kink).toBe(true);
    // Within the first step of the kink, but not within the last.
    expect(await compareAlong(probe(relu, [1], [3e-5]), along)).toMatchObject({ kink: false });
    expect((await compareAlong(probe(relu, [0], [3e-5]), along))?.error).toBeGreaterThan(0.5);
  });
  test("large and tiny objectives keep their scale", async () => {
    for (const scale of [1e6, 1e-3]) {
      const scaled = probe(
        (w) => scale * smooth(w),
        derivative.map((value) => scale * value),
        base,
      );
      expect((await measure(scaled, directionsFor(3, 2), never)).error).toBeLessThan(errorLimit);
    }
  });
  test("directions: two projections of unit length, eight distinct entries", () => {
    const directions = directionsFor(100, 3);
    expect(directions).toHaveLength(10);
    const [first] = directions;
    expect(first?.entries.reduce((sum, [, weight]) => sum + weight ** 2, 0)).toBeCloseTo(1, 12);
    expect(new Set(directions.slice(2).map(({ entries }) => entries[0]?.[0])).size).toBe(8);
    expect(directionsFor(1, 3)).toHaveLength(1);
    expect(directionsFor(40_000_000, 3)[0]?.entries).toHaveLength(65_536);
  });
  test("out of time, nothing more is compared", async () => {
    const result = await measure(probe(smooth, derivative, base), directionsFor(3, 1), () => true);
    expect(result.entries).toBe(0);
  });
});
