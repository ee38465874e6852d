// The example programs in; that what a minified bundle leaves out of its plan and its runtime is missed by none of them on either backend, out.

import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../compiler/compile.js";
import type { CompiledModel } from "../../compiler/compile.js";
import { emit } from "../../compiler/emit/bundle.js";
import type { TrainingNet } from "../../runtime/api.js";
import { describeGpu, softwareDevice } from "../support/adapter.js";
import { drawnData } from "../support/drawnData.js";

const programs = join(import.meta.dirname, "../../examples/programs");
const folder = mkdtempSync(join(tmpdir(), "nnc-programs-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Sixty million numbers; and what others have too, since bundling takes its time. */
const leftOut = ["alexnet.nn", "curriculum.nn", "deep.nn", "vae.nn", "vit.nn"];
const names = readdirSync(programs).filter(
  (name) => name.endsWith(".nn") && !leftOut.includes(name),
);

/** Of every kind of plan one: pipelines take their time. */
const onWebGpu = [
  "digits_mlp.nn",
  "adding_gru.nn",
  "memory.nn",
  "movies.nn",
  "own_parts.nn",
  "pretrain.nn",
  "susan.nn",
];

const compiled = new Map<string, CompiledModel>();
function modelOf(name: string): CompiledModel {
  const known = compiled.get(name);
  if (known) return known;
  const { models } = compile(readFileSync(join(programs, name), "utf8"), { file: name });
  const [model] = models;
  if (!model) throw new Error(`${name} does not compile`);
  compiled.set(name, model);
  return model;
}

interface Module {
  readonly load: (options: object) => Promise<TrainingNet>;
}

async function openBundle(name: string, minify: boolean, options: object): Promise<TrainingNet> {
  const own = mkdtempSync(join(folder, `${name}-`));
  const model = modelOf(name);
  for (const [file, text] of Object.entries(await emit(model, { file: name, minify })))
    writeFileSync(join(own, file), text);
  const path = join(own, name.replace(/\.nn$/, ".train.js"));
  const module = (await import(pathToFileURL(path).href)) as Record<string, Module>;
  const net = module[model.plan.model];
  if (!net) throw new Error(`${name} exports no ${model.plan.model}`);
  return net.load({ ...options, seed: 7 });
}

interface Outcome {
  readonly reports: readonly { readonly loss: number }[];
  readonly outputs: object;
  /** The digest of its weights and its optimizer's state: megabytes are compared for seconds. */
  readonly saved: string;
}

/** A step of every stage, then a prediction: all that they leave behind. */
async function outcomeOf(name: string, net: TrainingNet): Promise<Outcome> {
  const { plan } = modelOf(name);
  const batch = 3;
  const sizes = Object.fromEntries(
    plan.dimensions.map((dimension) => [dimension.name, dimension.name === "batch" ? batch : 5]),
  );
  const data = drawnData(plan, sizes);
  if (plan.programs.some(({ series }) => series === "fitted")) await net.prepare(data);
  const reports = [];
  for (const { name: stage } of plan.stages) {
    await net.step(data, { stage, epoch: 0, progress: 0 });
    reports.push(await net.report());
  }
  const options = { batch, dimensions: sizes };
  const outputs = await net.predict(drawnData(plan, sizes, ["input"]), options);
  const saved = createHash("sha256")
    .update(await net.save({ optimizer: true }))
    .digest("hex");
  net.destroy();
  return { reports, outputs, saved };
}

describe("minified programs do on the CPU what readable ones do", () => {
  it.each(names)("%s", async (name) => {
    const [small, readable] = [true, false].map((minify) =>
      openBundle(name, minify, { backend: "cpu" }).then((net) => outcomeOf(name, net)),
    );
    expect(await small).toEqual(await readable);
  });
});

describeGpu("minified programs do on WebGPU what readable ones do", () => {
  it.each(onWebGpu)("%s", async (name) => {
    const outcomes = [];
    for (const minify of [true, false]) {
      const device = await softwareDevice();
      const net = await openBundle(name, minify, { backend: "webgpu", device });
      outcomes.push(await outcomeOf(name, net));
      device.destroy();
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
    // With the kernels for any adapter, which the CPU has none of.
    const cpu = await outcomeOf(name, await openBundle(name, true, { backend: "cpu" }));
    for (const [stage, { loss }] of cpu.reports.entries())
      expect(outcomes[0]?.reports[stage]?.loss).toBeCloseTo(loss, 3);
  });
});
