// Updates of several batches of which one fails, and evaluations beside values being fitted, in; nets as if neither had been, out.

import { expect, it } from "vitest";
import { importKernels } from "../../cli/session.js";
import type { CompiledModel } from "../../compiler/compile.js";
import { load } from "../../runtime/index.js";
import type { CpuModule, PlanProgram } from "../../runtime/plan.js";
import { compileOne, scalarKernels } from "../support/compiled.js";

/** Kernels that are counted, one of which fails. */
async function counted(model: CompiledModel): Promise<{ failAt: number; module: CpuModule }> {
  const kernels = scalarKernels(await importKernels(model.cpu));
  let calls = 0;
  const watched: CpuModule["kernels"] = Object.fromEntries(
    Object.entries(kernels).map(([name, kernel]) => [
      name,
      (...given) => {
        if (++calls === counter.failAt) throw new Error("a kernel that fails");
        kernel(...given);
      },
    ]),
  );
  const counter = { failAt: 0, module: { kernels: watched } };
  return counter;
}

const gathering = compileOne(`model Counting {
  input x: [batch]
  target t: [batch]
  state seen: [] = 0
  weight w: [] = 0.5
  if training { seen <- seen + mean(x) }
  output y = x * w + seen
  loss square = (y - t) ^ 2
}
train Counting { optimizer adam(lr: 0.1)  batch 2  accumulate 3  epochs 1  seed 3 }`);

const data = {
  x: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)),
  t: Float32Array.from({ length: 12 }, (_, i) => Math.cos(i)),
};

it("a fit whose second update fails half gathered goes on as if it had not", async () => {
  const { programs } = gathering.training.plan;
  // The CPU does what adapters do in one dispatch a nest at a time.
  const callsOf = (program: PlanProgram | undefined): number =>
    (program?.dispatches ?? []).reduce((sum, { joint }) => sum + (joint?.length ?? 1), 0);
  const lengthOf = (kind: string): number =>
    callsOf(programs.find((program) => program.kind === kind));
  const gather = lengthOf("gather");
  const update = 2 * gather + lengthOf("step");
  expect(gather).toBeGreaterThan(0);
  const whole = await load(gathering, {
    backend: "cpu",
    seed: 1,
    cpu: () => importKernels(gathering.cpu),
  });
  await whole.fit(data);
  const wanted = await whole.save({ optimizer: true });
  // In the second batch, and in the third, which the first two have gathered for.
  for (const call of [gather + 1, 2 * gather + 1]) {
    const counter = await counted(gathering);
    const { module } = counter;
    const net = await load(gathering, { backend: "cpu", seed: 1, cpu: () => module });
    // What draws the first weights has run.
    let calls = 0;
    for (const program of programs) if (program.kind === "init") calls += callsOf(program);
    counter.failAt = calls + update + call;
    await expect(net.fit(data)).rejects.toThrow("a kernel that fails");
    expect(net.run).toMatchObject({ epoch: 0, step: 1 });
    await net.fit(data, { resume: true });
    expect(await net.save({ optimizer: true })).toEqual(wanted);
    net.destroy();
  }
  whole.destroy();
});

const fitting = compileOne(`model Fitting {
  input x: [batch]
  target t: [batch]
  fitted center: [] = mean(x)
  fitted width: [] = max(abs(x - center))
  weight w: [] = 0.5
  output y = (x - center) / width * w
  loss square = (y - t) ^ 2
}
train Fitting { optimizer sgd(lr: 0)  batch 2  epochs 1  seed 3 }`);

it("evaluations begun while values are fitted see all of the new ones", async () => {
  const net = await load(fitting, {
    backend: "cpu",
    seed: 1,
    cpu: () => importKernels(fitting.cpu),
  });
  const losses: Promise<number>[] = [];
  function* batches(): Generator<object> {
    for (let at = 0; at < 6; at++) {
      const part = (all: Float32Array): Float32Array => all.slice(2 * at, 2 * at + 2);
      yield { x: part(data.x), t: part(data.t) };
      losses.push(net.evaluate(data).then(({ loss }) => loss));
    }
  }
  await net.fit(() => batches() as never);
  const { loss } = await net.evaluate(data);
  expect(losses.length).toBeGreaterThan(6);
  expect(new Set(await Promise.all(losses))).toEqual(new Set([loss]));
  net.destroy();
});
