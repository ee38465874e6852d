// Operations, activations and losses at extreme arguments in; values and derivatives that are finite wherever the mathematics
// is, on the CPU and in WGSL, out.

import { beforeAll, describe, expect, it } from "vitest";
import { differentiate } from "../../compiler/autodiff/differentiate.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import type { GraphBuilder } from "../../compiler/ops/builder.js";
import type { Node } from "../../compiler/types/graph.js";
import { describeGpu } from "../support/adapter.js";
import { check, compileOne, open } from "../support/compiled.js";
import type { TestBackend } from "../support/compiled.js";
import type { Tensor } from "../support/interpret.js";
import { planSmall, runSmall } from "../support/runOps.js";
import type { SmallProgram } from "../support/runOps.js";

/** The last is below the smallest normal number: a GPU may take it for 0, logarithms take it for that number. */
const extremes = [0, 15, 88, 89, 1e4, 3e38, 1e-38].flatMap((x) => [x, -x]).map(Math.fround);
const smallestNormal = 2 ** -126;
/** Above this, rounding alone may give infinity. */
const largest = 3.4e38;

interface Operation {
  readonly apply: (b: GraphBuilder, x: Node, y: Node) => Node;
  /** Where the operation is defined. */
  readonly domain?: (x: number, y: number) => boolean;
  readonly arity?: 2;
}

const unary = (
  name: "negate" | "exp" | "log" | "sqrt" | "tanh" | "abs" | "sign" | "floor" | "round" | "erf",
  domain?: (x: number) => boolean,
): Operation => ({ apply: (b, x) => b[name](x), ...(domain && { domain }) });

/** Unless a small argument of the other sign vanishes beside the divisor: then the divisor and 0 are both as near as it gets. */
const divisible = (x: number, y: number): boolean =>
  y !== 0 && (x * y >= 0 || Math.abs(x / y) > 2 ** -20);

const operations: Readonly<Record<string, Operation>> = {
  negate: unary("negate"),
  exp: unary("exp"),
  log: unary("log", (x) => x > 0),
  sqrt: unary("sqrt", (x) => x >= 0),
  tanh: unary("tanh"),
  abs: unary("abs"),
  sign: unary("sign"),
  floor: unary("floor"),
  round: unary("round"),
  erf: unary("erf"),
  // Beyond, single precision has no digits of the angle.
  sin: { apply: (b, x) => b.sin(x), domain: (x) => Math.abs(x) <= 1e4 },
  cos: { apply: (b, x) => b.cos(x), domain: (x) => Math.abs(x) <= 1e4 },
  erfinv: { apply: (b, x) => b.erfinv(x), domain: (x) => Math.abs(x) < 1 },
  add: { apply: (b, x, y) => b.add(x, y), arity: 2 },
  subtract: { apply: (b, x, y) => b.subtract(x, y), arity: 2 },
  multiply: { apply: (b, x, y) => b.multiply(x, y), arity: 2 },
  divide: { apply: (b, x, y) => b.divide(x, y), arity: 2, domain: (_, y) => y !== 0 },
  modulo: { apply: (b, x, y) => b.modulo(x, y), arity: 2, domain: divisible },
  power: {
    apply: (b, x, y) => b.power(x, y),
    arity: 2,
    domain: (x, y) => x > 0 || (x === 0 && y >= 0) || Number.isInteger(y),
  },
  square: { apply: (b, x) => b.power(x, b.constant(2)) },
  minimum: { apply: (b, x, y) => b.minimum(x, y), arity: 2 },
  maximum: { apply: (b, x, y) => b.maximum(x, y), arity: 2 },
  select: { apply: (b, x, y) => b.select(b.less(x, y), x, b.negate(y)), arity: 2 },
};

/** What an argument counts as. */
type Taken = (x: number) => number;

interface Case {
  readonly name: string;
  readonly pairs: readonly (readonly [number, number])[];
  readonly program: (taken: Taken) => SmallProgram;
}

const pairs = extremes.flatMap((x) => extremes.map((y) => [x, y] as const));

const asGiven: Taken = (x) => x;
const flushed: Taken = (x) => (Math.abs(x) < smallestNormal ? 0 : x);
const raised: Taken = (x) =>
  x !== 0 && Math.abs(x) < smallestNormal ? Math.sign(x) * smallestNormal : x;

function caseOf(name: string, { apply, domain, arity }: Operation): Case {
  const points = arity === 2 ? pairs : extremes.map((x) => [x, 1] as const);
  const own = points.filter(([x, y]) => domain?.(x, y) ?? true);
  return {
    name,
    pairs: own,
    program: (taken) => {
      const b = createBuilder();
      const type = { type: "f32", shape: [own.length] } as const;
      const [x, y] = [b.input(`${name}.x`, type), b.input(`${name}.y`, type)];
      const z = apply(b, x, y);
      const value = (side: 0 | 1): Tensor => ({
        shape: [own.length],
        data: own.map((pair) => taken(pair[side])),
      });
      return {
        name,
        roots: [z, ...differentiate(b, z, [x, y])],
        leaves: { [`${name}.x`]: value(0), [`${name}.y`]: value(1) },
        dimensions: {},
      };
    },
  };
}

const cases = Object.entries(operations).map(([name, operation]) => caseOf(name, operation));
const listed = cases.map((one, at) => [one.name, one, at] as const);

/** Finite where the true number is, at the argument and at what it may be taken for. */
function expectFinite(found: number, truths: readonly number[], about: string): boolean {
  if (!truths.every((truth) => Math.abs(truth) < largest)) return false;
  expect(Number.isFinite(found), `${about} gave ${found} for ${truths[0]}`).toBe(true);
  return true;
}

/** Finite, and close to one of them. */
function expectClose(found: number, truths: readonly number[], about: string): void {
  if (!expectFinite(found, truths, about)) return;
  const room = (x: number): number => 1e-4 * Math.abs(x) + 1e-6;
  const close = truths.some((x) => Math.abs(found - x) <= room(x));
  expect(close, `${about} gave ${found} for ${truths[0]}`).toBe(true);
}

const parts = ["value", "derivative by x", "derivative by y"];

describe("operations at extremes", () => {
  const plan = planSmall(cases.map(({ program }) => program(asGiven)));
  const truths: Tensor[][][] = [];
  beforeAll(async () => {
    for (const taken of [asGiven, flushed, raised]) {
      truths.push(await runSmall(planSmall(cases.map(({ program }) => program(taken))), "f64"));
    }
  });

  const suite = (backend: TestBackend) => {
    let found: Tensor[][];
    beforeAll(async () => {
      found = await runSmall(plan, backend);
    });
    it.each(listed)("%s", (_, one, at) => {
      for (const [n, part] of parts.entries()) {
        one.pairs.forEach((pair, i) => {
          const number = (from: Tensor[][]) => from[at]?.[n]?.data[i] ?? NaN;
          const about = `${part} at ${pair.join(", ")}`;
          expectClose(number(found), truths.map(number), about);
        });
      }
    });
  };
  describe("on the CPU", () => {
    suite("f32");
  });
  describeGpu("in WGSL", () => {
    suite("webgpu");
  });
});

const activations =
  "linear sigmoid relu leaky_relu elu selu gelu silu softplus softsign hard_sigmoid tanh".split(
    " ",
  );

/** Of prediction p and target t. */
const losses: Readonly<Record<string, string>> = {
  mse: "mse(p, t)",
  mae: "mae(p, t)",
  huber: "huber(p, t)",
  hinge: "hinge(p, t)",
  bce: "binary_cross_entropy(p, sigmoid(t))",
  bce_of_probability: "binary_cross_entropy(sigmoid(p), sigmoid(t), from_logits: false)",
  gaussian: "gaussian_nll(p, 0.5, max(t, 0))",
  cross_entropy: "cross_entropy(both, class)",
  nll_of_log_softmax: "nll(log_softmax(both), class)",
  softmax: "softmax(both)[:, 0]",
  log_softmax: "log_softmax(both)[:, 1]",
};

function source(): string {
  const lines = [
    ...activations.map((name) => [name, `${name}(p)`, ["p"]] as const),
    ...Object.entries(losses).map(([name, text]) => [name, text, ["p", "t"]] as const),
  ].flatMap(([name, text, inputs]) => [
    `  ${name}_0 = ${text}`,
    `  output ${name}_value = ${name}_0`,
    ...inputs.map((input) => `  output ${name}_by_${input} = grad(${name}_0, ${input})`),
  ]);
  return `model Extremes {
  input p: [batch]
  input t: [batch]
  input class: category(2)[batch]
  both = stack([p, t], axis: 1)
${lines.join("\n")}
}`;
}

/** That the numbers are right is tested with the oracle's records; here their arguments cancel and vanish. */
describe("the prelude at extremes", () => {
  const text = source();
  type Outputs = Readonly<Record<string, ArrayLike<number>>>;
  const predict = async (backend: TestBackend, taken = asGiven): Promise<Outputs> => {
    const own = pairs.map((pair) => pair.map(taken));
    const net = await open(compileOne(text), backend);
    const found: Outputs = await net.predict({
      p: own.map(([p = 0]) => p),
      t: own.map(([, t = 0]) => t),
      class: own.map((_, i) => i % 2),
    });
    net.destroy();
    return found;
  };
  let truth: Outputs;
  let vanished: Outputs;
  beforeAll(async () => {
    truth = await predict("f64");
    vanished = await predict("f64", flushed);
  });
  const names = check(text).models.flatMap(({ inference }) =>
    inference.outputs.map(({ name }) => name),
  );

  const suite = (backend: TestBackend) => {
    let found: Outputs;
    beforeAll(async () => {
      found = await predict(backend);
    });
    it.each(names)("%s", (name) => {
      pairs.forEach((pair, i) => {
        const number = (from: Outputs) => from[name]?.[i] ?? NaN;
        expectFinite(number(found), [truth, vanished].map(number), `at ${pair.join(", ")}`);
      });
    });
  };
  describe("on the CPU", () => {
    suite("f32");
  });
  describeGpu("in WGSL", () => {
    suite("webgpu");
  });

  it.each(names)("%s is a number in double precision", (name) => {
    const bad = pairs.filter((_, i) => Number.isNaN(truth[name]?.[i] ?? NaN));
    expect(bad).toEqual([]);
  });
});
