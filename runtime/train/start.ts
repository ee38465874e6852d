// The `start` lines of a stage in; what fills in the parameters that their files have, once all of them are read, out.

import { formatShape } from "../dimensions.js";
import type { PlanStage } from "../plan.js";
import type { SafetensorsFile } from "../safetensors.js";
import type { TrainingSession } from "../session.js";
import { applyWeights, compareWeights, readWeights } from "../weights.js";
import type { Waiting } from "./calls.js";

interface Reader {
  readonly session: TrainingSession;
  readonly readFile: (file: string, parameters: readonly string[]) => Promise<Uint8Array>;
}

/** In the metadata of a part of a file: a list of what else the file has, as JSON. */
const othersKey = "nnc.others";

/** How many tensors of a file are told of. */
const mostTold = 20;

/** Rejects where a file cannot be read or does not fit. */
export async function readStart(
  { session, readFile }: Reader,
  { start }: PlanStage,
  waiting: Waiting,
): Promise<readonly (() => void)[]> {
  const fills: (() => void)[] = [];
  for (const { file, parameters, below = {} } of start) {
    const wanted = [...parameters, ...Object.values(below)];
    const weights = readWeights(await waiting.wait(readFile(file, wanted)), file);
    const named = session.plan.parameters.filter(({ name }) => parameters.includes(name));
    // A file of an instance's own training calls all by what is below it, one of a whole model none.
    const isWhole = parameters.some((name) => weights.tensors.has(name));
    // What else the file holds is no matter of this line.
    const tensors = new Map(
      parameters.flatMap((name) => {
        const tensor = weights.tensors.get(isWhole ? name : (below[name] ?? name));
        return tensor ? [[name, tensor] as const] : [];
      }),
    );
    const own = { ...weights, tensors };
    compareWeights(`what \`start\` takes from ${file}`, named, own, false, () =>
      contentsOf(weights, isWhole ? [] : Object.values(below)),
    );
    fills.push(() => {
      applyWeights(session, own, parameters);
    });
  }
  return fills;
}

/** What a file has that does not fit, and which other names would have done. */
function contentsOf(
  { tensors, metadata }: SafetensorsFile,
  shorter: readonly string[],
): readonly string[] {
  const { [othersKey]: others = "[]" } = metadata;
  const held = [
    ...[...tensors].map(([name, { shape }]) => `${name} ${formatShape(shape)}`),
    ...(JSON.parse(others) as string[]),
  ].filter((name) => !name.includes("/"));
  const more = held.length > mostTold ? [`  and ${held.length - mostTold} more`] : [];
  return [
    ...(shorter.length === 0 ? [] : [`  nor below the selector: ${shorter.join(", ")}`]),
    ...(held.length === 0 ? ["  the file has no tensors"] : []),
    ...held.slice(0, mostTold).map((name) => `  the file has ${name}`),
    ...more,
  ];
}
