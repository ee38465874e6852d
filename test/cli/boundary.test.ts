// Data of two numbers an example and a net that is a formula in; what a report shows of the plane around them out.
import { describe, expect, it } from "vitest";
import { gridSize, takeBoundary } from "../../cli/training/boundary.js";
import type { Boundary } from "../../cli/training/boundary.js";
import { boundaryFigure } from "../../cli/training/boundaryPicture.js";
import { collectSteps } from "../../cli/training/steps.js";
import type { BoundArray, BoundData } from "../../cli/data/bind.js";
import { compile } from "../../compiler/compile.js";
import type { TrainingNet } from "../../runtime/api.js";
import type { Plan } from "../../runtime/plan.js";

function planOf(body: string): Plan {
  const [model] = compile(`model M { ${body} }`, { file: "m.nn" }).models;
  if (model === undefined) throw new Error("the source has mistakes");
  return model.plan;
}

const array = (name: string, shape: number[], data: BoundArray["data"]): [string, BoundArray] => [
  name,
  { name, file: "f.csv", shape, data, perExample: true },
];

const dataOf = (arrays: readonly [string, BoundArray][], examples: number): BoundData => ({
  arrays: new Map(arrays),
  examples,
  free: new Map(),
  vocabularies: new Map(),
});

type Rows = readonly (readonly number[])[];

/** What it is given, row by row, to the values of its only output. */
function netOf(formula: (rows: Rows) => Float32Array): TrainingNet {
  const predict = (
    given: Record<string, { data: Float32Array; shape: number[] }>,
    { outputs: [name = ""] }: { outputs: string[] },
  ): Promise<Record<string, Float32Array>> => {
    const tensors = Object.values(given);
    const count = tensors[0]?.shape[0] ?? 0;
    const rows = Array.from({ length: count }, (_, row) =>
      tensors.flatMap(({ data }) => {
        const width = data.length / count;
        return [...data.subarray(row * width, (row + 1) * width)];
      }),
    );
    return Promise.resolve({ [name]: formula(rows) });
  };
  return { predict } as unknown as TrainingNet;
}

const each =
  (formula: (x: number, y: number) => number) =>
  (rows: Rows): Float32Array =>
    Float32Array.from(rows, ([x = 0, y = 0]) => formula(x, y));

const at = ({ field }: Boundary, row: number, column: number): number | undefined =>
  field[row * gridSize + column];

describe("the plane of a model of two numbers", () => {
  it("is of classes where a target has as many as the output", async () => {
    const plan = planOf(`input p: [batch, 2]  target c: category(3)[batch]
      z = p |> dense(3)  output q = softmax(z)  loss cross_entropy(z, c)`);
    const points = Float32Array.from([0, 0, 10, 0, 0, 5]);
    const data = dataOf(
      [array("p", [3, 2], points), array("c", [3], Uint32Array.from([0, 1, 2]))],
      3,
    );
    // Class 1 to the right, class 2 above, class 0 elsewhere.
    const net = netOf((rows) =>
      Float32Array.from(rows.flatMap(([x = 0, y = 0]) => [1, x > 5 ? 3 : 0, y > 2.5 ? 2 : 0])),
    );
    const boundary = await takeBoundary(net, plan, data);
    if (boundary === undefined) throw new Error("there is none");
    expect(boundary).toMatchObject({ output: "q", kind: "classes", level: undefined });
    expect([boundary.x.low, boundary.x.high, boundary.y.high]).toEqual([-1, 11, 5.5]);
    expect(at(boundary, gridSize - 1, 0)).toBe(0);
    expect(at(boundary, 0, gridSize - 1)).toBe(1);
    expect(at(boundary, 0, 0)).toBe(2);
    expect(boundary.points[2]).toEqual({ x: 0, y: 5, target: 2 });
    const figure = boundaryFigure(boundary);
    expect(figure.match(/<circle/g)).toHaveLength(3);
    expect(figure.match(/class="swatch"/g)).toHaveLength(3);
  });

  it("is of values of two inputs, and tells where two classes part", async () => {
    const plan = planOf(`input a: [batch]  input b: [batch]  target t: [batch]
      output s = a * b  output twice = 2 * s  loss (s - t) ^ 2`);
    const data = dataOf(
      [
        array("a", [2], Float32Array.from([-1, 1])),
        array("b", [2], Float32Array.from([-1, 1])),
        array("t", [2], Float32Array.from([0, 1])),
      ],
      2,
    );
    const scores = await takeBoundary(netOf(each((x, y) => x * y)), plan, data);
    expect(scores).toMatchObject({ output: "s", kind: "values", level: 0 });
    const shares = await takeBoundary(netOf(each((x) => (x > 0 ? 1 : 0))), plan, data);
    expect(shares?.level).toBe(0.5);
    const other = dataOf([...data.arrays, array("t", [2], Float32Array.from([0, 7]))], 2);
    expect((await takeBoundary(netOf(each((x) => x)), plan, other))?.level).toBeUndefined();
  });

  it.each([
    ["three numbers", "input p: [batch, 3]  output s = sum(p, axis: 1)", [2, 3]],
    ["an output of two that are no classes", "input p: [batch, 2]  output s = 2 * p", [2, 2]],
  ])("is not shown of %s", async (_, body, shape) => {
    const data = dataOf([array("p", shape, new Float32Array(6))], 2);
    const found = await takeBoundary(netOf(each(() => 0)), planOf(body), data);
    expect(found).toBeUndefined();
  });
});

describe("the loss by steps", () => {
  it("is that of each step while there are few, then means of as many steps each", () => {
    const steps = collectSteps();
    for (const loss of [3, 2, 1]) steps.add({ loss });
    expect(steps.curve().points).toEqual([
      [1, 3],
      [2, 2],
      [3, 1],
    ]);
    for (let step = 4; step <= 5000; step++) steps.add({ loss: step });
    const { points } = steps.curve();
    expect(points.length).toBeGreaterThan(200);
    expect(points.length).toBeLessThanOrEqual(512);
    // Of a loss that is its step from 4 on, the mean of the 16 steps that end at 4,000 is 7.5 below it.
    expect(points.find(([step]) => step === 4000)?.[1]).toBe(3992.5);
    expect(points.at(-1)?.[0]).toBe(5000);
  });
});
