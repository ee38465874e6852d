// A condition comes in; whether it is known, while compiling, not to hold goes out.
import { listItems, type Value } from "./values.js";

/** Of a list, whether one entry does not. */
export function fails(condition: Value): boolean {
  const items = listItems(condition);
  return items === undefined ? condition.kind === "bool" && !condition.value : items.some(fails);
}
