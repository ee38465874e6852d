// In: labels and the probabilities or logits that a model gives for them; out: how often each is taken for which.
import type { Plan, PlanInput, PlanOutput } from "../runtime/plan.js";
import { tableText } from "./numbers.js";

export interface Confusion {
  readonly target: string;
  readonly output: string;
  /** `counts[label][predicted]`. */
  readonly counts: readonly (readonly number[])[];
}

export interface ConfusionPair {
  readonly target: PlanInput;
  readonly output: PlanOutput;
}

function isOverClasses(output: PlanOutput, target: PlanInput): boolean {
  const [batch, classes, ...more] = output.shape;
  return (
    output.type === "f32" && more.length === 0 && batch === "batch" && classes === target.categories
  );
}

/** Each target of classes with the output over its classes; where several would do, the one named alike. */
export function confusionPairs({ inputs, outputs }: Plan): ConfusionPair[] {
  return inputs.flatMap((target) => {
    if (target.role !== "target" || target.categories === undefined) return [];
    if (target.shape.length !== 1 || target.shape[0] !== "batch") return [];
    const able = outputs.filter((output) => isOverClasses(output, target));
    const alike = able.filter((output) => output.name.includes(target.name));
    const output = able.length === 1 ? able[0] : alike.length === 1 ? alike[0] : undefined;
    return output === undefined ? [] : [{ target, output }];
  });
}

export function confusionTable(
  { target, output }: ConfusionPair,
  labels: ArrayLike<number>,
  scores: ArrayLike<number>,
): Confusion {
  const classes = target.categories ?? 0;
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < labels.length; row++) {
    let best = 0;
    for (let index = 1; index < classes; index++) {
      const candidate = scores[row * classes + index] ?? -Infinity;
      if (candidate > (scores[row * classes + best] ?? -Infinity)) best = index;
    }
    const line = counts[labels[row] ?? 0];
    if (line) line[best] = (line[best] ?? 0) + 1;
  }
  return { target: target.name, output: output.name, counts };
}

/** Beyond this many classes a table is no help on a terminal. */
const widestTable = 40;

export function confusionText({ target, output, counts }: Confusion): string {
  if (counts.length > widestTable)
    return `${target}: ${counts.length} classes, too many for a table (--json has it)`;
  const indices = counts.map((_, index) => String(index));
  const rows = counts.map((line, label) => {
    const total = line.reduce((a, b) => a + b, 0);
    const right = total === 0 ? "" : `${((100 * (line[label] ?? 0)) / total).toFixed(1)} %`;
    return [String(label), ...line.map((count) => (count === 0 ? "." : String(count))), right];
  });
  return `${target} (lines) taken for (columns, by ${output}):\n${tableText([["", ...indices, "right"], ...rows], 0)}`;
}
