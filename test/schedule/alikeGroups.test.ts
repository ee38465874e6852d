// Programs and random graphs scheduled with one maker of nests for all, and each nest made by itself; that their schedules are the same, out.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { storeConstants } from "../../compiler/build/constants.js";
import type { ConstantTable } from "../../compiler/build/constants.js";
import { build } from "../../compiler/build/index.js";
import type { BuiltStorage } from "../../compiler/build/types.js";
import { trainedExtents } from "../../compiler/emit/modelPlan.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { createNestMaker } from "../../compiler/schedule/alikeGroups.js";
import type { NestMaker } from "../../compiler/schedule/alikeGroups.js";
import { schedule } from "../../compiler/schedule/index.js";
import type { ScheduleOptions } from "../../compiler/schedule/index.js";
import { makeNest } from "../../compiler/schedule/nests.js";
import type { OwnNest } from "../../compiler/schedule/outside.js";
import { printSchedule } from "../../compiler/schedule/print.js";
import type { Node, Program } from "../../compiler/types/graph.js";
import { check } from "../support/compiled.js";
import { randomGraph } from "../property/randomGraphs.js";

/** How a program is scheduled with what is remembered of those before it, and without. */
function createComparison() {
  const make = createNestMaker();
  return (program: Program, options: Omit<ScheduleOptions, "make">): void => {
    const alone = schedule(program, { ...options, make: makeNest });
    expect(printSchedule(schedule(program, { ...options, make }))).toBe(printSchedule(alone));
  };
}

function storageOf(storages: readonly BuiltStorage[]): ScheduleOptions["storage"] {
  return (name) => {
    const found = storages.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no storage ${name}`);
    return found;
  };
}

it.each([
  ["small", {}],
  ["with loops in time", { recurrent: true }],
])("nests of random graphs, %s, are what they are by themselves", (_, options) => {
  const compare = createComparison();
  for (let seed = 0; seed < 40; seed++) {
    const { b, outputs, scalar, gradients, dimensions } = randomGraph(seed, options);
    const values = [...outputs, scalar, ...gradients.map(({ node }) => node)];
    const results = values.map((value, i) => ({ kind: "result" as const, name: `r${i}`, value }));
    const constants: ConstantTable = new Map();
    const effects = storeConstants(b, results, constants);
    const storage = storageOf([...constants.values()]);
    compare({ name: "graph", effects }, { estimates: dimensions, storage });
  }
});

function programsOf(source: string): readonly {
  readonly program: Program;
  readonly options: Omit<ScheduleOptions, "make">;
}[] {
  return check(source).models.flatMap((typed) => {
    const estimates = trainedExtents(typed);
    const { programs, storages } = build(typed, { entry: "training", estimates });
    const storage = storageOf(storages);
    return programs.map((program) => ({ program, options: { estimates, storage } }));
  });
}

it("nests of programs are what they are by themselves, for other parameters and draws too", () => {
  const compare = createComparison();
  const folder = join(import.meta.dirname, "../../examples/programs");
  for (const file of ["transformer.nn", "lenet.nn", "gan.nn"]) {
    const source = readFileSync(join(folder, file), "utf8");
    for (const { program, options } of programsOf(source)) compare(program, options);
  }
});

/** Of each, a kernel of the same nodes but for one thing. */
function nearlyAlike(): readonly Node[] {
  const b = createBuilder();
  const type = { type: "f32", shape: [4, 4] } as const;
  const [x, y] = [b.input("x", type), b.input("y", type)];
  const long = b.stored("long", { type: "f32", shape: [64] });
  const other = b.stored("other", { type: "f32", shape: [64] });
  const run = (from: Node, start: number): Node => b.slice(from, [start], [16]);
  const padded = (value: number): Node => b.pad(x, [1, 0], [0, 1], { value });
  return [
    ...[b.add(x, y), b.add(x, x), b.add(y, x), b.subtract(x, y), b.multiply(x, 2)],
    ...[b.multiply(x, 3), b.multiply(x, -0), b.multiply(x, 0), b.multiply(x, b.hostScalar("step"))],
    ...[b.multiply(x, b.hostScalar("epoch")), b.add(x, b.transpose(x, [1, 0]))],
    ...[b.add(y, b.transpose(x, [1, 0])), b.sum(x, [0]), b.sum(x, [1]), b.max(x, [1])],
    ...[b.argmax(x, 0), b.argmax(x, 1), b.flip(x, [0]), b.flip(x, [1]), b.flip(x, [0, 1])],
    ...[b.slice(x, [0, 1], [2, 2]), b.slice(x, [1, 0], [2, 2]), b.slice(x, [0, 1], [2, 2], [2, 1])],
    ...[padded(0), padded(1), padded(Infinity), padded(-Infinity), b.iota([4, 4], 0)],
    ...[b.iota([4, 4], 1), b.concat([x, y], 0), b.concat([x, y], 1), b.concat([x, x], 1)],
    ...[b.add(run(long, 0), run(long, 16)), b.add(run(long, 16), run(long, 16))],
    ...[b.add(run(long, 32), run(long, 0)), b.add(run(long, 0), run(other, 16))],
    ...[b.random("a", "uniform", [4]), b.random("b", "uniform", [4]), b.random("a", "bits", [4])],
    b.add(b.random("a", "uniform", [4]), b.random("a", "uniform", [4])),
    b.add(b.random("a", "uniform", [4]), b.random("b", "uniform", [4])),
  ];
}

it("nests that are nearly alike are what they are by themselves", () => {
  const compare = createComparison();
  const storage: ScheduleOptions["storage"] = () => ({ type: "f32", elements: 64 });
  for (const value of nearlyAlike()) {
    const effects = [{ kind: "result", name: "r", value }] as const;
    compare({ name: "alone", effects }, { estimates: {}, storage });
    const stored = [{ kind: "store", storage: "kept", value, offset: 8 }] as const;
    compare({ name: "stored", effects: stored }, { estimates: {}, storage });
    compare({ name: "both", effects: [...effects, ...stored] }, { estimates: {}, storage });
  }
});

it("equal layers share what they are made of", () => {
  const source = `model Net {
  input x: [batch, 8]
  h = x
  for i in range(6) { h = h |> dense(8, activation: tanh) |> dropout(0.1) }
  output h
  loss mean(h)
}
train Net { optimizer adam(lr: 0.1) batch 4 }`;
  const make = createNestMaker();
  const [made, patterns] = [new Set<OwnNest>(), new Set<unknown>()];
  const noting: NestMaker = (...request) => {
    const own = make(...request);
    if (!("kind" in own)) {
      made.add(own);
      patterns.add(own.nest.stores);
    }
    return own;
  };
  for (const { program, options } of programsOf(source))
    schedule(program, { ...options, make: noting });
  expect(patterns.size).toBeLessThan(made.size / 2);
});
