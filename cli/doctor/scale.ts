// In: the numbers that reach a first layer; out: whether their size, or how unlike their columns are, makes learning hard.
import { valueText } from "../numbers.js";
import type { Advice, Measured } from "./finding.js";

/** Of all numbers that reach a layer before any trained one has touched them. */
export interface InputScale {
  readonly where: string;
  /** The root of the mean square. */
  readonly size: number;
  readonly mean: number;
  /** Of columns (entries of the last axis), where there are several that vary. */
  readonly leastDeviation: number;
  readonly largestDeviation: number;
}

const usual = { low: 0.01, high: 10 } as const;
const mostUnlike = 100;

export function scaleOf(where: string, values: ArrayLike<number>, columns: number): InputScale {
  const sums = Array.from({ length: columns }, () => ({ sum: 0, squares: 0 }));
  const rows = values.length / columns;
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0;
    const column = sums[at % columns];
    if (column === undefined) continue;
    column.sum += value;
    column.squares += value * value;
  }
  const deviations = sums
    .map(({ sum, squares }) => Math.sqrt(Math.max(0, squares / rows - (sum / rows) ** 2)))
    .filter((deviation) => deviation > 1e-6);
  const total = sums.reduce((all, column) => all + column.sum, 0);
  const squares = sums.reduce((all, column) => all + column.squares, 0);
  return {
    where,
    size: Math.sqrt(squares / Math.max(1, values.length)),
    mean: total / Math.max(1, values.length),
    leastDeviation: deviations.reduce((a, b) => Math.min(a, b), Infinity),
    largestDeviation: deviations.reduce((a, b) => Math.max(a, b), 0),
  };
}

export const scaleMeasured = ({ where, size }: InputScale): Measured => ({
  what: `size of what reaches ${where}`,
  value: valueText(size),
  wanted: "about 1",
});

export function scaleFindings({ where, size, ...of }: InputScale): Advice[] {
  const { leastDeviation, largestDeviation } = of;
  const todo =
    "bring them to about 1: `x |> standardize()` measures the training set and does it, `image / 255` does for grey levels";
  if (size > usual.high || (size < usual.low && size > 0))
    return [
      {
        where,
        what: `the numbers that reach ${where} have a size of ${valueText(size)} (the root of their mean square)`,
        why:
          size > usual.high
            ? "first weights are drawn for numbers of about 1: larger ones drive units to their bounds, and one rate cannot suit all weights"
            : "first weights are drawn for numbers of about 1: of smaller ones next to nothing reaches the layers behind",
        todo,
      },
    ];
  if (largestDeviation <= mostUnlike * leastDeviation) return [];
  return [
    {
      where,
      what: `of the numbers that reach ${where}, one column varies by ${valueText(largestDeviation)}, another by ${valueText(leastDeviation)}`,
      why: "the large ones outweigh the small ones, and no rate suits the weights of both",
      todo,
    },
  ];
}
