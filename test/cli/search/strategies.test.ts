// Spaces and histories in; what the strategies of a search propose, against what is known of it, out.
import { describe, expect, test } from "vitest";
import type { SearchSpace } from "../../../compiler/types/model.js";
import type { Settings } from "../../../cli/options.js";
import { drawsOf, uses } from "../../../cli/search/draws.js";
import { bayesianCandidate } from "../../../cli/search/strategies/bayesian.js";
import type { Observation } from "../../../cli/search/strategies/bayesian.js";
import { gridCandidate } from "../../../cli/search/strategies/grid.js";
import { estimate } from "../../../cli/search/strategies/parzen.js";
import { randomCandidate } from "../../../cli/search/strategies/random.js";
import type { Space } from "../../../cli/search/trials.js";
import { erf } from "../../../runtime/errorFunctions.js";
import { testFunctions } from "./functions.js";
import type { TestFunction } from "./functions.js";

type Range = Extract<SearchSpace, { kind: "range" }>;
const range = (low: number, high: number, more: Partial<Range> = {}): Range => ({
  kind: "range",
  low,
  high,
  log: false,
  whole: false,
  points: undefined,
  ...more,
});
const mixed: Space = {
  parameters: [
    { name: "rate", space: range(1e-4, 1, { log: true }) },
    { name: "width", space: range(8, 512, { log: true, whole: true }) },
    { name: "kind", space: { kind: "choice", values: ["a", [1, 2], true] } },
  ],
  seed: 3,
};
const small: Space = {
  parameters: [
    { name: "depth", space: range(1, 4, { whole: true }) },
    { name: "kind", space: { kind: "choice", values: ["a", "b", "c"] } },
  ],
  seed: 5,
};
const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe("the grid", () => {
  test("tries each combination once, the last parameter first", () => {
    const space: Space = {
      parameters: [
        { name: "rate", space: range(1e-4, 1, { log: true, points: 3 }) },
        { name: "share", space: range(0, 0.5, { points: 2 }) },
        { name: "depth", space: range(1, 2, { whole: true }) },
      ],
      seed: 0,
    };
    const all = numbers(12).map((number) => gridCandidate(space, number));
    expect(all.slice(0, 5).map((set) => Object.values(set ?? {}))).toEqual([
      [1e-4, 0, 1],
      [1e-4, 0, 2],
      [1e-4, 0.5, 1],
      [1e-4, 0.5, 2],
      [1e-2, 0, 1],
    ]);
    expect(all.at(-1)).toEqual({ rate: 1, share: 0.5, depth: 2 });
    expect(new Set(all.map((set) => JSON.stringify(set))).size).toBe(12);
    expect(gridCandidate(space, 13)).toBeUndefined();
  });
});

describe("random search", () => {
  test("depends on the seed and the number alone", () => {
    const all = numbers(50).map((number) => randomCandidate(mixed, number));
    expect(numbers(50).map((number) => randomCandidate(mixed, number))).toEqual(all);
    expect(randomCandidate({ ...mixed, seed: 4 }, 1)).not.toEqual(all[0]);
    expect(new Set(all.map((set) => JSON.stringify(set))).size).toBe(50);
  });
  test("is even over a range, its logarithm, whole numbers and a choice", () => {
    const all = numbers(3000).map((number) => randomCandidate(mixed, number) ?? {});
    const share = (holds: (set: Settings) => boolean): number =>
      all.filter(holds).length / all.length;
    expect(share(({ rate }) => Number(rate) < 1e-2)).toBeCloseTo(0.5, 1);
    // The logarithms of 8 to 63 are half of those of 8 to 512.
    expect(share(({ width }) => Number(width) < 64)).toBeCloseTo(0.5, 1);
    expect(share(({ kind }) => kind === true)).toBeCloseTo(1 / 3, 1);
    for (const { rate, width } of all) {
      expect(Number.isInteger(width)).toBe(true);
      expect(Number(width) >= 8 && Number(width) <= 512).toBe(true);
      expect(Number(rate) >= 1e-4 && Number(rate) <= 1).toBe(true);
      expect(String(rate).replace(/e.*|^0\.0*|\./g, "").length).toBeLessThanOrEqual(6);
    }
    const ends = numbers(400).map((number) =>
      randomCandidate({ parameters: small.parameters.slice(0, 1), seed: number }, 1),
    );
    expect(ends.filter((set) => set?.["depth"] === 4).length / 400).toBeCloseTo(0.25, 1);
  });
  test("tries a small space whole, and nothing twice", () => {
    const all = numbers(12).map((number) => randomCandidate(small, number));
    expect(new Set(all.map((set) => JSON.stringify(set))).size).toBe(12);
    expect(randomCandidate(small, 13)).toBeUndefined();
    // Values that are hardly ever drawn too.
    const steep: Space = {
      parameters: [{ name: "n", space: range(1, 3000, { log: true, whole: true }) }],
      seed: 1,
    };
    expect(new Set(numbers(60).map((n) => randomCandidate(steep, n)?.["n"])).size).toBe(60);
  });
});

describe("a density of seen values", () => {
  const widths = [9, 10, 10, 12, 300];
  test("of whole numbers sums up to one, and is large where they were", () => {
    for (const log of [false, true]) {
      const { logarithm } = estimate(range(8, 512, { whole: true, log }), widths);
      const masses = numbers(512)
        .slice(7)
        .map((width) => Math.exp(logarithm(width)));
      expect(masses.reduce((sum, mass) => sum + mass, 0)).toBeCloseTo(1, 9);
      expect(logarithm(10)).toBeGreaterThan(logarithm(100));
    }
  });
  test("of a range integrates to one on its line", () => {
    const { logarithm } = estimate(range(-2, 3), [-2, -1.9, 1, 3]);
    const count = 20_000;
    const sum = numbers(count)
      .map((at) => Math.exp(logarithm(-2 + (5 * (at - 0.5)) / count)))
      .reduce((total, value) => total + value, 0);
    // Densities leave out a factor that all of them share: 1 / √(2π).
    expect((sum * 5) / count / Math.sqrt(2 * Math.PI)).toBeCloseTo(1, 6);
  });
  test("is an even mixture of bells, as wide as the way to the farther neighbour, cut off at the ends", () => {
    // Of three seen, and the middle, a bell is at least a fifth of the range wide.
    const bells = [
      [1, 2],
      [2, 3],
      [5, 10],
      [8, 3],
    ] as const;
    const below = (mean: number, deviation: number, place: number): number =>
      0.5 * (1 + erf((place - mean) / deviation / Math.SQRT2));
    const density = (place: number): number =>
      bells.reduce((sum, [mean, deviation]) => {
        const inside = below(mean, deviation, 10) - below(mean, deviation, 0);
        return sum + Math.exp(-0.5 * ((place - mean) / deviation) ** 2) / deviation / inside / 4;
      }, 0);
    const { logarithm } = estimate(range(0, 10), [8, 1, 2]);
    for (const place of [0, 1.5, 4, 7, 10])
      expect(logarithm(place)).toBeCloseTo(Math.log(density(place)), 9);
  });
  test("of a choice counts, and nothing seen is even", () => {
    const space: SearchSpace = { kind: "choice", values: [[1], [2], "c"] };
    const { logarithm } = estimate(space, [[2], [2], "c"]);
    expect([[1], [2], "c"].map((value) => Math.exp(logarithm(value)) * 6)).toEqual([
      expect.closeTo(1),
      expect.closeTo(3),
      expect.closeTo(2),
    ]);
    expect(estimate(space, []).logarithm("c")).toBeCloseTo(Math.log(1 / 3));
  });
  test("draws what it says", () => {
    const { draw, logarithm } = estimate(range(8, 512, { whole: true, log: true }), widths);
    const drawn = numbers(4000).map((trial) => draw(drawsOf(1, uses.model, trial)));
    const share = drawn.filter((width) => width === 10).length / drawn.length;
    expect(share).toBeCloseTo(Math.exp(logarithm(10)), 1);
    expect(drawn.every((width) => Number(width) >= 8 && Number(width) <= 512)).toBe(true);
  });
});

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

/** The median over 20 seeds of the least of 100 trials. */
function reached(
  { parameters, value }: TestFunction,
  next: (space: Space, number: number, history: readonly Observation[]) => Settings | undefined,
): number {
  const least = numbers(20).map((seed) => {
    const history: Observation[] = [];
    for (let number = 1; number <= 100; number++) {
      const set = next({ parameters, seed }, number, history) ?? {};
      history.push({ set, loss: value(set) });
    }
    return Math.min(...history.map(({ loss }) => loss));
  });
  return median(least);
}

describe("Bayesian search", () => {
  test("the functions are what they are known as", () => {
    for (const { value, least } of testFunctions)
      expect(value(least.at)).toBeCloseTo(least.value, 4);
  });
  test("beats random search at 100 trials", () => {
    const better = testFunctions.filter(
      (one) => reached(one, bayesianCandidate) < reached(one, randomCandidate),
    );
    // On all eight; six are the aim.
    expect(better.map(({ name }) => name)).toEqual(testFunctions.map(({ name }) => name));
  });
  test("begins as random search does, and depends on what it is given alone", () => {
    const history: Observation[] = [];
    for (let number = 1; number <= 30; number++) {
      const set = bayesianCandidate(mixed, number, history) ?? {};
      expect(bayesianCandidate(mixed, number, history.toReversed().toReversed())).toEqual(set);
      if (number <= 10) expect(set).toEqual(randomCandidate(mixed, number));
      history.push({ set, loss: Math.abs(Math.log10(Number(set["rate"])) + 2) });
    }
  });
  test("takes the better tenth, rounded up, for good, and compares with the others alone", () => {
    const kind: SearchSpace = { kind: "choice", values: ["a", "b", "c"] };
    const parameters = [
      { name: "x", space: range(0, 1) },
      { name: "kind", space: kind },
    ];
    // With one more than was seen, b is 3 to 2: were one trial good, or the good among the others, c would be ahead with 1 to 1.
    const history = numbers(11).map((at): Observation => {
      return { set: { x: at / 11, kind: at <= 3 ? "b" : "a" }, loss: at };
    });
    const next = numbers(20).map((seed) => bayesianCandidate({ parameters, seed }, 12, history));
    expect(next.map((set) => set?.["kind"])).toEqual(numbers(20).map(() => "b"));
  });
  test("keeps away from what failed, goes where the best was, and tries nothing twice", () => {
    const history = numbers(12).map((number): Observation => {
      const set = randomCandidate(mixed, number) ?? {};
      return { set, loss: set["kind"] === "a" ? 1 / number : Infinity };
    });
    const next = numbers(40).map((seed) => bayesianCandidate({ ...mixed, seed }, 13, history));
    expect(next.filter((set) => set?.["kind"] === "a").length).toBeGreaterThan(30);
    const tried: Observation[] = [];
    for (let number = 1; number <= 12; number++) {
      const set = bayesianCandidate(small, number, tried) ?? {};
      tried.push({ set, loss: Number(set["depth"]) });
    }
    expect(new Set(tried.map(({ set }) => JSON.stringify(set))).size).toBe(12);
    expect(bayesianCandidate(small, 13, tried)).toBeUndefined();
  });
  test("goes on where every trial failed", () => {
    const history = numbers(15).map((number): Observation => ({
      set: randomCandidate(mixed, number) ?? {},
      loss: Infinity,
    }));
    expect(bayesianCandidate(mixed, 16, history)).toBeDefined();
  });
});
