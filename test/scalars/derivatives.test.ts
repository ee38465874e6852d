// Every function of the scalar table at points all over f32 in; its derivatives on each backend, held to differences of the independent reference, out.
import { beforeAll, describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import { opTable } from "../../compiler/ops/table.js";
import type { ScalarOperation } from "../../compiler/scalars/record.js";
import { scalarOps } from "../../compiler/scalars/table.js";
import type { OpName } from "../../compiler/types/graph.js";
import { scalarFunctions } from "../oracle/reference.js";
import { describeGpu } from "../support/adapter.js";
import type { TestBackend } from "../support/compiled.js";
import type { Tensor } from "../support/interpret.js";
import { planSmall, runSmall } from "../support/runOps.js";
import type { SmallProgram } from "../support/runOps.js";
import { agrees } from "./samples.js";

type Name = keyof typeof scalarFunctions & keyof typeof scalarOps & OpName;
type Value = (at: number) => number;

/** All that have one or two real operands and a derivative, be they new; differences tell nothing of what jumps. */
const names = (Object.keys(scalarOps) as Name[]).filter((name) => {
  const { arity, takes, gives, decides }: ScalarOperation = scalarOps[name];
  const isReal = (takes as readonly string[]).includes("f32") && gives === "operands";
  // Of what rounds, the derivative is that of the number that it stands for.
  return name !== "half" && isReal && !decides && arity < 3 && opTable[name].vjp.kind === "rule";
});

const powers = Array.from({ length: 41 }, (_, n) => 10 ** (n - 20));
const middle = [0.3, 0.7, 1.9, 3, 5, 8, 13, 20, 40, 60, 80, 88, 100, 300];
const line = [...powers.map((x) => 1.3 * x), ...middle].flatMap((x) => [x, -x]).map(Math.fround);
const coarse = [-20, -15, -8, -3, -1, 0, 1, 3, 8, 15, 20].map((n) => 10 ** n);
const [rows, columns] = [1.3, 1.7].map((digits) =>
  coarse.flatMap((x) => [x * digits, -x * digits]).map(Math.fround),
) as [number[], number[]];
const plane = rows.flatMap((x) => columns.map((y) => [x, y] as const));

function pointsOf(name: Name): readonly (readonly number[])[] {
  const { arity }: ScalarOperation = scalarOps[name];
  return arity === 1 ? line.map((x) => [x]) : plane;
}

/** A derivative by differences over steps that shrink, extrapolated (Ridders); how far off it may be. */
function slopeOf(value: Value, at: number, first: number): { slope: number; error: number } {
  const shrink = 1.6;
  let best = { slope: NaN, error: Infinity };
  let before: number[] = [];
  for (let turn = 0, step = first; turn < 12; turn++, step /= shrink) {
    const [above, below] = [at + step, at - step];
    const [high, low] = [value(above), value(below)];
    const row = [(high - low) / (above - below)];
    // What doubles leave of the values, and of steps that are no longer even on both sides.
    const noise = (4e-16 * (Math.abs(high) + Math.abs(low))) / step;
    const uneven = Math.abs((4e-16 * at * (row[0] ?? 0)) / step);
    before.forEach((older, order) => {
      const factor = shrink ** (2 * order + 2);
      row.push(((row[order] ?? NaN) * factor - older) / (factor - 1));
      const newer = row[order + 1] ?? NaN;
      const change = Math.max(Math.abs(newer - (row[order] ?? NaN)), Math.abs(newer - older));
      const error = change + noise + uneven;
      if (error < best.error) best = { slope: newer, error };
    });
    before = row;
  }
  return best;
}

const [least, largest] = [1.2e-38, 3.4e38];

/** 1 − tanh² costs no second exponential, and is right to the last digit of 1. */
const absolute: Readonly<Partial<Record<Name, number>>> = { tanh: 1e-7 };

interface Slope {
  readonly slope: number;
  readonly room: number;
}

function valueOf(name: Name): (...operands: readonly number[]) => number {
  return scalarFunctions[name];
}

/** Undefined where differences do not tell it, as at jumps. */
function referenceOf(name: Name, point: readonly number[], side: number): Slope | undefined {
  const of: Value = (moved) => {
    const [a = 0, b = 0] = point.map((own, n) => (n === side ? moved : own));
    return valueOf(name)(a, b);
  };
  const at = point[side] ?? 0;
  const size = Math.abs(at);
  const here = of(at);
  if (!(Math.abs(here) < largest)) return undefined;
  const tries = [size / 8, Math.min(size / 8, 0.1), size / 1000]
    .map((step) => slopeOf(of, at, step))
    .sort((a, b) => a.error - b.error);
  const [best] = tries;
  if (best === undefined || !Number.isFinite(best.slope)) return undefined;
  const room = 1e-5 * Math.abs(best.slope) + (absolute[name] ?? 0);
  return best.error < room / 4 ? { slope: best.slope, room } : undefined;
}

function isRight(found: number, { slope, room }: Slope): boolean {
  if (Math.abs(slope) > largest) return !(Math.abs(found) < largest / 2);
  return Math.abs(found - slope) <= room + least;
}

function programOf(name: Name): SmallProgram {
  const b = createBuilder();
  const points = pointsOf(name);
  const leaves: Record<string, Tensor> = {};
  const inputs = (points[0] ?? []).map((_, side) => {
    leaves[`${name} ${side}`] = {
      shape: [points.length],
      data: points.map((one) => one[side] ?? 0),
    };
    return b.input(`${name} ${side}`, { type: "f32", shape: [points.length] });
  });
  const values = b.node(name, inputs, {});
  const roots = [values, ...differentiate(b, b.sum(values, [0]), inputs)];
  return { name, roots, leaves, dimensions: {} };
}

const plan = planSmall(names.map(programOf));

function suite(backend: TestBackend): void {
  let found: Tensor[][];
  beforeAll(async () => {
    found = await runSmall(plan, backend);
  });
  it.each(names)("%s", (name) => {
    const [values, ...slopes] = found[names.indexOf(name)] ?? [];
    let told = 0;
    // Where a device has no value, as of the sine of large angles, it has no slope either: other tests look at values.
    const known = (point: readonly number[], at: number): boolean =>
      agrees(values?.data[at] ?? NaN, valueOf(name)(...point), 1e-3, backend !== "f64");
    const wrong = pointsOf(name).flatMap((point, at) =>
      (known(point, at) ? slopes : []).flatMap(({ data }, side) => {
        const expected = referenceOf(name, point, side);
        if (expected === undefined) return [];
        told++;
        const have = data[at] ?? NaN;
        return isRight(have, expected) ? [] : [{ point, side, want: expected.slope, have }];
      }),
    );
    expect(wrong).toEqual([]);
    expect(told).toBeGreaterThan(pointsOf(name).length / 4);
  });
}

describe("derivatives over the whole range of f32, in JavaScript", () => {
  suite("f32");
});
describe("derivatives over the whole range of f32, in double precision", () => {
  suite("f64");
});
describeGpu("derivatives over the whole range of f32, in WGSL", () => {
  suite("webgpu");
});
