// Takes a plan, or a part of one, gives the same under the short names that minified runtimes have for its parts.
import { ownEntry } from "../ownEntry.js";
import { shortPlanNames } from "./runtimeText.generated.js";

/** Fields whose entries are named by the program: live dimensions, sums of sizes, parameters. */
const records = ["dimensions", "totals", "below"];

export function shortPlan(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(shortPlan);
  if (!isRecord(part)) return part;
  return Object.fromEntries(
    Object.entries(part).map(([name, value]) => [
      ownEntry(shortPlanNames, name) ?? name,
      records.includes(name) && isRecord(value) ? value : shortPlan(value),
    ]),
  );
}

/** Numbers in typed arrays stay what they are. */
function isRecord(part: unknown): part is object {
  return (
    typeof part === "object" && part !== null && Object.getPrototypeOf(part) === Object.prototype
  );
}
