// Runs cut off at every step in; that each, gone on with, ends bit for bit as the one that was never cut off, out.

import { describe, expect, it } from "vitest";
import type { EpochReport, FitOptions, TrainingNet } from "../../runtime/api.js";
import { compileOne, open } from "../support/compiled.js";

function model(train: string): string {
  return `
model M {
  input x: [batch]
  target y: [batch]
  target z: [batch]
  param a: [] = 0
  param c: [] = 0
  loss la = mean((x * a - y) ^ 2) + 0.1 * a
  loss lc = mean((x * c + z) ^ 2)
}
${train}
`;
}

const watching = "sgd(lr: 0.9, momentum: 0.9) batch 8 epochs 3 validation 0.2";
const cases: readonly [string, string][] = [
  ["that stops early", `train M { minimize la on all with ${watching} stop_early(patience: 9) }`],
  ["that validates", `train M { minimize la on all with ${watching} }`],
  ["of some steps", "train M { minimize la on all with sgd(lr: 0.1) batch 8 steps 7 }"],
  [
    "of two stages",
    `train M stage one { minimize la on all with ${watching} stop_early(patience: 9) }
     train M stage two { minimize lc on all with sgd(lr: 0.3, momentum: 0.9) batch 10 epochs 2 }`,
  ],
  [
    "whose steps take several batches",
    `train M { minimize la on a with sgd(lr: 0.1) repeat 3  minimize lc on c with sgd(lr: 0.1) batch 8 epochs 4 }`,
  ],
];
const rows = 40;
const x = Float32Array.from({ length: rows }, (_, at) => Math.sin(at * 1.7));
const y = Float32Array.from({ length: rows }, (_, at) => Math.cos(at * 0.9) + 0.5);
const z = y.map((value) => -value);
const arrays = { x, y, z };
/** The order does not matter to a run, nor does what a later stage does without. */
const again = { z, y, x };
const stream = (): Iterable<object> =>
  [0, 8, 16, 24].map((at) => ({
    x: x.slice(at, at + 8),
    y: y.slice(at, at + 8),
    z: z.slice(at, at + 8),
  }));

type Told = Omit<EpochReport, "seconds">;
const told = ({ seconds, ...rest }: EpochReport): Told => {
  expect(seconds).toBeGreaterThanOrEqual(0);
  return rest;
};

async function weightsOf(net: TrainingNet): Promise<readonly number[]> {
  return [...(await net.read("a")), ...(await net.read("c"))];
}

describe.each(cases)("a run %s", (_name, train) => {
  const compiled = compileOne(model(train));
  const cases: [string, unknown, FitOptions][] = [
    ["arrays", arrays, {}],
    ["batches", stream, { validation: arrays }],
  ];
  it.each(cases)("of %s ends the same wherever it was cut off", async (_kind, data, options) => {
    const whole = await open(compiled, "f32", { seed: 3 });
    const history = await whole.fit(data as never, options);
    const { steps } = history;
    expect(steps).toBeGreaterThan(3);
    for (let cut = 1; cut <= steps; cut++) {
      for (const where of ["the same net", "a file"]) {
        const first = await open(compiled, "f32", { seed: 3 });
        const abort = new AbortController();
        let count = 0;
        const onStep = (): void => {
          if (++count === cut) abort.abort();
        };
        const before = await first.fit(data as never, { ...options, signal: abort.signal, onStep });
        const weights = await first.save({ optimizer: true });
        const net = where === "a file" ? await open(compiled, "f32", { seed: 3, weights }) : first;
        // Where nothing awaits after the last step, the run came to its end.
        const rest = data === arrays ? again : data;
        const after = net.run && (await net.fit(rest as never, { ...options, resume: true }));
        expect(before.stopped).toBe(after ? "aborted" : "finished");
        expect(await weightsOf(net)).toEqual(await weightsOf(whole));
        const epochs = [...before.epochs, ...(after?.epochs ?? [])];
        expect(epochs.map(told)).toEqual(history.epochs.map(told));
        expect((after ?? before).best).toEqual(history.best);
        expect(net.run).toBeUndefined();
      }
    }
  });
});
