// Work about to be done comes in; whether it may be done goes out, with one diagnostic where a limit is reached.
import type { Span } from "../../grammar/span.js";
import type { Budget, Frame } from "./context.js";
import { report } from "./report.js";

/** Statements that one trace may unroll. */
export const statementLimit = 100_000;
/** Values that one list, and characters that one string, may hold. */
export { listLimit } from "./values/values.js";
/** Values that a list and the lists in it may hold together. */
export const leafLimit = 1_000_000;
/** Calls that may stand within one another. */
export const depthLimit = 100;
/** Expressions evaluated and list entries made, of the whole analysis. */
const workLimit = 2_000_000;

export function newBudget(): Budget {
  return { statements: statementLimit, work: workLimit, depth: 0, exhausted: false };
}

/** Expressions that may be under way at once, over all calls: what the machine's stack holds, with room to spare. */
const nestingLimit = 1000;

/** Goes one expression deeper; false when that is too deep. */
export function enter(frame: Frame, span: Span): boolean {
  const { budget } = frame.run;
  if (budget.depth < nestingLimit) {
    budget.depth += 1;
    return true;
  }
  budget.exhausted = true;
  report(frame, "NN0606", span, {
    message: "expressions and calls are nested too deeply here",
    notes: [`${nestingLimit} may be under way at once, over all calls that lead here`],
    hint: "bind inner parts to names",
  });
  return false;
}

/** Counts one statement; false when no more may run. */
export function spendStatement(frame: Frame, span: Span): boolean {
  const { budget } = frame.run;
  if (budget.exhausted) return false;
  budget.statements -= 1;
  if (budget.statements >= 0) return true;
  budget.exhausted = true;
  report(frame, "NN0601", span, {
    message: `unrolling this program takes more than ${statementLimit.toLocaleString("en-US")} statements`,
    notes: [
      "a `for` repeats its statements once for each value, and calls repeat those of the body",
    ],
    hint: "use fewer turns, or `scan`, which runs one body for all steps",
  });
  return false;
}

/** Counts work other than statements; false when no more may be done. */
export function spendWork(frame: Frame, span: Span, amount = 1): boolean {
  const { budget } = frame.run;
  if (budget.exhausted) return false;
  budget.work -= amount;
  if (budget.work >= 0) return true;
  budget.exhausted = true;
  report(frame, "NN0602", span, {
    message: "evaluating this program at compile time takes too long",
    notes: ["compile-time loops and lists are spelt out in full before anything runs"],
    hint: "compute large arrays as tensors: `range`, `reshape` and `one_hot` cost nothing here",
  });
  return false;
}
