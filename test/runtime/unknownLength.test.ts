// Batches whose number nobody knows in; that schedules which go by the progress of a run are refused for want of it, and others not, out.
import { expect, it } from "vitest";
import type { FitOptions } from "../../runtime/api.js";
import { compileOne, open } from "../support/compiled.js";

const model = (rate: string, more = "", target = "x"): ReturnType<typeof compileOne> =>
  compileOne(`model M {
    input x: [batch]
    param a: [] = 0
    output q = a * x
    loss mean(${target}) - a
    ${more}
  }
  train M { optimizer sgd(lr: ${rate}) batch 2 epochs 3 }`);
const batches = Array.from({ length: 3 }, () => ({ x: [1, 2] }));

/** `a` behind a run. */
async function trained(
  of: ReturnType<typeof compileOne>,
  data: unknown,
  options: FitOptions = {},
): Promise<number> {
  const net = await open(of, "f64");
  try {
    await net.fit(data as never, options);
    return (await net.read("a"))[0] ?? NaN;
  } finally {
    net.destroy();
  }
}

/** The sum of (step - 1) / 9 over nine steps. */
const wholeRun = 4;

it("a list of batches tells its length", async () => {
  for (const data of [batches, { x: [1, 2, 1, 2, 1, 2] }])
    expect(await trained(model("progress"), data)).toBeCloseTo(wholeRun, 10);
  await expect(trained(model("progress"), [])).rejects.toThrow(/no batch/);
});

it("a schedule of the progress wants to know how many steps there are", async () => {
  const given: FitOptions[] = [{ stepsPerEpoch: 3 }, { epochs: Infinity, steps: 9 }];
  for (const options of given)
    expect(await trained(model("progress"), () => batches, options)).toBeCloseTo(wholeRun, 10);
  for (const rate of ["progress", "cosine(1)", "warmup(2) * one_cycle(1)"])
    await expect(trained(model(rate), () => batches)).rejects.toMatchObject({
      code: "option",
      message: expect.stringMatching(
        /^the optimizer \(sgd\(lr: .*\)\) goes by the progress .* the stage train .*: give `stepsPerEpoch`, .* or `steps`/,
      ) as string,
    });
});

it("it may be the model's", async () => {
  const share = "if training then progress else 1";
  const loss = model("1", "", `(${share}) * x`);
  await expect(trained(loss, () => batches)).rejects.toThrow(/^the losses \(mean\(\(if training/);
  const both = model("progress", `regularize l2(${share}) on params`);
  await expect(trained(both, () => batches)).rejects.toThrow(
    /^the optimizer \(.*\) and the regularizers \(l2\(.*\) go by/,
  );
});

it("epochs without an end have none either", async () => {
  const options = { epochs: Infinity };
  const whole = { x: [1, 2, 1, 2] };
  await expect(trained(model("progress"), whole, options)).rejects.toThrow(/`epochs`, or `steps`/);
  await expect(trained(model("progress"), () => batches, options)).rejects.toThrow(/give `steps`/);
});

it("a step tells it, or its stage how many there are", async () => {
  const stepped = async (
    of: ReturnType<typeof compileOne>,
    progress: readonly (number | undefined)[],
  ): Promise<number> => {
    const net = await open(of, "f64");
    try {
      for (const share of progress)
        await net.step({ x: [1, 2] }, share === undefined ? {} : { progress: share });
      return (await net.read("a"))[0] ?? NaN;
    } finally {
      net.destroy();
    }
  };
  expect(await stepped(model("progress"), [0.25, 0.5])).toBeCloseTo(0.75, 10);
  await expect(stepped(model("progress"), [0.25, undefined])).rejects.toMatchObject({
    code: "option",
    message: expect.stringMatching(/the stage train has is not known: give `progress`/) as string,
  });
  const known = { ...model("progress") };
  const plan = {
    ...known.plan,
    stages: known.plan.stages.map((stage) => ({ ...stage, steps: 4 })),
  };
  expect(await stepped({ ...known, plan }, [undefined, undefined, 1])).toBeCloseTo(1.25, 10);
  expect(await stepped(model("0.5"), [undefined])).toBeCloseTo(0.5, 10);
});

it("others are trained without", async () => {
  expect(await trained(model("0.5"), () => batches)).toBeCloseTo(4.5, 10);
  const decay = model("step_decay(1, rate: 0.5, every: 1)");
  expect(await trained(decay, () => batches)).toBeGreaterThan(1);
});
