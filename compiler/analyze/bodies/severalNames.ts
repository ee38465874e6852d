// A statement that binds or updates names and what its right side gives come in; a value for each name, or the updates made, go out.
import type * as ast from "../../../grammar/ast.js";
import type { Frame } from "../context.js";
import { spoil } from "../frames.js";
import { excerpt, report, sorts } from "../report.js";
import { updateTemplate } from "../training/template.js";
import type { Operand } from "../values/tensors.js";
import { count, describe, isPoison, listItems, poison, type Value } from "../values/values.js";
import { updateState } from "./stateUpdates.js";
import { updateCarry } from "./scan.js";

type Naming = ast.BindingStatement | ast.UpdateStatement;

/** What a single name takes: one value, which is a mistake where there are several. */
export function oneValue(statement: Naming, value: Value, frame: Frame): Value {
  if (value.kind !== "results") return value;
  const sign = statement.kind === "Update" ? "<-" : "=";
  return report(frame, "NN0308", statement.value.span, {
    message: `this gives ${count(value.values.length, "value")}, one name is ${statement.kind === "Update" ? "updated" : "bound"}`,
    hint: `${statement.kind === "Update" ? "name" : "bind"} them all: \`a, b ${sign} …\`; \`_\` for what is not needed`,
  });
}

/** As many values as there are names, in their order; none where their numbers do not agree, which is told. */
export function valuePerName(
  statement: Naming,
  value: Value,
  frame: Frame,
): readonly Value[] | undefined {
  const parts = value.kind === "results" ? value.values : listItems(value);
  const { names } = statement;
  if (parts?.length === names.length) return parts;
  if (isPoison(value)) return undefined;
  report(frame, "NN0308", statement.value.span, {
    message: `${count(names.length, "name")} for ${parts === undefined ? describe(value) : count(parts.length, "value")}`,
    hint:
      value.kind === "tensor" && sorts(excerpt(frame, statement.value.span))
        ? "`sort` gives the values alone: `i = argsort(x)` gives their indices, `v, i = top_k(x, k)` both"
        : parts === undefined
          ? `it is one value: \`${names[0]?.name ?? ""} ${statement.kind === "Update" ? "<-" : "="} …\``
          : "a name for each value; `_` for what is not needed",
  });
  return undefined;
}

/** `h <- e` and `h, c <- e`: of carries, of states, or of the `w` and the states of an optimizer; `e` sees what they were. */
export function runUpdates(statement: ast.UpdateStatement, frame: Frame): void {
  const value = frame.run.evaluator.expression(statement.value, frame);
  const { names } = statement;
  const parts =
    names.length === 1
      ? [oneValue(statement, value, frame)]
      : valuePerName(statement, value, frame);
  if (parts === undefined) spoil(frame);
  for (const [index, name] of names.entries()) {
    // With others beside it `_` drops a value; alone it was reported with the statement's form.
    if (name.name === "_") continue;
    update(name, { value: parts?.[index] ?? poison, span: statement.value.span }, frame);
  }
}

function update(name: ast.Identifier, next: Operand, frame: Frame): void {
  if (frame.template !== undefined && updateTemplate(name, next, frame, frame.template)) return;
  if (!updateCarry(name, next, frame)) updateState(name, next, frame);
}
