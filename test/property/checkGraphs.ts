// Seeds in; their random graphs compiled and run, and what does not agree with the interpreter or with a difference quotient
// out.

import { printGraph } from "../../compiler/graph/print.js";
import { gpu } from "../../compiler/kernel/target.js";
import type { ParallelTarget } from "../../compiler/kernel/target.js";
import { verifyGraph } from "../../compiler/graph/verify.js";
import { optimize } from "../../compiler/optimize/index.js";
import type { Node } from "../../compiler/types/graph.js";
import { kernelFor } from "../../runtime/variants.js";
import { alone } from "../../runtime/ways.js";
import { softwareDevice, softwareExpected } from "../support/adapter.js";
import { interpret, interpretOne } from "../support/interpret.js";
import type { Tensor } from "../support/interpret.js";
import { planSmall, runSmall } from "../support/runOps.js";
import type { PlannedPrograms, Scheduling } from "../support/runOps.js";
import { generator } from "../support/sampleValues.js";
import { randomGraph } from "./randomGraphs.js";
import type { RandomGraph, RandomOptions } from "./randomGraphs.js";

/** Whatever contracts is read through the workgroup's memory, however small it is. */
const staging: ParallelTarget = {
  ...gpu,
  staging: { fours: 4, terms: 8, length: 0, full: 0 },
};

interface Sample {
  readonly seed: number;
  readonly graph: RandomGraph;
  readonly roots: readonly Node[];
  readonly expected: readonly Tensor[];
}

/** Optimized and fused and in steps, optimized alone, and fused alone. */
const ways: readonly (Scheduling & { readonly optimize: boolean; readonly name: string })[] = [
  { name: "optimized and fused", optimize: true, inSteps: true },
  { name: "optimized, not fused", optimize: true, fuse: false, targets: { gpu: staging } },
  { name: "fused, not optimized", optimize: false, share: false },
];

/** A line for each disagreement; none where all is well. `onGpu`: the shaders are run too, of both kinds of adapters. */
export async function problemsOf(
  seeds: readonly number[],
  { onGpu = false, ...options }: RandomOptions & { readonly onGpu?: boolean } = {},
): Promise<string[]> {
  const samples = seeds.map((seed) => sampleOf(seed, options));
  const problems = samples.flatMap((sample) => derivativeProblem(sample) ?? []);
  for (const way of ways)
    problems.push(...(await compiledProblems(samples, way, onGpu && softwareExpected)));
  return problems;
}

function sampleOf(seed: number, options: RandomOptions): Sample {
  const graph = randomGraph(seed, options);
  const roots = [...graph.outputs, graph.scalar, ...graph.gradients.map(({ node }) => node)];
  const broken = verifyGraph(roots);
  if (broken.length > 0) throw new Error(`graph ${seed}: ${broken.join("; ")}`);
  return { seed, graph, roots, expected: interpret(roots, graph) };
}

async function compiledProblems(
  samples: readonly Sample[],
  way: (typeof ways)[number],
  onGpu: boolean,
): Promise<string[]> {
  const programs = samples.map(({ seed, graph, roots }) => ({
    name: `graph${seed}`,
    roots: way.optimize ? optimize(graph.b, roots) : roots,
    leaves: graph.leaves,
    dimensions: graph.dimensions,
  }));
  const plan = planSmall(programs, way);
  const found = await runSmall(plan, "f64");
  const javascript = await runSmall(plan, "javascript");
  const single = new Map([["in WebAssembly", await runSmall(plan, "f32")]]);
  if (onGpu) {
    single.set("on an adapter in software", await runSmall(plan, "webgpu"));
    const any = withoutVariants(plan);
    single.set("on any adapter in software", await runSmall(any, "webgpu"));
    single.set("on any other adapter", await runSmall(together(any), "webgpu"));
  }
  const refused = way === ways[0] && softwareExpected ? await refusedShaders(plan) : [];
  if (refused.length > 0) return [`graphs from ${samples[0]?.seed ?? 0}: ${refused.join("\n")}`];
  return samples.flatMap(({ seed, roots, expected }, at) => {
    const wrong = expected.flatMap((value, n) => [
      ...disagreement(found[at]?.[n], value),
      ...[...single].flatMap(([where, results]) =>
        singleDisagreement(results[at]?.[n], javascript[at]?.[n], value, where),
      ),
    ]);
    const [first] = wrong;
    if (first === undefined) return [];
    return [`graph ${seed}, ${way.name}: ${first}\n${printed(roots)}`];
  });
}

function printed(roots: readonly Node[]): string {
  return printGraph(roots.map((value, at) => ({ name: `root ${at}`, value })));
}

/** What the driver's compiler says against the shaders. */
export async function refusedShaders({ plan }: PlannedPrograms): Promise<string[]> {
  const device = await softwareDevice();
  device.pushErrorScope("validation");
  const messages = await Promise.all(
    plan.kernels
      .flatMap((kernel) => [
        kernel,
        { wgsl: alone(kernel.wgsl) },
        kernelFor(kernel, "software", false),
        kernelFor(kernel, "software", true),
      ])
      .map(async ({ wgsl }) => {
        const info = await device.createShaderModule({ code: wgsl }).getCompilationInfo();
        return info.messages.map(({ type, message }) => `${type}: ${message}\n${wgsl}`);
      }),
  );
  await device.popErrorScope();
  device.destroy();
  return messages.flat();
}

/** What a machine makes of numbers that JavaScript computes well in single precision: others decide differently by their rounding. */
function singleDisagreement(
  found: Tensor | undefined,
  javascript: Tensor | undefined,
  expected: Tensor,
  where: string,
): string[] {
  if (disagreement(javascript, expected, 1e-5).length > 0) return [];
  return disagreement(found, expected, 1e-2).map((text) => `${where} ${text}`);
}

function forAny<T extends { readonly variants?: unknown }>(one: T): Omit<T, "variants"> {
  const entries = Object.entries(one).filter(([name]) => name !== "variants");
  return Object.fromEntries(entries) as Omit<T, "variants">;
}

/** With the kernels that any adapter may run. */
function withoutVariants(planned: PlannedPrograms): PlannedPrograms {
  const { plan } = planned;
  const programs = plan.programs.map((program) => ({
    ...program,
    dispatches: program.dispatches.map(forAny),
  }));
  return { ...planned, plan: { ...plan, kernels: plan.kernels.map(forAny), programs } };
}

/** In software too, what other adapters compute together in a workgroup. */
function together(planned: PlannedPrograms): PlannedPrograms {
  const { plan } = planned;
  const kernels = plan.kernels.map(({ wgsl, ...kernel }) => ({
    ...kernel,
    wgsl: wgsl.replace(/\/\/\*[^\n]*|\/\/[<>]/g, ""),
  }));
  return { ...planned, plan: { ...plan, kernels } };
}

/** Errors are weighed by the largest number: sums in another order cancel differently. */
function disagreement(found: Tensor | undefined, expected: Tensor, tolerance = 1e-9): string[] {
  const data = Array.from(expected.data);
  if (found?.shape.join() !== expected.shape.join()) return ["another shape"];
  const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const at = data.findIndex(
    (value, n) => !(Math.abs((found.data[n] ?? NaN) - value) <= tolerance * scale),
  );
  return at < 0 ? [] : [`${found.data[at] ?? NaN} instead of ${data[at] ?? NaN} at ${at}`];
}

/** ⟨gradient, direction⟩ against central differences, where two of them agree (no kink lies between). */
function derivativeProblem({ seed, graph, roots }: Sample): string | undefined {
  const next = generator(seed + 1000);
  const directions = graph.gradients.map(({ leaf, node }) => {
    const { shape, data } = graph.leaves[leaf] ?? { shape: [], data: [] };
    const direction = Array.from(data, () => next() * 2 - 1);
    return { leaf, shape, data, direction, gradient: interpretOne(node, graph).data };
  });
  const analytic = directions.reduce(
    (sum, { direction, gradient }) =>
      sum + direction.reduce((part, d, n) => part + d * (gradient[n] ?? 0), 0),
    0,
  );
  const at = (step: number): number => {
    const moved = directions.map(({ leaf, shape, data, direction }) => [
      leaf,
      { shape, data: Array.from(data, (x, n) => x + step * (direction[n] ?? 0)) },
    ]);
    const leaves = { ...graph.leaves, ...(Object.fromEntries(moved) as Record<string, Tensor>) };
    return interpretOne(graph.scalar, { ...graph, leaves }).data[0] ?? NaN;
  };
  const quotient = (step: number): number => (at(step) - at(-step)) / (2 * step);
  const [near, far] = [quotient(1e-5), quotient(3e-5)];
  const scale = 1 + Math.abs(near);
  if (Math.abs(near - far) > 1e-6 * scale || Math.abs(near - analytic) <= 1e-5 * scale) {
    return undefined;
  }
  return `graph ${seed}: derivative ${analytic} instead of ${near}\n${printed(roots)}`;
}
