// Stages that freeze a part, and weights files of parts, in; what training may have changed alone, and nets of several files, out.

import { expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { load } from "../../runtime/index.js";
import { readSafetensors, writeSafetensors } from "../../runtime/safetensors.js";
import { lineModule, linePlan } from "./support/line.js";

type Options = Parameters<typeof load>[1];

const open = (
  frozen: readonly (readonly string[])[],
  options: Options = {},
): Promise<TrainingNet> =>
  load(linePlan(frozen.map((names, at) => ({ name: `stage${at}`, frozen: names }))), {
    backend: "cpu",
    cpu: () => Promise.resolve(lineModule),
    ...options,
  });

const namesIn = (file: Uint8Array): string[] => [...readSafetensors(file).tensors.keys()];

async function valuesOf(net: TrainingNet): Promise<Record<string, number[]>> {
  const values = Object.keys(net.parameters).map(async (name): Promise<[string, number[]]> => [
    name,
    Array.from(await net.read(name)),
  ]);
  const all = Object.fromEntries(await Promise.all(values));
  net.destroy();
  return all;
}

/** The parameter of that name alone, with these numbers. */
function fileOf(name: string, numbers: readonly number[], shape: readonly number[]): Uint8Array {
  const data = new Uint8Array(Float32Array.from(numbers).buffer);
  return writeSafetensors(new Map([[name, { dtype: "F32", shape, data }]]));
}

it("what every stage freezes is left out, what one trains is not", async () => {
  for (const [frozen, left] of [
    [[["w"]], ["w"]],
    [[["w", "mean"], ["w"]], ["w"]],
    [[["w"], ["b"]], []],
    [[[]], []],
  ] as const) {
    const net = await open(frozen, { seed: 1 });
    const all = namesIn(await net.save());
    expect(namesIn(await net.save({ only: "trained" }))).toEqual(
      all.filter((name) => !(left as readonly string[]).includes(name)),
    );
    net.destroy();
  }
});

it("a file of what was trained is loaded over its base", async () => {
  const base = await open([["w"]], { seed: 1 });
  const before = await base.save();
  await base.write("b", 7);
  const adapter = await base.save({ only: "trained" });
  const expected = await valuesOf(base);
  expect(await valuesOf(await open([["w"]], { weights: [before, adapter] }))).toEqual(expected);
  // Of several files the last one with the tensor counts.
  const other = await valuesOf(await open([["w"]], { weights: [adapter, before] }));
  expect(other).not.toEqual(expected);
  expect(other).toEqual(await valuesOf(await open([["w"]], { weights: before })));
});

it("bytes in a list are the call's own, and a run in one of them is not gone on with", async () => {
  const net = await open([[]], { seed: 1 });
  const whole = await net.save({ optimizer: true });
  const changed = fileOf("w", [3, 4], [2]);
  const opening = open([[]], { weights: [whole, changed] });
  changed.fill(0);
  const second = await opening;
  expect(second.run).toBeUndefined();
  expect(await valuesOf(second)).toEqual({ ...(await valuesOf(net)), w: [3, 4] });
});

it("what cannot be joined is refused", async () => {
  const refusal = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => "done",
      (error: unknown) => (error as Error).message,
    );
  const net = await open([["w"]], { seed: 1 });
  expect(await refusal(net.save({ only: "frozen" as never }))).toBe(
    'only is "trained", not "frozen"',
  );
  expect(await refusal(net.save({ only: "trained", optimizer: true }))).toContain(
    "give optimizer or only",
  );
  const adapter = await net.save({ only: "trained" });
  net.destroy();
  expect(await refusal(open([[]], { weights: [] }))).toContain(
    "the list of weights files is empty",
  );
  expect(await refusal(open([[]], { weights: [adapter] }))).toContain("missing from the file: w");
  expect(await refusal(open([[]], { weights: [adapter, new Uint8Array(3)] }))).toContain(
    "the file ends after 3 bytes",
  );
  expect(await refusal(open([[]], { weights: [adapter, fileOf("w", [1], [1])] }))).toContain(
    "w has shape [1], the model wants [2]",
  );
});
