// A statement of a model that holds a mistake comes in; what the model may have more of than was found is noted in its state.
import type * as ast from "../../../grammar/ast.js";
import { functionParameters } from "../calls/functions.js";
import { walk } from "../calls/syntax.js";
import type { Frame, ModelState, Unknown } from "../context.js";
import { peek } from "../values/lookup.js";

/** Runs a statement of a model's body, and notes what its mistakes may hide. */
export function notingUnknown<Result>(
  statement: ast.Statement,
  frame: Frame,
  model: ModelState,
  run: (frame: Frame) => Result,
): Result {
  const inner: Frame = { ...frame, taint: { spoilt: false } };
  const result = run(inner);
  if (inner.taint.spoilt) {
    frame.taint.spoilt = true;
    for (const kind of hiddenBy(statement, frame)) model.unknown.add(kind);
  }
  return result;
}

const everything: readonly Unknown[] = ["parameters", "losses", "dimensions"];

/** Notes that statements of the model did not run: they may declare anything. */
export function noteUnrun(model: ModelState): void {
  for (const kind of everything) model.unknown.add(kind);
}

function hiddenBy(statement: ast.Statement, frame: Frame): readonly Unknown[] {
  switch (statement.kind) {
    case "SkippedStatement":
      return everything;
    // Their statements note what they hide themselves, and whoever does not run them notes that.
    case "If":
    case "For":
      return [];
    case "Input":
    case "Target":
      return ["dimensions"];
    case "Trained":
    case "State":
    case "Fitted":
    case "Shared":
      return ["parameters"];
    default:
      return mayCallLayer(statement, frame) ? ["parameters"] : [];
  }
}

/** Whether anything but primitives and functions without layers is called in it. */
function mayCallLayer(statement: ast.Statement, frame: Frame): boolean {
  let found = false;
  walk(statement, (node) => {
    if (node.kind === "Call" || node.kind === "Stage") {
      const { callee } = node as unknown as ast.CallExpression | ast.PipelineStage;
      found ||= !isPlain(callee, frame);
    }
  });
  return found;
}

function isPlain(callee: ast.Expression, frame: Frame): boolean {
  const value = callee.kind === "Name" ? peek(frame, callee.name) : undefined;
  if (value?.kind !== "function") return false;
  if (value.form === "builtin") return true;
  // A `fn` of a block may call layers, and one that takes functions calls what it is given.
  return (
    value.form === "closure" &&
    value.declaration.kind === "Function" &&
    value.home === undefined &&
    functionParameters(frame, value).size === 0
  );
}
