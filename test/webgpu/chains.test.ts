// Programs whose nests hand rows on in; the same bits from dispatches that do them row by row as from one for each nest, out.

import { afterAll, beforeAll, expect, it } from "vitest";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { verifySchedule } from "../../compiler/schedule/verify.js";
import type { Plan } from "../../runtime/plan.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { check } from "../support/compiled.js";
import { numbersOf } from "../support/trainedNumbers.js";
import type { Variant } from "../support/variants.js";
import { variantOf } from "../support/variants.js";

interface Program {
  readonly body: string;
  /** Nests of a step that follow another in its rows. */
  readonly following: number;
  readonly dimensions?: string;
}

const programs: Readonly<Record<string, Program>> = {
  "rows that an invocation does": {
    body: `
    input x: [batch, 300, 24]
    target y: [batch, 300, 24]
    output o = x |> dense(24) |> layer_norm() |> dense(24)
    loss mse(o, y)`,
    following: 1,
  },
  "shares of any number of tokens, whose rows a workgroup shares": {
    body: `
    input x: [batch, time, 8]
    target y: [batch, time, time]
    keys = x |> dense(8)
    score = x @ transpose(keys, [0, 2, 1])
    output o = softmax(score) @ score
    loss mse(o, y)`,
    following: 1,
    dimensions: "time 70",
  },
  "rows whose elements lie apart": {
    body: `
    input x: [batch, 90, 90]
    target y: [batch, 90, 90]
    output o = x |> dense(90) |> softmax(axis: 1) |> dense(90)
    loss mse(o, y)`,
    following: 1,
  },
  "rows of other axes, which wait for all of those before": {
    body: `
    input x: [batch, 90, 90]
    target y: [batch, 90, 90]
    output o = x |> dense(90) |> softmax() |> softmax(axis: 1) |> dense(90)
    loss mse(o, y)`,
    following: 0,
  },
};

function variant({ body, dimensions = "" }: Program, merge: boolean): Variant {
  const source = `model Net {${body}}\ntrain Net { optimizer sgd(lr: 0.1) batch 3 ${dimensions} epochs 1 }`;
  const [model] = check(source).models;
  if (model === undefined) throw new Error("it does not compile");
  return variantOf(model, { merge });
}

describeGpu("nests of a step row by row", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device.destroy();
  });

  it.each(Object.entries(programs))("%s", { timeout: 180_000 }, async (_, program) => {
    const [chained, single] = [variant(program, true), variant(program, false)];
    for (const schedule of chained.schedules) expect(verifySchedule(schedule)).toEqual([]);
    const step = chained.schedules.find(({ name }) => name.startsWith("step"));
    expect(step?.nests.filter(({ follows }) => follows).length).toBe(program.following);
    for (const of of [(plan: Plan) => plan, withoutVariants]) {
      const [found, expected] = [
        await numbersOf(of(chained.plan), device),
        await numbersOf(of(single.plan), device),
      ];
      expect([...expected.values()].flat().every(Number.isFinite)).toBe(true);
      expect(found).toEqual(expected);
    }
  });

  it("are refused by the schedule's check where one follows what is in another step", () => {
    const { schedules } = variant(programs["rows that an invocation does"] ?? fail(), true);
    const step = schedules.find(({ nests }) => nests.some(({ follows }) => follows)) ?? fail();
    const apart = { ...step, steps: step.nests.map(() => 1) };
    expect(verifySchedule(apart).join("\n")).toContain("follows what is in another step");
    const beside = { ...step, nests: step.nests.map((nest) => ({ ...nest, follows: false })) };
    expect(verifySchedule(beside).join("\n")).toContain("which is in its step");
  });
});

function fail(): never {
  throw new Error("no such program");
}
