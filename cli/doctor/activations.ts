// In: the shares of saturated entries and dead units of each activation before training; out: which of them pass too little on.
import type { ActivationMonitor } from "../../compiler/types/model.js";
import { valueText } from "../numbers.js";
import type { Advice, Measured } from "./finding.js";

export interface ActivationState {
  /** `dense_1.relu` */
  readonly name: string;
  readonly saturation: number;
  readonly deadUnits: number;
  /** How far its entries lie from their mean over the examples, in the mean. */
  readonly spread: number;
}

/** Of a relu half the entries are 0 at the start, and a few units for all examples: these are shares far beyond that. */
const limits = { saturation: 0.8, deadUnits: 0.4 } as const;

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** From `saturation.NAME` and its kin, as a step tells them. */
export function activationStates(monitors: Readonly<Record<string, number>>): ActivationState[] {
  const prefix = "saturation.";
  return Object.entries(monitors).flatMap(([key, saturation]) => {
    if (!key.startsWith(prefix)) return [];
    const name = key.slice(prefix.length);
    const told = (what: ActivationMonitor): number => monitors[`${what}.${name}`] ?? 0;
    return [{ name, saturation, deadUnits: told("dead_units"), spread: told("spread") }];
  });
}

export function activationMeasured({
  name,
  saturation,
  deadUnits,
  spread,
}: ActivationState): Measured {
  return {
    what: `${name} at the start`,
    value: `${valueText(saturation)} saturated, ${valueText(deadUnits)} of its units dead, spread ${valueText(spread)}`,
    wanted: `below ${limits.saturation}, below ${limits.deadUnits}`,
  };
}

export function deadFindings({ name, deadUnits }: ActivationState): Advice[] {
  if (deadUnits <= limits.deadUnits) return [];
  return [
    {
      where: name,
      what: `${percent(deadUnits)} of the units of ${name} are dead before training: their derivative is 0 for every example`,
      why: "a unit without a derivative passes no gradient on, so its weights stay what they are, however long the training",
      todo: "look at what leads there: biases that start far below 0, inputs that are not around 0, first weights that are too large; `leaky_relu` and `gelu` have a derivative on both sides",
    },
  ];
}

export function saturationFindings({ name, saturation, deadUnits }: ActivationState): Advice[] {
  if (saturation <= limits.saturation || deadUnits > limits.deadUnits) return [];
  return [
    {
      where: name,
      what: `${percent(saturation)} of ${name} is saturated before training: its derivative is below a thousandth there`,
      why: "what lies on the flat part of an activation changes by next to nothing, so little is learned through it",
      todo: "make what it is given smaller: inputs of a size of about 1, first weights by `glorot_uniform()` (or `he_normal()` before relu), `batch_norm()` or `layer_norm()` before it",
    },
  ];
}
