// A fixed range of seeds in; that random values over a batch, evaluated in sweeps over parts of it, are what they are of all of it, out.

import { expect, it } from "vitest";
import { check } from "../../compiler/compile.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { boundsOf } from "../../compiler/build/bounds.js";
import { meanOfAll } from "../../compiler/build/reduce.js";
import { topologicalOrder } from "../../compiler/graph/walk.js";
import { cpuModuleText } from "../../compiler/emit/plan.js";
import { evaluateDim } from "../../compiler/types/dimension.js";
import type { Node } from "../../compiler/types/graph.js";
import type { InputDeclaration, Named, TypedModel } from "../../compiler/types/model.js";
import { load } from "../../runtime/index.js";
import { importText } from "../support/compiled.js";
import { interpretOne } from "../support/interpret.js";
import { variantOf } from "../support/variants.js";
import { randomGraph } from "./randomGraphs.js";

const sizes = { batch: 11, time: 3 };
const seeds = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, at) => from + at);

/** Random values as metrics; their inputs, the data for these, and what the interpreter makes of all examples at once. */
function sample(range: readonly number[], recurrent: boolean) {
  const inputs = new Map<string, Node>();
  const metrics: Named[] = [];
  const data: Record<string, { data: number[]; shape: readonly number[] }> = {};
  const expected: Record<string, number> = {};
  for (const seed of range) {
    const graph = randomGraph(seed, { sizes, recurrent });
    graph.outputs.forEach((value, at) => {
      // An index that is written may need a longer axis: nets refuse such data.
      const bounds = boundsOf([{ kind: "result", name: "", value }]);
      if (bounds.some((bound) => evaluateDim(bound.value, sizes) < 0)) return;
      const name = `m${seed}_${at}`;
      for (const node of topologicalOrder([value])) {
        if (node.op === "input") inputs.set(node.attributes.name, node);
      }
      metrics.push({ name, value, place });
      const mean = meanOfAll(createBuilder(2 ** 29), value);
      expected[name] = interpretOne(mean, graph).data[0] ?? NaN;
    });
    for (const [name, { data: values, shape }] of Object.entries(graph.leaves)) {
      data[name] = { data: [...values], shape };
    }
  }
  const given = Object.fromEntries(Object.entries(data).filter(([name]) => inputs.has(name)));
  return { inputs, metrics, data: given, expected };
}

const place = { file: { name: "test.nn", text: "" }, span: { start: 0, end: 0 } };

function declare(node: Node, name: string): InputDeclaration {
  return {
    name,
    role: "input",
    type: node.type,
    categories: undefined,
    range: undefined,
    shape: node.shape,
    missing: undefined,
    masked: false,
    source: { kind: "given" },
    doc: undefined,
    place,
  };
}

it.each([
  ["part 0", 1000, 25, false],
  ["part 1", 1025, 25, false],
  ["with loops in time", 3000, 20, true],
])("random values of a whole set, %s", async (_, from, count, recurrent) => {
  const { inputs, metrics, data, expected } = sample(seeds(from, count), recurrent);
  const [base] = check("model Random { input x: [batch] output y = x }").models;
  if (base === undefined) throw new Error("no model");
  const typed: TypedModel = {
    ...base,
    freeDimensions: ["batch", "time"],
    inputs: [...inputs].map(([name, node]) => declare(node, name)),
    inference: { ...base.inference, outputs: [], metrics },
  };
  const { plan, planned } = variantOf(typed);
  const text = cpuModuleText(planned.kernels, "f64");
  const cpu = () => importText(text);
  const net = await load(plan, { backend: "cpu", precision: 64, cpu });
  for (const batch of [1, 4, 11]) {
    const { metrics: found } = await net.evaluate(data, { batch });
    for (const [name, value] of Object.entries(expected)) {
      const scale = Math.max(1, Math.abs(value));
      expect(Math.abs((found[name] ?? NaN) - value) / scale, `${name} at ${batch}`).toBeLessThan(
        1e-9,
      );
    }
  }
  net.destroy();
});
