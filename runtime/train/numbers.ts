// Numbers that came back from the device in; what of them is not finite, by its name, out.

import { countOf } from "../dimensions.js";
import type { TrainingSession } from "../session.js";

/** The first loss or penalty that is NaN or infinite; told here, on the host, since shaders may not see it. */
export function firstNotFinite(values: Readonly<Record<string, number>>): string | undefined {
  for (const [name, value] of Object.entries(values)) {
    if (Number.isFinite(value)) continue;
    if (name === "loss.loss") return "the loss";
    if (name.startsWith("loss.")) return `the loss ${name.slice(5)}`;
    if (name.startsWith("penalty.")) return "the sum of the regularizers";
  }
  return undefined;
}

export async function firstBadParameter({
  plan,
  backend,
}: TrainingSession): Promise<string | undefined> {
  for (const { name, type, storage, offset, shape } of plan.parameters) {
    if (type !== "f32") continue;
    const values = await backend.readRange(storage, offset, countOf(shape));
    if (values.some((value) => !Number.isFinite(value))) return name;
  }
  return undefined;
}
