// In: the numbers that a loss compares predictions with; out: whether their size makes learning hard.
import { valueText } from "../numbers.js";
import type { Advice, Measured } from "./finding.js";
import type { InputScale } from "./scale.js";

/** First predictions have a size of about 1. */
const usual = { low: 0.01, high: 10 } as const;

export const targetMeasured = ({ where, size }: InputScale): Measured => ({
  what: `size of ${where} in the loss`,
  value: valueText(size),
  wanted: "about 1",
});

/** Of a model that learned little: one that learns reaches its targets as they are. */
export function targetFindings({ where, size, mean, ...of }: InputScale): Advice[] {
  const { largestDeviation: deviation } = of;
  const isLarge = size > usual.high;
  if (!isLarge && !(deviation > 0 && deviation < usual.low)) return [];
  const divisor = rounded(deviation > 0 ? deviation : size);
  const middle = rounded(mean);
  const isShifted = Math.abs(mean) > 2 * deviation;
  const scaled = isShifted ? `(${where} - ${middle}) / ${divisor}` : `${where} / ${divisor}`;
  const back = isShifted ? `y * ${divisor} + ${middle}` : `y * ${divisor}`;
  return [
    {
      where,
      what: `the numbers that the loss compares predictions with (${where}) have a size of ${valueText(size)}, and a deviation of ${valueText(deviation)}`,
      why: isLarge
        ? "first predictions have a size of about 1: weights have a long way to go until theirs is as large, and the loss and its gradients are huge until then"
        : "first predictions have a size of about 1: what tells one target from another is next to nothing beside that, and beside what each update changes",
      todo: `let the model predict them scaled: \`${scaled}\` in the loss where ${where} stands, and of what it predicts, y, \`${back}\` as the output; a loss is not to be held against one of before`,
    },
  ];
}

const rounded = (value: number): string => String(Number(value.toPrecision(2)));
