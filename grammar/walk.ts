// Nodes of the syntax tree come in; the expressions directly under them, and the scans below those, go out.

import type * as ast from "./ast.js";

/** The expressions that a statement holds itself, without those of blocks in it. */
export function expressionsOf(statement: ast.Statement): readonly ast.Expression[] {
  switch (statement.kind) {
    case "Binding":
    case "State":
    case "Fitted":
    case "Carry":
      return [...ofType(statement.type), statement.value];
    case "Update":
    case "Follow":
    case "Shared":
    case "Loss":
    case "Metric":
    case "Regularize":
    case "Project":
      return [statement.value];
    case "Check":
      return [statement.condition];
    case "Draw":
      return [...ofType(statement.type), statement.distribution];
    case "Trained":
      return [...ofType(statement.type), statement.initial];
    case "Input":
      return [...ofType(statement.type), ...present(statement.missing, statement.distribution)];
    case "Target": {
      const { missing, distribution, value } = statement;
      return [...ofType(statement.type), ...present(missing, distribution, value)];
    }
    case "Output":
      return [...ofType(statement.type), ...present(statement.value)];
    case "Return":
    case "Yield":
      return statement.values;
    case "If":
      return statement.branches.map((branch) => branch.condition);
    case "For":
      return [statement.values];
    case "Function":
    case "SkippedStatement":
      return [];
  }
}

function present(...expressions: readonly (ast.Expression | undefined)[]): ast.Expression[] {
  return expressions.filter((one) => one !== undefined);
}

function ofType(type: ast.Type | undefined): ast.Expression[] {
  if (type?.kind !== "TensorType") return [];
  const dimensions = type.dimensions.filter((one) => one.kind !== "SpreadDimension");
  return [...present(type.classes), ...dimensions];
}

/** The expressions directly under an expression, in the order of the source; a scan's block is not entered. */
function childrenOf(expression: ast.Expression): readonly ast.Expression[] {
  switch (expression.kind) {
    case "Name":
    case "Integer":
    case "Float":
    case "String":
    case "Boolean":
    case "Everything":
      return [];
    case "List":
      return expression.elements.map((one) => (one.kind === "Spread" ? one.value : one));
    case "Unary":
      return [expression.operand];
    case "Binary":
      return [expression.left, expression.right];
    case "Conditional":
      return [expression.condition, expression.whenTrue, expression.whenFalse];
    case "Call":
      return [expression.callee, ...expression.arguments.map((one) => one.value)];
    case "Index":
      return [expression.object, ...expression.items.flatMap(ofIndex)];
    case "Member":
      return [expression.object];
    case "Pipeline":
      return [
        expression.input,
        ...expression.stages.flatMap((one) => one.arguments.map((argument) => argument.value)),
      ];
    case "Scan":
      return [...expression.sources, ...present(expression.along, expression.reverse)];
  }
}

function ofIndex(item: ast.IndexItem): ast.Expression[] {
  if (item.kind === "Position") return [item.value];
  return item.kind === "Slice" ? present(item.start, item.stop, item.step) : [];
}

/** The outermost scans in expressions: those in the block of another scan are not listed. */
export function nestedScans(expressions: readonly ast.Expression[]): ast.ScanExpression[] {
  const found: ast.ScanExpression[] = [];
  const waiting = [...expressions];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === "Scan") found.push(next);
    for (const child of childrenOf(next)) waiting.push(child);
  }
  return found;
}
