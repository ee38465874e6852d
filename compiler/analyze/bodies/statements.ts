// A block and a frame come in; its statements are run in order, names bound in the frame's scope, and what it returns goes out.
import type * as ast from "../../../grammar/ast.js";
import { GraphError } from "../../ops/problem.js";
import { enter, spendStatement } from "../budget.js";
import type { Frame } from "../context.js";
import { evaluateShape, storedType } from "../values/dimensions.js";
import { draw } from "./draws.js";
import { drawPath } from "../calls/naming.js";
import { declareFitted, declareState, declareTrained } from "./parameters.js";
import { spoil } from "../frames.js";
import { report } from "../report.js";
import { noteUnrun, notingUnknown } from "./unknown.js";
import { asWritten } from "../values/halves.js";
import { inClasses } from "../values/indices.js";
import { bind } from "../values/scope.js";
import { bindName } from "./statementNames.js";
import { oneValue, runUpdates, valuePerName } from "./severalNames.js";
import { reportProblem } from "../values/tensors.js";
import { declareTemplateState } from "../training/template.js";
import { runCheck } from "./checks.js";
import { runFollow } from "./follow.js";
import { regularizeBare } from "./penalties.js";
import { runInput } from "./inputs.js";
import { runOutput, runProject, runRegularize, runScore } from "./modelStatements.js";
import { declareShared } from "../calls/shared.js";
import { checkDeclared } from "../calls/signatures.js";
import { asNumber, describe, isPoison, poison, tensor, type Value } from "../values/values.js";

/** Runs a block; the returned value, or undefined where none was returned. */
export function runBlock(block: ast.Block, frame: Frame): Value | undefined {
  if (!enter(frame, block.span)) return poison;
  const value = runStatements(block.statements, frame);
  frame.run.budget.depth -= 1;
  return value;
}

function runStatements(statements: readonly ast.Statement[], frame: Frame): Value | undefined {
  for (const statement of statements) {
    if (!spendStatement(frame, statement.span)) return spoil(frame);
    const { trace } = frame;
    const returned =
      frame.body === "model" && trace !== undefined
        ? notingUnknown(statement, frame, trace.model, (inner) => attempt(statement, inner))
        : attempt(statement, frame);
    if (returned !== undefined) return returned;
  }
  return undefined;
}

/** A mistake that an op's rule ends with, where no caller expected one, is a diagnostic all the same. */
function attempt(statement: ast.Statement, frame: Frame): Value | undefined {
  const { depth } = frame.run.budget;
  try {
    return runStatement(statement, frame);
  } catch (error) {
    frame.run.budget.depth = depth;
    if (!(error instanceof GraphError)) throw error;
    reportProblem(frame, statement.span, error.problem, []);
    poisonNames(statement, frame);
    return undefined;
  }
}

/** `where a = e, b = e`: bound in order, each sees those before it. */
export function runWhere(bindings: readonly ast.WhereBinding[], frame: Frame): void {
  for (const binding of bindings) {
    bindName(
      frame,
      binding.name,
      binding.nameSpan,
      frame.run.evaluator.expression(binding.value, frame),
    );
  }
}

function runStatement(statement: ast.Statement, frame: Frame): Value | undefined {
  switch (statement.kind) {
    case "Binding":
      runBinding(statement, frame);
      return undefined;
    case "Draw":
      runDraw(statement, frame);
      return undefined;
    case "Update":
      runUpdates(statement, frame);
      return undefined;
    case "Trained":
      declareTrained(statement, frame);
      return undefined;
    case "State":
      if (frame.template === undefined) declareState(statement, frame);
      else declareTemplateState(statement, frame, frame.template);
      return undefined;
    case "Fitted":
      declareFitted(statement, frame);
      return undefined;
    case "Shared":
      declareShared(statement, frame);
      return undefined;
    case "Regularize":
      if (frame.trace !== undefined && frame.body === "model" && frame.scan === undefined) {
        runRegularize(statement, frame, frame.trace);
      } else regularizeBare(statement, frame);
      return undefined;
    case "Check":
      return runCheck(statement, frame);
    case "Function":
      bindName(frame, statement.name, statement.nameSpan, {
        kind: "function",
        form: "closure",
        declaration: statement,
        // The names as they are bound here: later bindings of the block are not seen.
        scope: { ...frame.scope, names: new Map(frame.scope.names) },
        unit: frame.unit,
        home: frame,
      });
      return undefined;
    case "Return": {
      const value = returned(statement, frame);
      // In a model it was reported with its placement, and what follows counts.
      if (frame.body !== "model") return value;
      spoil(frame);
      return undefined;
    }
    case "If":
      return runIf(statement, frame);
    case "For":
      return runFor(statement, frame);
    case "SkippedStatement":
      spoil(frame);
      for (const name of statement.names) bind(frame.scope, name, poison);
      return undefined;
    case "Carry":
    case "Yield":
      // Elsewhere than in a scan it was reported with its placement.
      if (frame.scan === undefined) spoil(frame);
      else frame.run.evaluator.scanStatement(statement, frame, frame.scan);
      return undefined;
    case "Input":
    case "Target":
    case "Output":
    case "Loss":
    case "Metric":
    case "Project":
    case "Follow":
      runModelStatement(statement, frame);
      return undefined;
  }
}

type ModelStatement =
  | ast.InputStatement
  | ast.TargetStatement
  | ast.OutputStatement
  | ast.LossStatement
  | ast.MetricStatement
  | ast.ProjectStatement
  | ast.FollowStatement;

function runModelStatement(statement: ModelStatement, frame: Frame): void {
  const { trace } = frame;
  // What stands elsewhere was reported with its placement.
  if (trace === undefined || frame.body !== "model" || frame.scan !== undefined) {
    spoil(frame);
    return;
  }
  switch (statement.kind) {
    case "Input":
    case "Target":
      runInput(statement, frame, trace);
      return;
    case "Output":
      runOutput(statement, frame, trace);
      return;
    case "Loss":
    case "Metric":
      runScore(statement, frame, trace);
      return;
    case "Project":
      runProject(statement, frame, trace);
      return;
    case "Follow":
      runFollow(statement, frame, trace);
      return;
  }
}

function returned(statement: ast.ReturnStatement, frame: Frame): Value {
  const values = statement.values.map((value) => frame.run.evaluator.expression(value, frame));
  const [only] = values;
  if (values.length === 1 && only !== undefined) return only;
  return { kind: "results", values };
}

function runBinding(statement: ast.BindingStatement, frame: Frame): void {
  let value = frame.run.evaluator.expression(statement.value, frame);
  const [only] = statement.names;
  if (statement.names.length === 1 && only !== undefined) {
    value = oneValue(statement, value, frame);
    if (statement.type !== undefined) {
      value = checkDeclared(frame, statement.type, value, `\`${only.name}\``, statement.value.span);
    }
    bindName(frame, only.name, only.span, value);
    return;
  }
  bindSeveral(statement, value, frame);
}

function bindSeveral(statement: ast.BindingStatement, value: Value, frame: Frame): void {
  const parts = valuePerName(statement, value, frame);
  for (const [index, name] of statement.names.entries()) {
    bindName(frame, name.name, name.span, parts?.[index] ?? poison);
  }
}

function runDraw(statement: ast.DrawStatement, frame: Frame): void {
  const value = frame.run.evaluator.expression(statement.distribution, frame);
  const shape = evaluateShape(statement.type, frame);
  if (shape === undefined) {
    bindName(frame, statement.name, statement.nameSpan, poison);
    return;
  }
  const type = storedType(statement.type.element);
  const path = drawPath(frame, statement.name, statement.span);
  const { span } = statement.distribution;
  const made = draw(frame, { value, span }, shape, type, path);
  const node = made && asWritten(frame, statement.type, made);
  const drawn =
    node === undefined
      ? poison
      : inClasses(frame, statement.type, { value: tensor(node), node, span });
  bindName(frame, statement.name, statement.nameSpan, drawn);
}

function runIf(statement: ast.IfStatement, frame: Frame): Value | undefined {
  for (const branch of statement.branches) {
    const condition = frame.run.evaluator.expression(branch.condition, frame);
    if (condition.kind === "bool") {
      if (condition.value) return runBlock(branch.block, frame);
      continue;
    }
    if (!isPoison(condition)) {
      report(frame, "NN0311", branch.condition.span, {
        message: `the condition of an \`if\` block is known while compiling; this is ${describe(condition)}`,
        hint: "`if c then a else b` chooses between tensors, entry by entry",
        ...(condition.kind === "tensor" ? {} : { wrong: { value: condition, kind: "boolean" } }),
      });
    }
    poisonBindings(statement, frame);
    return undefined;
  }
  return statement.otherwise === undefined ? undefined : runBlock(statement.otherwise, frame);
}

/** What a block would have bound is unknown where it cannot be run. */
function poisonNames(statement: ast.Statement, frame: Frame): void {
  const names =
    statement.kind === "Binding" || statement.kind === "Update"
      ? statement.names.map(({ name }) => name)
      : "name" in statement && typeof statement.name === "string"
        ? [statement.name]
        : [];
  for (const name of names) {
    if (frame.scope.names.get(name)?.fixed === undefined) bind(frame.scope, name, poison);
  }
}

function poisonBindings(statement: ast.IfStatement | ast.ForStatement, frame: Frame): void {
  if (frame.body === "model" && frame.trace !== undefined) noteUnrun(frame.trace.model);
  const blocks =
    statement.kind === "For"
      ? [statement.block]
      : [
          ...statement.branches.map(({ block }) => block),
          ...(statement.otherwise === undefined ? [] : [statement.otherwise]),
        ];
  for (const block of blocks) {
    for (const inner of block.statements) {
      poisonNames(inner, frame);
      if (inner.kind === "If" || inner.kind === "For") poisonBindings(inner, frame);
    }
  }
}

/** Turns that no program needs are refused before the first. */
const turnLimit = 100_000;

function runFor(statement: ast.ForStatement, frame: Frame): Value | undefined {
  const values = frame.run.evaluator.expression(statement.values, frame);
  const turns =
    values.kind === "range"
      ? values.count
      : values.kind === "list"
        ? values.items.length
        : undefined;
  if (turns === undefined || turns > turnLimit) {
    reportTurns(statement, values, turns, frame);
    poisonBindings(statement, frame);
    return undefined;
  }
  for (let turn = 0; turn < turns; turn++) {
    const value =
      values.kind === "range"
        ? { kind: "int" as const, value: values.start + turn * values.step }
        : values.kind === "list"
          ? (values.items[turn] ?? poison)
          : poison;
    bindName(frame, statement.name, statement.nameSpan, value);
    const returned = runBlock(statement.block, frame);
    if (returned !== undefined) return returned;
    if (frame.run.budget.exhausted) return poison;
  }
  return undefined;
}

function reportTurns(
  statement: ast.ForStatement,
  values: Value,
  turns: number | undefined,
  frame: Frame,
): void {
  if (isPoison(values)) return;
  if (turns !== undefined) {
    report(frame, "NN0601", statement.values.span, {
      message: `this \`for\` has ${turns.toLocaleString("en-US")} turns; a program unrolls to at most 100,000 statements`,
      hint: "`scan t in range(n) { … }` runs one body for all steps",
    });
    return;
  }
  const number = asNumber(values);
  report(frame, "NN0307", statement.values.span, {
    message: `\`for\` goes through a list that is known while compiling, not ${describe(values)}`,
    hint:
      number === undefined
        ? "`scan` goes through the slices of a tensor"
        : `\`range(${number})\` counts`,
    wrong: { value: values, kind: "list" },
  });
}
