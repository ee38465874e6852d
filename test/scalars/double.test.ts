// Scalar operations at numbers that only doubles hold in; through kernels in double precision, what mathematics says of them, out.
import { expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { inKernels, scalarFunctions } from "../oracle/reference.js";
import { load } from "../../runtime/index.js";
import { compileOne, importText, open } from "../support/compiled.js";
import { planSmall, runSmall } from "../support/runOps.js";
import { agrees, trials } from "./samples.js";

const sizes = [1e-300, 1e-100, 1e-40, 1e-16, 1e-9, 0.1, 0.7, 1 - 1e-12, 1 - 1e-16, 1, 1.2]
  .concat([3, 5.9, 6.1, 11, 26.5, 89, 130, 700, 709.7, 1e5, 1e40, 1e100, 1e150, 1e300])
  .flatMap((x) => [x, -x])
  .concat(0);

const own = inKernels(64);
const real = trials.filter(({ type, result, op }) => {
  return type === "f32" && result === "f32" && op !== "select" && op !== "cast";
});

/** Both kinds of operations on rows of numbers, as one program each. */
function found(arity: 1 | 2, rows: readonly (readonly number[])[]) {
  const b = createBuilder();
  const shape = [rows.length];
  const inputs = ["x", "y"].slice(0, arity).map((name) => b.input(name, { type: "f32", shape }));
  const ops = real.filter(({ points }) => points[0]?.length === arity).map(({ op }) => op);
  const roots = ops.map((op) => b.node(op as "exp", inputs, {}));
  const leaves = Object.fromEntries(
    inputs.map((_, at) => [["x", "y"][at] ?? "", { shape, data: rows.map((row) => row[at] ?? 0) }]),
  );
  const plan = planSmall([{ name: `of ${arity}`, roots, leaves, dimensions: {} }]);
  return { ops, values: runSmall(plan, "f64").then(([first]) => first ?? []) };
}

async function check(arity: 1 | 2, rows: readonly (readonly number[])[]): Promise<void> {
  const { ops, values } = found(arity, rows);
  const tensors = await values;
  const wrong = ops.flatMap((op, index) =>
    rows.flatMap(([a = 0, b = 0], at) => {
      if (op === "cast") return [];
      const known = own[op];
      const want = known ? known(a, b) : scalarFunctions[op](a, b, 0);
      const have = tensors[index]?.data[at] ?? NaN;
      // Denormals have few digits.
      const room = Math.abs(want ?? 0) < 1e-300 ? 1e-3 : op === "power" ? 1e-12 : 1e-13;
      if (want === undefined || Number.isNaN(want) || agrees(have, want, room, false)) return [];
      return [`${op}(${a}, ${b}) is ${want}, not ${have}`];
    }),
  );
  expect(wrong).toEqual([]);
}

it("functions of one number over the range of doubles", () =>
  check(
    1,
    sizes.map((x) => [x]),
  ));

it("operations on two numbers over the range of doubles", () =>
  check(
    2,
    sizes.flatMap((x) => sizes.map((y) => [x, y])),
  ));

it("cross entropies of probabilities are clamped at 100 and not before", async () => {
  const model = compileOne(`model Costs {
    input p: [batch]
    output held = binary_cross_entropy(p, 1, from_logits: false)
    output missed = binary_cross_entropy(p, 0, from_logits: false)
  }`);
  const probabilities = [0, 1e-50, 1e-42, 1e-40, 1e-39, 1e-30, 0.5, 1 - 2 ** -53, 1];
  const net = await open(model, "f64");
  const costs = await net.predict({ p: probabilities });
  net.destroy();
  const clamped = (logarithm: number): number => Math.min(-logarithm, 100);
  probabilities.forEach((p, at) => {
    expect(costs["held"]?.[at]).toBeCloseTo(clamped(Math.log(p)), 12);
    expect(costs["missed"]?.[at]).toBeCloseTo(clamped(Math.log1p(-p)), 12);
  });
});

it("extremes and their places, of numbers beyond single precision", async () => {
  const model = compileOne(`model Extremes {
    input x: [batch, 3]
    output most = max(x, axis: 1)
    output least = min(-x, axis: 1)
    output at = argmax(x)
    output under = argmin(-x)
    output all = max(x)
  }`);
  const net = await open(model, "f64");
  const found = await net.predict({ x: [-2e40, -1e40, -3e300, -1e39, -1e300, -5e38] });
  net.destroy();
  expect([...(found["most"] ?? [])]).toEqual([-1e40, -5e38]);
  expect([...(found["least"] ?? [])]).toEqual([1e40, 5e38]);
  expect([...(found["at"] ?? [])]).toEqual([1, 2]);
  expect([...(found["under"] ?? [])]).toEqual([1, 2]);
  expect([...(found["all"] ?? [])]).toEqual([-5e38]);
});

const thirds = compileOne(`model Thirds {
  input x: [batch, n]
  output written = x * (1 / 3) + 0.1
  output root = sqrt(mean(x ^ 2, axis: 1) + 1e-5)
}`);

it("written numbers and what rests on free sizes have all digits", async () => {
  const cpu = () => importText(thirds.cpuDouble);
  const net = await load(thirds.plan, { backend: "cpu", precision: 64, seed: 1, cpu });
  const { written, root } = await net.predict({ x: { data: [1, 2, 5], shape: [1, 3] } });
  net.destroy();
  expect([...(written ?? [])]).toEqual([1, 2, 5].map((x) => x * (1 / 3) + 0.1));
  expect(root?.[0]).toBeCloseTo(Math.sqrt(10 + 1e-5), 14);
});

it("kernels that round to single precision are refused", async () => {
  const cpu = () => importText(thirds.cpu);
  const opened = load(thirds.plan, { backend: "cpu", precision: 64, seed: 1, cpu });
  await expect(opened).rejects.toThrow("cpuDouble");
});
