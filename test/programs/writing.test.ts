// The character model and a text that repeats in; what it writes behind a part of it, once trained, out.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const text = readFileSync("examples/programs/char_lstm.nn", "utf8");
const model = compileOne(text, "char_lstm.nn", { set: { vocabulary: 4, units: 24 } });
const [batch, time] = [8, 12];
/** 0 1 2 3 2 1 0 …: what follows a 1 or a 2 depends on what stood before it. */
const character = (at: number): number => 3 - Math.abs(3 - (at % 6));
const windows = (first: number): number[] =>
  Array.from({ length: batch * time }, (_, at) =>
    character(first + Math.floor(at / time) + (at % time)),
  );

it("writes 200 characters as the text goes on", async () => {
  const net = await open(model, "f32", { seed: 2 });
  const shape = [batch, time];
  for (let step = 0; step < 800; step++) {
    const token = { data: Uint32Array.from(windows(step)), shape };
    const next = { data: Uint32Array.from(windows(step + 1)), shape };
    await net.step({ token, next });
  }
  const token = { data: Uint32Array.from(windows(0)), shape };
  const { written } = await net.predict({ token }, { outputs: ["written"], seed: 5 });
  const values = Array.from(written as Uint32Array);
  expect(values.length).toBe(batch * 200);
  const right = values.filter(
    (value, at) => value === character(Math.floor(at / 200) + time + (at % 200)),
  );
  // An untrained model is right once in four times.
  expect(right.length / values.length).toBeGreaterThan(0.95);
  const again = await net.predict({ token }, { outputs: ["written"], seed: 5 });
  expect(Array.from(again["written"] as Uint32Array)).toEqual(values);
  if (softwareExpected) {
    const other = await open(model, "webgpu", { weights: await net.save() });
    const found = await other.predict({ token }, { outputs: ["written"], seed: 5 });
    const same = Array.from(found["written"] as Uint32Array).filter(
      (value, at) => value === values[at],
    );
    expect(same.length / values.length).toBeGreaterThan(0.9);
    other.destroy();
  }
  net.destroy();
});
