// In: by how much updates change the weights, epoch by epoch; out: whether the rate is far too large or too small.
import { valueText } from "../numbers.js";
import type { Advice, Measured } from "./finding.js";

/** Of each epoch the ratios ‖Δw‖ / ‖w‖ of its last update, by parameter. */
export type UpdateRatios = readonly Readonly<Record<string, number>>[];

/** About a thousandth is usual; Adam begins with more. */
const usual = { low: 1e-4, high: 0.1 } as const;

/** What is told of the first epochs. */
const firstEpochs = 3;

export function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b);
  const middle = Math.floor(ordered.length / 2);
  const upper = ordered[middle] ?? NaN;
  return ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? NaN) + upper) / 2;
}

/**
 * Of the weights alone: what starts at 0, as biases do, has no ratio that would say anything, nor has what no gradient reaches, whatever
 * the rate is.
 */
export function ratiosOfWeights(
  monitors: readonly Readonly<Record<string, number>>[],
  weights: readonly string[],
): UpdateRatios {
  return monitors.map((epoch) =>
    Object.fromEntries(
      weights.flatMap((name) => {
        const ratio = epoch[`update_ratio.${name}`];
        const isReached = epoch[`gradient_norm.${name}`] !== 0;
        return ratio === undefined || !isReached ? [] : [[name, ratio] as const];
      }),
    ),
  );
}

/** The median over the weights in each epoch. */
export function typicalRatios(ratios: UpdateRatios): number[] {
  return ratios.map((epoch) => median(Object.values(epoch))).filter((one) => !Number.isNaN(one));
}

export function updateMeasured(ratios: UpdateRatios): Measured[] {
  const typical = typicalRatios(ratios);
  const [first] = typical;
  if (first === undefined) return [];
  return [
    {
      what: "change of weights by an update, first and last",
      value: `${valueText(first)}, ${valueText(typical.at(-1) ?? first)}`,
      wanted: "about 0.001",
    },
  ];
}

export function updateFindings(ratios: UpdateRatios): Advice[] {
  const typical = typicalRatios(ratios);
  if (typical.length === 0) return [];
  const first = median(typical.slice(0, firstEpochs));
  const most = typical.reduce((a, b) => Math.max(a, b), 0);
  const where = "the optimizer's rate";
  if (most === 0)
    return [
      {
        where,
        what: "updates change no weight at all",
        why: "nothing is learned by weights that stay what they are",
        todo: "give the optimizer a rate (`adam(lr: 1e-3)`, `sgd(lr: 0.1)`), and see that a schedule does not begin and end at 0",
      },
    ];
  if (first > usual.high)
    return [
      {
        where,
        what: `an update changes weights by ${valueText(first)} of their size; a thousandth is usual`,
        why: "steps as large as that throw away what was learned before them",
        todo: `divide the rate by about ${valueText(roundedFactor(first / 1e-2))}`,
      },
    ];
  if (most >= usual.low) return [];
  return [
    {
      where,
      what: `an update changes weights by ${valueText(most)} of their size at most; a thousandth is usual`,
      why: "at this pace weights get nowhere in the time that training has",
      todo: `multiply the rate by about ${valueText(roundedFactor(1e-3 / most))}, if the loss falls as slowly as that`,
    },
  ];
}

/** Weights whose gradient is 0 in all epochs, of which there are some. */
export function unreachedWeights(
  monitors: readonly Readonly<Record<string, number>>[],
  weights: readonly string[],
): string[] {
  return weights.filter(
    (name) =>
      monitors.some((epoch) => `gradient_norm.${name}` in epoch) &&
      monitors.every((epoch) => (epoch[`gradient_norm.${name}`] ?? 0) === 0),
  );
}

export function unreachedFindings(names: readonly string[]): Advice[] {
  if (names.length === 0) return [];
  return [
    {
      where: names.join(", "),
      what: `no gradient reaches ${names.join(", ")}: it is 0 in every update`,
      why: "a weight that the loss does not change with is never trained",
      todo: "see that what it computes leads to the loss, without a `stop_gradient`, a comparison, `round` or `argmax` on the way, and that no activation behind it is dead",
    },
  ];
}

/** One significant digit says as much as is known. */
const roundedFactor = (factor: number): number => Number(Math.max(2, factor).toPrecision(1));
