// The loss of sequences over a free time, and where no reading fits, in; agreement with the record of a fixed time, and with what the library says of it, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { readRecords, tensorOf, worstError } from "./records.js";

const model = compileOne(`model M {
  input x: [batch, time, 4]
  input label: category(4)[batch, 3]
  input steps: i32[batch]
  y = ctc(x, label, times: steps)
  output y
  output slope = grad(if steps < 3 then 0 else y, x)
  output all = grad(y, x)
}`);

it("ctc takes a free time, and is infinite with a derivative of 0 where no reading fits", async () => {
  const record = readRecords("losses").find(({ name }) => name === "ctc");
  if (record === undefined) throw new Error("no record");
  const [x, label] = ["x", "label"].map((name) => tensorOf(record.inputs, name));
  if (x === undefined || label === undefined) throw new Error("no inputs");
  const net = await open(model, "f64");
  const given = async (
    steps: readonly number[],
  ): Promise<Readonly<Record<"y" | "slope" | "all", readonly number[]>>> => {
    const found = await net.predict({
      x: { data: [...x.data], shape: [...x.shape] },
      label: { data: [...label.data], shape: [...label.shape] },
      steps: { data: [...steps], shape: [steps.length] },
    });
    const [y, slope, all] = ["y", "slope", "all"].map((name) => Array.from(found[name] ?? []));
    return { y: y ?? [], slope: slope ?? [], all: all ?? [] };
  };
  const whole = await given([7, 7, 7, 7]);
  expect(worstError(whole.y, tensorOf(record.outputs, "y").data)).toBeLessThan(1e-7);
  // Two steps are too few for three labels, and five for [3, 3, 3] are just enough.
  const short = await given([2, 7, 5, 4]);
  expect(short.y.map((one) => Number.isFinite(one))).toEqual([false, true, true, true]);
  expect(short.y[0]).toBe(Infinity);
  expect(short.all.slice(0, 28)).toEqual(Array.from({ length: 28 }, () => 0));
  expect(short.all).toEqual(short.slope);
  const shorter = await given([7, 7, 4, 7]);
  expect(shorter.y[2]).toBe(Infinity);
  net.destroy();
});
