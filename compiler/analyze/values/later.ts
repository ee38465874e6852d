// A name that is unknown where it stands comes in; where the same body binds it further down goes out.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import type { Frame } from "../context.js";

/** Where a statement behind `span`, in the declaration around it, binds the name. */
export function laterBinding({ unit }: Frame, name: string, span: Span): Span | undefined {
  for (const declaration of unit.tree.declarations) {
    if (declaration.span.start > span.start || declaration.span.end < span.end) continue;
    const block = blockOf(declaration);
    return block && findIn(block, name, span.end);
  }
  return undefined;
}

function blockOf(declaration: ast.Declaration): ast.Block | undefined {
  if ("block" in declaration) return declaration.block;
  return "body" in declaration && declaration.body.kind === "Block" ? declaration.body : undefined;
}

function findIn({ statements }: ast.Block, name: string, from: number): Span | undefined {
  for (const statement of statements) {
    if (statement.span.end < from) continue;
    const own = statement.span.start >= from ? boundBy(statement, name) : undefined;
    const found =
      own ??
      blocksOf(statement)
        .map((block) => findIn(block, name, from))
        .find(Boolean);
    if (found !== undefined) return found;
  }
  return undefined;
}

function boundBy(statement: ast.Statement, name: string): Span | undefined {
  switch (statement.kind) {
    case "Binding":
      return statement.names.find((one) => one.name === name)?.span;
    case "Output": {
      const bound = statement.value === undefined ? [] : statement.names;
      return bound.find((one) => one.name === name)?.span;
    }
    case "Input":
    case "Target":
    case "Trained":
    case "State":
    case "Fitted":
    case "Shared":
    case "Draw":
    case "Function":
      return statement.name === name ? statement.nameSpan : undefined;
    default:
      return undefined;
  }
}

function blocksOf(statement: ast.Statement): readonly ast.Block[] {
  if (statement.kind === "For") return [statement.block];
  if (statement.kind !== "If") return [];
  const blocks = statement.branches.map(({ block }) => block);
  return statement.otherwise === undefined ? blocks : [...blocks, statement.otherwise];
}
