// Programs over whole sets in; the names that a user gave to what they compute, as messages tell them, out.
import { describe, expect, it } from "vitest";
import { compile } from "../../compiler/index.js";
import { servedBy } from "../../runtime/train/served.js";

const source = `model M {
  input x: [batch]
  target t: [batch]
  fitted middle: [] = mean(x, axis: 0)
  fitted spread: [] = mean((x - middle) ^ 2, axis: 0) ^ 0.5
  weight a: [] = 1
  y = a * (x - middle) / spread
  loss mse(y, t)
  metric order = sort(y)[0]
}
train M { optimizer sgd(lr: 0.1) }`;

describe("what a program over a whole set is run for", () => {
  const plan = compile(source).models[0]?.plan;
  const of = (series: string): string[] =>
    plan?.programs.filter((one) => one.series === series).map((one) => servedBy(plan, one)) ?? [];

  it("is told of each program of a series, in the user's words", () => {
    const evaluation = of("evaluation");
    expect(evaluation.length).toBeGreaterThan(1);
    expect(evaluation.at(-1)).toBe("the loss mse, the metric order");
    for (const words of evaluation) expect(words).toMatch(/^the (loss|metric) \w+/);
    expect(of("fitted").length).toBeGreaterThan(2);
    for (const words of of("fitted")) expect(words).toMatch(/^the fitted value (middle|spread)/);
    for (const words of of("fitted")) expect(words).toContain("spread");
  });
});
