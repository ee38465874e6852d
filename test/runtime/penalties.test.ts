// Models with regularizers of parameters, inputs and frozen weights in; which of them steps, epochs and evaluations tell of, out.

import { describe, expect, it } from "vitest";
import type { TrainingNet } from "../../runtime/api.js";
import { softwareExpected } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";

const data = { x: [1, 2, 3, 4] };

/** By what it is of, each regularizer and its value where nothing trains. */
const terms = {
  a: ["a ^ 2", 4],
  c: ["3 * c ^ 2", 27],
  both: ["a * c", 6],
  inputs: ["0.5 * mean(x ^ 2)", 3.75],
  frozen: ["l2(fixed, 10)", 250],
  state: ["kept + 1", 2],
} as const;
type Term = keyof typeof terms;

function source(regularizers: readonly Term[], train: string): string {
  return `model M {
  input x: [batch]
  param a: [] = 2
  param c: [] = 3
  param fixed: [] = 5
  state kept: [] = 1
  loss la = mean(x * a * fixed)
  loss lc = mean(x * c * fixed)
  ${regularizers.map((term) => `regularize ${terms[term][0]}`).join("\n  ")}
}
train M { freeze fixed  batch 4  steps 2  ${train} }`;
}

const all = Object.keys(terms) as Term[];
const total = (some: readonly Term[]): number =>
  some.reduce((sum, term) => sum + terms[term][1], 0);

/** What a step, an epoch and an evaluation tell. */
async function told(net: TrainingNet, batches: readonly (typeof data)[]): Promise<number[]> {
  await net.step(batches);
  const step = await net.report();
  const { epochs } = await net.fit(data);
  const evaluation = await net.evaluate(data);
  net.destroy();
  return [step.penalty, epochs[0]?.penalty ?? NaN, evaluation.penalty];
}

const a = "minimize la on a with sgd(lr: 0)";
const c = "minimize lc on c with sgd(lr: 0)";

describe.each(softwareExpected ? (["f32", "any adapter"] as const) : (["f32"] as const))(
  "on %s",
  (backend) => {
    it.each<[string, string, number]>([
      ["one line", "optimizer sgd(lr: 0)", 1],
      ["two lines", `${a} ${c}`, 1],
      ["lines that repeat", `${a} repeat 2 ${c} repeat 3`, 5],
      ["accumulated batches", "optimizer sgd(lr: 0) accumulate 2", 2],
    ])(
      "training tells of the regularizers that evaluation tells of: %s",
      async (_, train, takes) => {
        const some: readonly (readonly Term[])[] = [...all.map((term) => [term]), all];
        for (const terms of takes > 1 ? [all] : some) {
          const net = await open(compileOne(source(terms, train)), backend);
          const expected = total(terms);
          const numbers = await told(net, Array(takes).fill(data));
          expect([terms, numbers]).toEqual([terms, [expected, expected, expected]]);
        }
      },
    );
  },
);

it("a regularizer counts in the lines whose parameters it depends on, else in all", () => {
  const { plan } = compileOne(source(all, `${a} ${c}`));
  const results = plan.programs
    .filter(({ kind }) => kind === "step")
    .map(({ results }) => results.map(({ name }) => name).filter((name) => /^penalty/.test(name)));
  expect(results.map((names) => names.toSorted())).toEqual([
    ["penalty.1", "penalty.total"],
    ["penalty.2", "penalty.total"],
  ]);
});

it("a regularizer that reaches no trained parameter changes no update", async () => {
  const trained = async (some: readonly Term[]): Promise<unknown> => {
    const net = await open(compileOne(source(some, "optimizer adam(lr: 0.1)")), "f32");
    await net.fit(data);
    return Promise.all([net.read("a"), net.read("c")]);
  };
  expect(await trained(all)).toEqual(await trained(["a", "c", "both"]));
});
