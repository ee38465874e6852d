// Measured numbers in; the findings of `nnc doctor` out.
import { describe, expect, it } from "vitest";
import {
  activationStates,
  deadFindings,
  saturationFindings,
} from "../../cli/doctor/activations.js";
import { chanceFindings } from "../../cli/doctor/chance.js";
import { findingsOf, measuredOf } from "../../cli/doctor/findings.js";
import { firstWeightFindings, gainOf } from "../../cli/doctor/firstWeights.js";
import {
  alikeFindings,
  divergingFindings,
  fitFindings,
  shareLeft,
} from "../../cli/doctor/fitting.js";
import type { FewExamples } from "../../cli/doctor/fitting.js";
import type { Measurements } from "../../cli/doctor/measure.js";
import { scaleFindings, scaleOf } from "../../cli/doctor/scale.js";
import {
  ratiosOfWeights,
  typicalRatios,
  unreachedWeights,
  updateFindings,
} from "../../cli/doctor/updates.js";
import { targetFindings } from "../../cli/doctor/targets.js";
import { vanishingFindings } from "../../cli/doctor/vanishing.js";

describe("the scale of inputs", () => {
  it("is the root of their mean square, and the deviations of columns that vary", () => {
    // Columns 3, 3, 3 (which does not vary), 0, 3, 6 and -1, 0, 1.
    const scale = scaleOf("dense_1", [3, 0, -1, 3, 3, 0, 3, 6, 1], 3);
    expect(scale.mean).toBeCloseTo(18 / 9, 12);
    expect(scale.size).toBeCloseTo(Math.sqrt((27 + 45 + 2) / 9), 12);
    expect(scale.leastDeviation).toBeCloseTo(Math.sqrt(2 / 3), 12);
    expect(scale.largestDeviation).toBeCloseTo(Math.sqrt(6), 12);
    expect(scaleFindings(scale)).toEqual([]);
  });
  it.each([
    ["grey levels", 80, 1, 1, "have a size of 80"],
    ["next to nothing", 1e-4, 1, 1, "have a size of 1.000e-4"],
    ["columns that are unlike", 3, 0.01, 5, "one column varies by 5, another by 0.01"],
  ])("is told of where it is that of %s", (_, size, leastDeviation, largestDeviation, words) => {
    const [finding, ...more] = scaleFindings({
      where: "conv2d_1",
      size,
      mean: 0,
      leastDeviation,
      largestDeviation,
    });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ where: "conv2d_1" });
    expect(finding?.what).toContain(words);
  });
});

describe("activations", () => {
  const monitors = {
    "saturation.dense_1.relu": 0.55,
    "dead_units.dense_1.relu": 0.1,
    "spread.dense_1.relu": 0.4,
    "saturation.tanh": 0.9,
    "dead_units.tanh": 0,
    "spread.tanh": 0.9,
    "gradient_norm.dense_1.W": 3,
  };
  it("are what a step tells of", () => {
    expect(activationStates(monitors)).toEqual([
      { name: "dense_1.relu", saturation: 0.55, deadUnits: 0.1, spread: 0.4 },
      { name: "tanh", saturation: 0.9, deadUnits: 0, spread: 0.9 },
    ]);
  });
  it("are told of where most of them is saturated, or many units are dead, once each", () => {
    expect(activationStates(monitors).flatMap(saturationFindings)).toMatchObject([
      { where: "tanh" },
    ]);
    expect(activationStates(monitors).flatMap(deadFindings)).toEqual([]);
    const dead = { name: "relu", saturation: 1, deadUnits: 0.41, spread: 0 };
    expect(deadFindings(dead)).toMatchObject([{ where: "relu" }]);
    expect(saturationFindings(dead)).toEqual([]);
  });
});

describe("updates", () => {
  const epochs = (...ratios: number[]): Record<string, number>[] =>
    ratios.map((ratio) => ({
      "update_ratio.W": ratio,
      "gradient_norm.W": 1,
      "update_ratio.V": 9,
      "gradient_norm.V": 0,
      "update_ratio.b": 50,
    }));
  it("are those of weights that a gradient reaches", () => {
    const monitors = epochs(0.01, 0.002);
    expect(typicalRatios(ratiosOfWeights(monitors, ["W", "V"]))).toEqual([0.01, 0.002]);
    expect(unreachedWeights(monitors, ["W", "V"])).toEqual(["V"]);
  });
  it.each([
    ["usual", [0.03, 0.01, 1e-3], undefined],
    ["too large", [0.7, 0.5, 0.2, 1e-3, 1e-3, 1e-3, 1e-3], "divide the rate by about 50"],
    ["too small", [2e-6, 4e-6, 1e-6], "multiply the rate by about 300"],
    ["nothing", [0, 0], "give the optimizer a rate"],
    ["small at first alone, as behind a warmup", [1e-6, 1e-5, 1e-3], undefined],
  ])("that are %s", (_, ratios, todo) => {
    const [finding] = updateFindings(ratiosOfWeights(epochs(...ratios), ["W"]));
    expect(finding?.todo.slice(0, todo?.length)).toBe(todo);
  });
});

describe("a few examples", () => {
  const few: FewExamples = {
    examples: 50,
    steps: 400,
    before: 2,
    after: 0.1,
    shuffled: 5,
    failure: undefined,
  };
  it("are learned where little is left of the loss of guessing", () => {
    expect(shareLeft(few)).toBe(0.05);
    // Of a bad start, guessing is what there is with other targets.
    expect(shareLeft({ ...few, before: 100, after: 0.6, shuffled: 0.7 })).toBeCloseTo(6 / 7, 12);
    expect(findingsOf({ ...healthy, few })).toEqual([]);
  });
  it.each([
    ["as much is left", { after: 1.9, shuffled: 2 }, "fit"],
    ["the loss grew", { after: 40 }, "diverges"],
    ["it became NaN", { after: NaN, failure: "not finite" }, "diverges"],
    ["a loss below 0 does not fall", { before: -3, after: -3 }, "fit"],
    ["any target would do", { after: 1e-3, shuffled: 1e-3 }, "alike"],
    ["any target would do, and hardly anything was learned", { after: 1.9, shuffled: 1.9 }, "fit"],
  ] as const)("are not where %s", (_, change, kind) => {
    const changed = { ...few, ...change };
    expect(findingsOf({ ...healthy, few: changed })).toMatchObject([{ kind }]);
    const each = [divergingFindings, alikeFindings, fitFindings].flatMap((find) => find(changed));
    expect(each).toHaveLength(1);
  });
  it("of a loss without a least value have only to fall", () => {
    expect(fitFindings({ ...few, before: -3, after: -4 })).toEqual([]);
  });
});

describe("rows held out", () => {
  const unseen = { examples: 100, steps: 300, loss: 1, shuffled: [1.01, 1.03], seen: 0.95 };
  it("are at chance where their own targets fit them no better than others'", () => {
    expect(chanceFindings(unseen)).toHaveLength(1);
    expect(chanceFindings({ ...unseen, shuffled: [1.1, 1.11] })).toEqual([]);
    expect(chanceFindings({ ...unseen, loss: -5, shuffled: [-3, -3], seen: -5 })).toEqual([]);
  });
  it("are at chance, too, where other targets fit them as well by luck", () => {
    expect(chanceFindings({ ...unseen, shuffled: [1.4, 0.9] })).toHaveLength(1);
    expect(chanceFindings({ ...unseen, shuffled: [1.4, 1.3] })).toEqual([]);
  });
  it("tell whether those seen were learned by heart, and no more", () => {
    const [finding] = chanceFindings({ ...unseen, loss: 4, shuffled: [4, 4.1], seen: 0.1 });
    expect(finding?.why).toMatch(
      /^rows that the run saw have 0.1: .* by heart.*cannot be told apart$/,
    );
    expect(chanceFindings(unseen)[0]?.why).not.toContain("by heart");
  });
});

const state = (name: string, spread: number): ReturnType<typeof activationStates>[number] => ({
  name,
  saturation: 0,
  deadUnits: 0,
  spread,
});

describe("first weights", () => {
  it("have the gain of their size and of how many inputs there are", () => {
    expect(gainOf([0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5], [4, 2])).toBe(1);
    expect(gainOf([2, 2, 2, 2], [2, 2, 1])).toBe(4);
  });
  const weights = [
    { name: "dense_1.W", gain: 8e-4 },
    { name: "dense_2.W", gain: 20 },
  ];
  it("are far too small where nothing is left of the examples' differences, too large where these are huge", () => {
    const small = firstWeightFindings(weights, [state("relu", 1e-4), state("relu_2", 1e-8)]);
    expect(small).toMatchObject([{ where: "dense_1.W" }]);
    expect(small[0]?.todo).toMatch(/^draw them larger, dense_1.W by a factor of about 1000/);
    const large = firstWeightFindings(weights, [state("relu", 1e2), state("relu_2", 1e6)]);
    expect(large).toMatchObject([{ where: "dense_2.W" }]);
    expect(large[0]?.todo).toMatch(/^draw them smaller, dense_2.W by a factor of about 20/);
  });
  it("of usual size are not to blame, nor small ones of a head alone", () => {
    const spreads = [state("sigmoid", 0.1), state("sigmoid_2", 1e-6)];
    expect(firstWeightFindings([{ name: "W", gain: 1 }], spreads)).toEqual([]);
    expect(firstWeightFindings(weights, [state("relu", 0.4), state("relu_2", 0.3)])).toEqual([]);
  });
});

describe("what passes through layers", () => {
  const along = (...norms: number[]): { name: string; norm: number }[] =>
    norms.map((norm, at) => ({ name: `dense_${at + 1}.W`, norm }));
  it("vanishes where it is orders of magnitude less at the other end", () => {
    const [finding] = vanishingFindings(
      [state("sigmoid", 0.1), state("sigmoid_9", 1e-6)],
      along(1e-8, 1e-4, 0.4),
    );
    expect(finding?.what).toContain("sigmoid_9 gives differs by 1.000e-6");
    expect(finding?.what).toContain("the gradient of dense_1.W is 1.000e-8, that of dense_3.W 0.4");
  });
  it("does not where the sizes are alike, or grow", () => {
    const states = [state("relu", 0.1), state("relu_9", 2e-3)];
    expect(vanishingFindings(states, along(0.01, 0.02, 0.2))).toEqual([]);
    expect(vanishingFindings(states, along(90, 3, 0.01))).toEqual([]);
  });
});

describe("targets", () => {
  const scale = {
    where: "price",
    size: 270_000,
    mean: 250_000,
    leastDeviation: 80_123,
    largestDeviation: 80_123,
  };
  it("that are not of a size of about 1 are to be scaled, with the numbers for it", () => {
    const [large] = targetFindings(scale);
    expect(large?.todo).toContain("`(price - 250000) / 80000` in the loss");
    expect(large?.todo).toContain("`y * 80000 + 250000` as the output");
    const [tiny] = targetFindings({ ...scale, size: 1e-5, mean: 0, largestDeviation: 1e-5 });
    expect(tiny?.todo).toContain("`price / 0.00001` in the loss");
  });
  it("that are, or that are all alike, are not told of", () => {
    expect(targetFindings({ ...scale, size: 1.1, mean: 0, largestDeviation: 1 })).toEqual([]);
    expect(targetFindings({ ...scale, size: 1, mean: 1, largestDeviation: 0 })).toEqual([]);
  });
});

const healthy: Measurements = {
  scales: [],
  targetScales: [],
  activations: [],
  firstWeights: [],
  firstGradients: [],
  ratios: [],
  unreached: [],
  drawn: [],
  few: undefined,
  unseen: undefined,
};

describe("findings", () => {
  const stuck: FewExamples = {
    examples: 50,
    steps: 400,
    before: 1.1,
    after: 1.09,
    shuffled: 1.1,
    failure: undefined,
  };
  const ill: Measurements = {
    ...healthy,
    activations: [state("sigmoid", 0.1), state("sigmoid_9", 1e-6)],
    ratios: [{ "dense_1.W": 1e-6 }],
    few: stuck,
  };
  const kindsOf = (measurements: Measurements): string[] =>
    findingsOf(measurements).map(({ kind }) => kind);
  it("leave out what follows from others: a rate is not to blame for what vanishes", () => {
    expect(kindsOf(ill)).toEqual(["vanishing", "fit"]);
    const firstWeights = [{ name: "dense_1.W", gain: 1e-3 }];
    expect(kindsOf({ ...ill, firstWeights })).toEqual(["weights", "fit"]);
  });
  it("tell of what vanishes, and of targets' size, only where little is learned", () => {
    const few = { ...stuck, after: 1e-3, shuffled: 4 };
    const targetScales = [
      { where: "y", size: 90, mean: 90, leastDeviation: 3, largestDeviation: 3 },
    ];
    expect(kindsOf({ ...ill, few, ratios: [], targetScales })).toEqual([]);
    expect(kindsOf({ ...healthy, few: stuck, targetScales })).toEqual(["targets", "fit"]);
    expect(kindsOf({ ...ill, few: undefined, drawn: [1.1, 1.09] })).toEqual(["vanishing"]);
  });
  it("hold no update against first weights of next to no size", () => {
    const ratios = [{ "dense_1.W": 1e-3, "head.W": 3 }];
    const firstWeights = [
      { name: "dense_1.W", gain: 1 },
      { name: "head.W", gain: 1e-4 },
    ];
    expect(kindsOf({ ...healthy, ratios, firstWeights })).toEqual([]);
    expect(measuredOf({ ...healthy, ratios, firstWeights })[0]?.value).toBe("0.001, 0.001");
  });
  it("measure by the limits that they find by", () => {
    expect(measuredOf(ill)[0]?.wanted).toBe("below 0.8, below 0.4");
  });
});
