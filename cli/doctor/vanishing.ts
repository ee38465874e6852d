// In: how far activations spread, and the gradients of weights, in the order of layers; out: whether next to nothing passes from one end to the other.
import { valueText } from "../numbers.js";
import type { ActivationState } from "./activations.js";
import type { Advice, Measured } from "./finding.js";

/** The norm at the first weights, in the order of layers; those that no gradient reaches left out. */
export interface FirstGradient {
  readonly name: string;
  readonly norm: number;
}

/** What is left of the largest: of ten layers with relu a hundredth of the spread, and all of the gradient. */
const least = { spread: 5e-3, gradient: 1e-3 } as const;

export function gradientMeasured(gradients: readonly FirstGradient[]): Measured[] {
  const [first] = gradients;
  const last = gradients.at(-1);
  if (first === undefined || last === undefined || gradients.length < 2) return [];
  return [
    {
      what: `gradient of ${first.name} and of ${last.name} at the start`,
      value: `${valueText(first.norm)}, ${valueText(last.norm)}`,
      wanted: "of about one size",
    },
  ];
}

/** Of a model that learned little: one that learns has enough left. */
export function vanishingFindings(
  activations: readonly ActivationState[],
  gradients: readonly FirstGradient[],
): Advice[] {
  const told = [
    ...fading(
      activations.map(({ name, spread }) => ({ name, size: spread })),
      least.spread,
      (from, to) =>
        `what ${to.name} gives differs by ${valueText(to.size)} from one example to another, and by ${valueText(from.size)} behind ${from.name}`,
    ),
    ...fading(
      gradients.toReversed().map(({ name, norm }) => ({ name, size: norm })),
      least.gradient,
      (from, to) =>
        `the gradient of ${to.name} is ${valueText(to.size)}, that of ${from.name} ${valueText(from.size)}`,
    ),
  ];
  const [first] = told;
  if (first === undefined) return [];
  return [
    {
      where: first.where,
      what: `next to nothing passes through the layers: ${told.map(({ text }) => text).join("; ")}`,
      why: "each layer lets through a part of the changes (a sigmoid at most a quarter), and the parts multiply: layers behind are told nothing of the inputs, layers in front nothing of the loss, and no rate suits both ends",
      todo: "take activations that let more through (relu with `he_normal()`, or tanh, in place of sigmoid), `batch_norm()` before each, shortcuts (`x + layer(x)`), or fewer layers",
    },
  ];
}

interface Sized {
  readonly name: string;
  readonly size: number;
}

/** From the largest on: what comes behind it and is next to nothing beside it. */
function fading(
  along: readonly Sized[],
  share: number,
  text: (from: Sized, to: Sized) => string,
): { readonly where: string; readonly text: string }[] {
  const from = along.reduce<Sized | undefined>(
    (found, one) => (found === undefined || one.size > found.size ? one : found),
    undefined,
  );
  if (from === undefined) return [];
  const to = along.at(-1);
  if (to === undefined || !(to.size < share * from.size)) return [];
  return [{ where: `${from.name} to ${to.name}`, text: text(from, to) }];
}
