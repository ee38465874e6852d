// An open session and the bytes of a weights file in; parameters at their first values out.

import type { LoadedWeights, LoadOptions } from "./api.js";
import type { Beginning } from "./load.js";
import { seedOf, type Session } from "./session.js";
import { takeWeights } from "./weights.js";

/** Fills the parameters from the weights given, and from the seed (or with zeros) what those may leave out. */
export async function loadParameters(
  session: Session,
  { weights, partial = false }: Pick<Beginning<LoadOptions>, "weights" | "partial">,
): Promise<LoadedWeights | undefined> {
  if (!weights || partial) await session.options.initialize?.(session, seedOf(session));
  if (!weights) return undefined;
  return takeWeights(session, weights, partial);
}
