// Functions of real numbers at points all over f32 in; their relative errors in JavaScript and WGSL, held to bounds, out.
import { beforeAll, describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { realFunctionNames } from "../../compiler/ops/derived/elementwise.js";
import type { ScalarOperation } from "../../compiler/scalars/record.js";
import { scalarOps } from "../../compiler/scalars/table.js";
import { scalarFunctions } from "../oracle/reference.js";
import { describeGpu } from "../support/adapter.js";
import type { TestBackend } from "../support/compiled.js";
import type { Tensor } from "../support/interpret.js";
import { planSmall, runSmall } from "../support/runOps.js";
import { agrees } from "./samples.js";

const sizes = [
  ...Array.from({ length: 38 }, (_, n) => 1.234 * 10 ** -n),
  ...Array.from({ length: 300 }, (_, n) => (n + 1) / 64),
  ...[4, 6, 9, 12, 20, 30, 60, 80, 87, 88, 100, 1e3, 1e4, 1e6, 1e10, 1e20, 1e30, 3e38],
];
const points = [0, ...sizes.flatMap((x) => [x, -x])].map(Math.fround);

describe("expm1 and log1p, to a millionth of the value", () => {
  const bounded = { expm1: 1e-6, log1p: 1e-6 } as const;
  const domains = { expm1: (x: number) => x < 88.7, log1p: (x: number) => x > -1 };
  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [points.length] });
  const names = ["expm1", "log1p"] as const;
  const roots = names.map((name) => b[name](x));
  const leaves = { x: { shape: [points.length], data: points } };
  const plan = planSmall([{ name: "functions", roots, leaves, dimensions: {} }]);

  const suite = (backend: TestBackend): void => {
    let found: Tensor[][];
    beforeAll(async () => {
      found = await runSmall(plan, backend);
    });
    it.each(names)("%s", (name) => {
      const values = found[0]?.[names.indexOf(name)]?.data ?? [];
      const wrong = points.filter((point, at) => {
        const room = backend === "f64" ? 1e-14 : bounded[name];
        const truth = scalarFunctions[name](point);
        return domains[name](point) && !agrees(values[at] ?? NaN, truth, room, backend !== "f64");
      });
      expect(wrong).toEqual([]);
    });
    it("give numbers beyond their domains", () => {
      expect(found[0]?.every(({ data }) => [...data].every(Number.isFinite))).toBe(true);
    });
  };
  describe("in JavaScript", () => {
    suite("f32");
  });
  describe("in double precision", () => {
    suite("f64");
  });
  describeGpu("in WGSL", () => {
    suite("webgpu");
  });
});

it("the language has every function of the table by its name", () => {
  const named = Object.entries<ScalarOperation>(scalarOps).flatMap(([name, { language }]) =>
    language === "function" ? [name] : [],
  );
  expect([...realFunctionNames].sort()).toEqual(named.sort());
  expect(named).not.toContain("power");
});
