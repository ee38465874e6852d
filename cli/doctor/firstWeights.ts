// In: the size of first weights, and how far activations spread with them; out: whether they are far too small or too large.
import { valueText } from "../numbers.js";
import type { ActivationState } from "./activations.js";
import type { Advice } from "./finding.js";

export interface FirstWeight {
  readonly name: string;
  /** The root of their mean square, times the root of how many inputs a unit has: about 1 of weights that keep the size of what they are given. */
  readonly gain: number;
}

/** What is far off on both sides: of `glorot_uniform()` and its kin the gain lies between 0.2 and 2. */
const usual = { low: 0.1, high: 5 } as const;
/** Of activations, for inputs of about 1. */
const spreads = { low: 1e-3, high: 100 } as const;

const initializers =
  "`glorot_uniform()` (before tanh and sigmoid) and `he_normal()` (before relu) choose it by the number of inputs";

export function gainOf(values: ArrayLike<number>, shape: readonly number[]): number {
  const inputs = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  let squares = 0;
  for (let at = 0; at < values.length; at++) squares += (values[at] ?? 0) ** 2;
  return Math.sqrt((squares / Math.max(1, values.length)) * inputs);
}

/** Whether updates can be held against their size: by what is next to nothing, every update is large. */
export const hasSize = ({ gain }: FirstWeight): boolean => gain >= usual.low;

export function firstWeightFindings(
  weights: readonly FirstWeight[],
  activations: readonly ActivationState[],
): Advice[] {
  const small = weights.filter((weight) => !hasSize(weight));
  const large = weights.filter(({ gain }) => gain > usual.high);
  const least = extreme(activations, (a, b) => a < b);
  const most = extreme(activations, (a, b) => a > b);
  if (least !== undefined && least.spread < spreads.low && small.length > 0)
    return [
      {
        where: namesOf(small),
        what: `first weights are far too small: what ${least.name} gives differs by ${valueText(least.spread)} from one example to another`,
        why: "each layer makes what it is given smaller by as much, and gradients on their way back too: what is left at the end is the same for all examples, whatever the rate is",
        todo: `draw them larger, ${timesText(small)}: ${initializers}`,
      },
    ];
  if (most !== undefined && most.spread > spreads.high && large.length > 0)
    return [
      {
        where: namesOf(large),
        what: `first weights are far too large: what ${most.name} gives differs by ${valueText(most.spread)} from one example to another`,
        why: "each layer makes what it is given larger by as much, and gradients on their way back too: the loss begins with huge values, and most of the training goes into making them small again",
        todo: `draw them smaller, ${timesText(large)}: ${initializers}`,
      },
    ];
  return [];
}

function extreme(
  states: readonly ActivationState[],
  before: (a: number, b: number) => boolean,
): ActivationState | undefined {
  return states.reduce<ActivationState | undefined>(
    (found, one) => (found === undefined || before(one.spread, found.spread) ? one : found),
    undefined,
  );
}

const mostNames = 3;

function namesOf(weights: readonly FirstWeight[]): string {
  const names = weights.map(({ name }) => name);
  const shown = names.slice(0, mostNames).join(", ");
  return names.length > mostNames ? `${shown} and ${names.length - mostNames} more` : shown;
}

/** By how much, of the first of them. */
function timesText([first]: readonly FirstWeight[]): string {
  if (first === undefined || first.gain === 0) return "for they are 0";
  const factor = Number((first.gain < 1 ? 1 / first.gain : first.gain).toPrecision(1));
  return `${first.name} by a factor of about ${valueText(factor)}`;
}
