// `check condition, "message"` comes in; a report of what the call gave goes out, where the condition is known not to hold.
import type * as ast from "../../../grammar/ast.js";
import { dimText } from "../../types/dimension.js";
import { walk } from "../calls/syntax.js";
import type { CallSite, Frame } from "../context.js";
import { fails } from "../values/conditions.js";
import { peek } from "../values/lookup.js";
import { excerpt, report } from "../report.js";
import { describe, isSpoilt, poison, type Value } from "../values/values.js";

/**
 * Told at the call, whose arguments are the mistake, and which has no value then; in a model itself, where it stands. Of
 * tensors and schedules it says nothing.
 */
export function runCheck(statement: ast.CheckStatement, frame: Frame): Value | undefined {
  const { condition, message } = statement;
  const value = frame.run.evaluator.expression(condition, frame);
  if (isSpoilt(value) || value.kind === "tensor") return undefined;
  if (!isTruth(value)) {
    report(frame, "NN0311", condition.span, {
      message: `what \`check\` looks at is true or false, not ${describe(value)}`,
      hint: '`check n % groups == 0, "groups divides the channels"`',
      wrong: { value, kind: "boolean" },
    });
    return undefined;
  }
  if (!fails(value)) return undefined;
  const call = callToTell(frame);
  frame.taint.spoilt = true;
  const at = call === undefined ? frame : call.caller;
  report(at, "NN0316", call?.span ?? condition.span, {
    message: call === undefined ? message : `${call.name}: ${message}`,
    labels:
      call === undefined || frame.unit.prelude
        ? []
        : [{ span: condition.span, text: "checked here", unit: frame.unit }],
    notes: [
      ...(frame.unit.prelude ? [`it checks that ${excerpt(frame, condition.span)}`] : []),
      ...knownIn(condition, frame),
    ],
  });
  return call === undefined ? undefined : poison;
}

/** The call that gave the arguments; of what the library calls itself, the user's own. */
function callToTell({ call, unit }: Frame): CallSite | undefined {
  let at = call;
  while (unit.prelude && at?.caller.unit.prelude === true && at.caller.call !== undefined) {
    at = at.caller.call;
  }
  return at;
}

function isTruth(value: Value): boolean {
  if (value.kind === "list") return value.items.every(isTruth);
  return value.kind === "bool";
}

/** What the names in a condition are, where that is short to say. */
function knownIn(condition: ast.Expression, frame: Frame): readonly string[] {
  const names = new Set<string>();
  walk(condition, (node) => {
    if (node.kind === "Name") names.add((node as ast.NameExpression).name);
  });
  return [...names].sort().flatMap((name) => {
    const value = peek(frame, name);
    const text = value && valueText(value);
    return text === undefined ? [] : [`${name} is ${text}`];
  });
}

function valueText(value: Value): string | undefined {
  switch (value.kind) {
    case "int":
    case "float":
    case "bool":
      return String(value.value);
    case "string":
      return describe(value).replace("the string ", "");
    case "dimension":
      return dimText(value.dim);
    case "list": {
      const items = value.items.map(valueText);
      return items.length > 8 || items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
    }
    default:
      return undefined;
  }
}
