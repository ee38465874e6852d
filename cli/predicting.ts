// In: a net, the outputs wanted and bound data; out: the outputs over all examples, computed part by part.
import type { TensorOutput, TrainingNet } from "../runtime/api.js";
import { countOf, evaluateShape, namesIn } from "../runtime/dimensions.js";
import type { Plan, PlanOutput } from "../runtime/plan.js";
import { chunkSize, chunksOf } from "./batches.js";
import type { BoundData } from "./data/bind.js";
import type { OutputArray } from "./data/write.js";
import { Failure } from "./failure.js";

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

/** The lengths that draws of these outputs have and no data tell: as trained. Throws Failure where no training says them. */
function drawnLengths(
  { model, inputs, stages }: Plan,
  outputs: readonly PlanOutput[],
  { free }: BoundData,
): Readonly<Record<string, number>> {
  const needed = new Set(outputs.flatMap(({ needs }) => needs));
  const drawn = inputs.filter(({ name, source }) => source === "drawn" && needed.has(name));
  const open = new Set(drawn.flatMap(({ shape }) => shape.flatMap(namesIn)));
  const lengths = [...open]
    .filter((name) => name !== "batch" && !free.has(name))
    .map((name): [string, number] => {
      const length = stages[0]?.dimensions[name];
      if (length !== undefined) return [name, length];
      throw new Failure(1, "data", `${model} draws ${name} entries, and nothing says how many`, {
        hint: `\`${name} 8\` in a train block of ${model} says it, or --data that have \`${name}\``,
      });
    });
  return Object.fromEntries(lengths);
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
  const size = outputs.every((output) => isPerExample(output) && output.mixes !== true)
    ? chunkSize
    : Math.max(1, count);
  const lengths = drawnLengths(plan, outputs, data);
  const free = {
    ...lengths,
    ...Object.fromEntries(data.free),
    ...(hasBatch ? { batch: count } : {}),
  };
  const each = new Map(outputs.map(({ name, shape }) => [name, evaluateShape(shape, free)]));
  const joined = new Map<string, { readonly values: TensorOutput; filled: number }>();
  for (const inputs of chunksOf(data.arrays, count, size)) {
    const result = await net.predict(inputs, {
      outputs: names,
      dimensions: lengths,
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
