// Programs with recurrences in; the same numbers from kernels that do all turns as from a dispatch for each nest in each turn, out.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutVariants } from "../../compiler/emit/variants.js";
import { evaluateDim } from "../../runtime/dimensions.js";
import type { Plan } from "../../runtime/plan.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { compileOne } from "../support/compiled.js";
import { numbersOf } from "../support/trainedNumbers.js";
import { variantOf } from "../support/variants.js";

interface Program {
  readonly body: string;
  readonly batch: number;
  /** Recurrences of a step whose turns run in one dispatch. */
  readonly inOneDispatch: number;
  readonly workgroups: number | undefined;
}

const programs: Readonly<Record<string, Program>> = {
  "an LSTM": {
    body: `
    input x: [batch, 5, 3]
    target y: [batch, 2]
    h = x |> lstm(7)
    output o = dense(h[:, -1], 2)
    loss mse(o, y)`,
    ...{ batch: 36, inOneDispatch: 2, workgroups: 5 },
  },
  "a GRU backwards, of examples of several lengths": {
    body: `
    input x: [batch, 4, 2]
    input kept: [batch, 4]
    target y: [batch, 4, 1]
    h = x |> gru(6, reverse: true, mask: kept > 0)
    output o = h |> dense(1)
    loss mse(o, y)`,
    ...{ batch: 11, inOneDispatch: 2, workgroups: 19 },
  },
  "turns in which the examples meet": {
    body: `
    input x: [batch, 3, 4]
    target y: [batch, 4]
    h = scan part in x along 1 {
      carry h: [batch, 4] = 0
      h <- tanh(dense(h, 4) + part - mean(h * part, axis: 0))
      yield h
    }
    output o = h[:, -1] * 2
    loss mse(o, y)`,
    ...{ batch: 6, inOneDispatch: 2, workgroups: 1 },
  },
  "a softmax in each turn, over a recurrence within": {
    body: `
    input x: [batch, 3, 2, 5]
    target y: [batch, 5]
    h = scan part in x along 1 {
      carry h: [batch, 5] = 0
      inner = scan own in part along 1 {
        carry g: [batch, 5] = 0
        g <- softmax(dense(g, 5) + own + h)
        yield g
      }
      h <- 0.5 * h + inner[:, -1]
      yield h
    }
    output o = h[:, -1]
    loss mse(o, y)`,
    ...{ batch: 9, inOneDispatch: 3, workgroups: 19 },
  },
};

function planOf({ body, batch }: Program, merge: boolean): Plan {
  const source = `model Net {${body}}\ntrain Net { optimizer adam(lr: 1e-2) batch ${batch} epochs 1 }`;
  return variantOf(compileOne(source).typed, { merge }).plan;
}

/** Of the first dispatch that does all turns, where adapters in software predict for 37 examples. */
function workgroupsOf({ programs: all }: Plan): number | undefined {
  for (const { kind, loops = [], dispatches } of all) {
    const within = loops.find(([, , , , one]) => one);
    const { workgroups = 0, variants } = dispatches[within?.[0] ?? -1] ?? {};
    if (kind === "predict" && within)
      return evaluateDim(variants?.software ?? workgroups, { batch: 37 });
  }
  return undefined;
}

function turnsInOneDispatch({ programs: all }: Plan, kind: string): number {
  const loops = all.filter((one) => one.kind === kind).flatMap((one) => one.loops ?? []);
  return loops.filter(([, , , , within]) => within).length;
}

/** Numbers of examples that predictions are for. */
const batches = [1, 2, 8, 37];

describeGpu("recurrences in one dispatch", () => {
  let device: GPUDevice;
  beforeAll(async () => {
    device = await softwareDevice();
  });
  afterAll(() => {
    device.destroy();
  });

  describe.each([
    ["for an adapter in software", (plan: Plan) => plan],
    ["for any adapter", withoutVariants],
  ])("%s", (_adapter, of) => {
    it.each(Object.entries(programs))("%s", { timeout: 180_000 }, async (_, program) => {
      const [whole, single] = [of(planOf(program, true)), of(planOf(program, false))];
      expect(turnsInOneDispatch(whole, "step")).toBe(program.inOneDispatch);
      expect(turnsInOneDispatch(single, "step")).toBe(0);
      expect(workgroupsOf(planOf(program, true))).toBe(program.workgroups);
      const [found, expected] = [
        await numbersOf(whole, device, batches),
        await numbersOf(single, device, batches),
      ];
      expect([...found.keys()]).toEqual([...expected.keys()]);
      for (const [name, values] of expected)
        for (const [at, value] of values.entries())
          expect(Math.abs((found.get(name)?.[at] ?? NaN) - value), `${name} ${at}`).toBeLessThan(
            1e-5 * (1 + Math.abs(value)),
          );
    });
  });
});
