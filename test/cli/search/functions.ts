// Takes no input, gives functions that optimizers are tried on, over the space that each is known by.
import type { SearchedParameter, SearchSpace } from "../../../compiler/types/model.js";
import type { Settings } from "../../../cli/options.js";

export interface TestFunction {
  readonly name: string;
  readonly parameters: readonly SearchedParameter[];
  readonly value: (set: Settings) => number;
  /** A point where it is least, and what it is there. */
  readonly least: { readonly at: Settings; readonly value: number };
}

const uniform = (low: number, high: number): SearchSpace => ({
  kind: "range",
  low,
  high,
  log: false,
  whole: false,
  points: undefined,
});
const logarithmic = (low: number, high: number): SearchSpace => ({
  kind: "range",
  low,
  high,
  log: true,
  whole: false,
  points: undefined,
});
const whole = (low: number, high: number, log = false): SearchSpace => ({
  kind: "range",
  low,
  high,
  log,
  whole: true,
  points: undefined,
});

const axes = (count: number, space: SearchSpace): SearchedParameter[] =>
  Array.from({ length: count }, (_, at) => ({ name: `x${at + 1}`, space }));
const point = (...values: readonly number[]): Settings =>
  Object.fromEntries(values.map((value, at) => [`x${at + 1}`, value]));
const numbersOf = (set: Settings): number[] => Object.values(set).map(Number);
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** Dixon and Szegő, "Towards global optimisation 2" (1978): a sum of bells over the unit cube. */
function hartmann(
  rates: readonly (readonly number[])[],
  centres: readonly (readonly number[])[],
): TestFunction["value"] {
  const heights = [1, 1.2, 3, 3.2];
  return (set) => {
    const x = numbersOf(set);
    return -sum(
      heights.map(
        (height, i) =>
          height *
          Math.exp(-sum(x.map((v, j) => (rates[i]?.[j] ?? 0) * (v - (centres[i]?.[j] ?? 0)) ** 2))),
      ),
    );
  };
}

const hartmann3 = hartmann(
  [
    [3, 10, 30],
    [0.1, 10, 35],
    [3, 10, 30],
    [0.1, 10, 35],
  ],
  [
    [0.3689, 0.117, 0.2673],
    [0.4699, 0.4387, 0.747],
    [0.1091, 0.8732, 0.5547],
    [0.0381, 0.5743, 0.8828],
  ],
);
const hartmann6 = hartmann(
  [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ],
  [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
  ],
);

/** Formulas, domains and minima as in Surjanovic and Bingham, "Virtual library of simulation experiments" (sfu.ca/~ssurjano). */
export const testFunctions: readonly TestFunction[] = [
  {
    // Over several orders of magnitude: the sphere in the logarithms of two numbers.
    name: "sphere, of logarithms",
    parameters: [
      { name: "x1", space: logarithmic(1e-5, 1e1) },
      { name: "x2", space: logarithmic(1e-5, 1e1) },
      { name: "x3", space: logarithmic(1e-5, 1e1) },
    ],
    value: (set) => sum(numbersOf(set).map((x) => Math.log10(x / 1e-3) ** 2)),
    least: { at: point(1e-3, 1e-3, 1e-3), value: 0 },
  },
  {
    name: "Rosenbrock",
    parameters: axes(2, uniform(-5, 10)),
    value: (set) => {
      const x = numbersOf(set);
      return sum(
        x.slice(1).map((next, i) => {
          const v = x[i] ?? 0;
          return 100 * (next - v * v) ** 2 + (v - 1) ** 2;
        }),
      );
    },
    least: { at: point(1, 1), value: 0 },
  },
  {
    name: "Branin",
    parameters: [
      { name: "x1", space: uniform(-5, 10) },
      { name: "x2", space: uniform(0, 15) },
    ],
    value: (set) => {
      const [x = 0, y = 0] = numbersOf(set);
      const curve = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
      return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
    },
    least: { at: point(Math.PI, 2.275), value: 0.397887 },
  },
  {
    name: "Ackley",
    parameters: axes(4, uniform(-32.768, 32.768)),
    value: (set) => {
      const x = numbersOf(set);
      const square = sum(x.map((v) => v * v)) / x.length;
      const wave = sum(x.map((v) => Math.cos(2 * Math.PI * v))) / x.length;
      return -20 * Math.exp(-0.2 * Math.sqrt(square)) - Math.exp(wave) + 20 + Math.E;
    },
    least: { at: point(0, 0, 0, 0), value: 0 },
  },
  {
    // Two of its axes take whole numbers alone.
    name: "Rastrigin, half of it whole",
    parameters: [
      { name: "x1", space: uniform(-5.12, 5.12) },
      { name: "x2", space: uniform(-5.12, 5.12) },
      { name: "x3", space: whole(-5, 5) },
      { name: "x4", space: whole(-5, 5) },
    ],
    value: (set) => {
      const x = numbersOf(set);
      return 10 * x.length + sum(x.map((v) => v * v - 10 * Math.cos(2 * Math.PI * v)));
    },
    least: { at: point(0, 0, 0, 0), value: 0 },
  },
  {
    name: "Hartmann 3",
    parameters: axes(3, uniform(0, 1)),
    value: hartmann3,
    least: { at: point(0.114614, 0.555649, 0.852547), value: -3.86278 },
  },
  {
    name: "Hartmann 6",
    parameters: axes(6, uniform(0, 1)),
    value: hartmann6,
    least: {
      at: point(0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573),
      value: -3.32237,
    },
  },
  {
    // As a search of a net is: a choice, whole numbers over orders of magnitude, and two that add to a Styblinski–Tang function.
    name: "Styblinski–Tang, of four kinds",
    parameters: [
      { name: "x1", space: uniform(-5, 5) },
      { name: "x2", space: uniform(-5, 5) },
      { name: "x3", space: whole(1, 1024, true) },
      { name: "kind", space: { kind: "choice", values: ["a", "b", "c", "d", "e"] } },
    ],
    value: ({ x1, x2, x3, kind }) => {
      const part = (v: number): number => (v ** 4 - 16 * v * v + 5 * v) / 2;
      const width = Math.log2(Number(x3) / 64);
      return part(Number(x1)) + part(Number(x2)) + width * width + (kind === "c" ? 0 : 10);
    },
    least: { at: { x1: -2.903534, x2: -2.903534, x3: 64, kind: "c" }, value: -78.33233 },
  },
];
