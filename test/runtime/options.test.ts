// Options that are misspelt, of no kind or not an object in; errors that name them and the nearest, out.

import { expect, it } from "vitest";
import { load, loadInference, NnError } from "../../runtime/index.js";
import type { TrainingNet } from "../../runtime/api.js";
import { lineModule, linePlan } from "./support/line.js";

const cpu = (): typeof lineModule => lineModule;
const open = (more: object = {}): Promise<TrainingNet> =>
  load(linePlan(), { backend: "cpu", seed: 1, cpu, ...more });

async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => "done",
    (reason: unknown) => reason,
  );
  return error instanceof NnError ? `${error.code}: ${error.message}` : String(error);
}

const inputs = { x: [[1, 2]] };
const calls: Readonly<Record<string, (net: TrainingNet, options: never) => Promise<unknown>>> = {
  predict: (net, options) => net.predict(inputs, options),
  restore: (net, options) => net.restore(options),
  save: (net, options) => net.save(options),
  evaluate: (net, options) => net.evaluate({ ...inputs, t: [1] }, options),
  fit: (net, options) => net.fit({ ...inputs, t: [1] }, options),
  step: (net, options) => net.step({ ...inputs, t: [1] }, options),
  load: (_, options) => open(options),
  loadInference: (_, options) =>
    loadInference(linePlan(), { backend: "cpu", seed: 1, cpu, ...(options as object) }),
};

it.each<[string, object, string]>([
  ["predict", { batchs: 3 }, '"batchs"; did you mean "batch"?'],
  ["predict", { output: ["y"] }, '"output"; did you mean "outputs"?'],
  ["restore", { devise: {} }, '"devise"; did you mean "device"?'],
  ["save", { optimiser: true }, '"optimiser"; did you mean "optimizer"?'],
  ["evaluate", { example: 3 }, '"example"; did you mean "examples"?'],
  ["fit", { epoch: 3 }, '"epoch"; did you mean "epochs"?'],
  ["step", { stages: "a" }, '"stages"; did you mean "stage"?'],
  ["load", { weight: 3 }, '"weight"; did you mean "weights"?'],
  ["load", { readfile: 3 }, '"readfile"; did you mean "readFile"?'],
  ["loadInference", { backends: "cpu" }, '"backends"; did you mean "backend"?'],
])("%s knows no option %j", async (name, options, text) => {
  const net = await open();
  const message = await refusal(calls[name]?.(net, options as never) ?? Promise.resolve());
  expect(message).toContain(`name: there is no option ${text}`);
  // What was refused has changed nothing.
  expect(await refusal(net.predict(inputs))).toBe("done");
  net.destroy();
});

it("what cannot be an option's value is refused", async () => {
  const net = await open();
  expect(await refusal(net.predict(inputs, { as: "gpus" } as never))).toContain('as is "array" or');
  expect(await refusal(net.save({ optimizer: 1 } as never))).toContain("true or false, not 1");
  expect(await refusal(net.evaluate({ ...inputs, t: [1] }, { examples: 3 }))).toBe(
    "option: examples says how many are drawn, and the data given has its own: leave it out",
  );
  for (const name of ["predict", "restore", "save", "evaluate", "fit", "step"])
    expect(await refusal(calls[name]?.(net, null as never) ?? Promise.resolve())).toBe(
      "option: options are an object, not null",
    );
  net.destroy();
});
