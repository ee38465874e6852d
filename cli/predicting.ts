// In: a net, the outputs wanted and bound data; out: the outputs over all examples, computed part by part.
import type { TensorOutput, TrainingNet } from "../runtime/api.js";
import { countOf, evaluateShape } from "../runtime/dimensions.js";
import type { Plan, PlanOutput } from "../runtime/plan.js";
import { chunkSize, chunksOf } from "./batches.js";
import type { BoundData } from "./data/bind.js";
import type { OutputArray } from "./data/write.js";

export interface PredictWishes {
  /** How many examples, where no data tell. */
  readonly examples: number;
  readonly seed?: number;
  /** Of an ensemble: what each of so many members says, along an axis in front. */
  readonly members?: number;
}

/** Declared to have a part for each example, whatever the number of examples. */
export function isPerExample({ shape }: PlanOutput): boolean {
  return shape[0] === "batch";
}

/** What is drawn depends on its position in the batch, so cutting the batch would change it. */
function draws({ programs }: Plan): boolean {
  return programs.some(
    ({ kind, uniforms }) =>
      kind === "draw" || (kind === "predict" && uniforms.some((one) => one.kind === "counter")),
  );
}

function emptyLike(values: TensorOutput, length: number): TensorOutput {
  const Elements = values.constructor as new (length: number) => TensorOutput;
  return new Elements(length);
}

/** Outputs that have a part for each example are joined over the chunks; others want all examples at once. */
export async function predictAll(
  net: TrainingNet,
  plan: Plan,
  outputs: readonly PlanOutput[],
  data: BoundData,
  { examples, seed, members }: PredictWishes,
): Promise<OutputArray[]> {
  const names = outputs.map(({ name }) => name);
  const hasBatch = plan.dimensions.some(({ name }) => name === "batch");
  const count = hasBatch ? (data.examples ?? examples) : 1;
  const size = outputs.every(isPerExample) && !draws(plan) ? chunkSize : Math.max(1, count);
  const free = { ...Object.fromEntries(data.free), ...(hasBatch ? { batch: count } : {}) };
  const each = new Map(outputs.map(({ name, shape }) => [name, evaluateShape(shape, free)]));
  const joined = new Map<string, { readonly values: TensorOutput; filled: number }>();
  for (const inputs of chunksOf(data.arrays, count, size)) {
    const result = await net.predict(inputs, {
      outputs: names,
      ...(hasBatch && data.examples === undefined ? { batch: count } : {}),
      ...(seed === undefined ? {} : { seed }),
      ...(members === undefined ? {} : { members: true }),
    });
    for (const [name, values] of Object.entries(result)) {
      const one = countOf(each.get(name) ?? []);
      const whole = joined.get(name) ?? {
        values: emptyLike(values, one * (members ?? 1)),
        filled: 0,
      };
      joined.set(name, whole);
      const own = values.length / (members ?? 1);
      for (let member = 0; member < (members ?? 1); member++)
        whole.values.set(
          values.subarray(member * own, (member + 1) * own),
          member * one + whole.filled,
        );
      whole.filled += own;
    }
  }
  return outputs.map((output) => ({
    name: output.name,
    shape: [...(members === undefined ? [] : [members]), ...(each.get(output.name) ?? [])],
    data: joined.get(output.name)?.values ?? new Float32Array(0),
    bool: output.type === "bool",
    perExample: members === undefined && isPerExample(output),
  }));
}
