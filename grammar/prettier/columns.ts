// Statements that follow each other come in; the spaces that put their parts into columns go out.

import type * as ast from "../ast.js";
import { endsApart } from "./comments.js";
import type { AnyNode } from "./nodes.js";

/**
 * Spaces behind the keyword of each statement: inputs and targets, and weights and biases, that follow each other
 * directly have their names in one column.
 */
export function keywordPads(statements: readonly ast.Statement[], text: string): number[] {
  const alike = (before: ast.Statement, after: ast.Statement): boolean => {
    const both = alignedWord(before) !== undefined && alignedWord(after) !== undefined;
    return both && (before.kind === "Trained") === (after.kind === "Trained");
  };
  return neighbours(statements, text, alike).flatMap((run) =>
    padsOf(run.map((one) => alignedWord(one)?.length ?? 0)),
  );
}

/** The keyword of a statement whose name is aligned with those of its neighbours. */
function alignedWord(statement: ast.Statement): string | undefined {
  if (statement.kind === "Trained") return statement.role;
  if (statement.kind === "Input") return "input";
  return statement.kind === "Target" ? "target" : undefined;
}

type Line = ast.TrainLine | ast.SearchLine;

/** Spaces behind the losses and behind the selector of each line: `minimize` lines in turns have columns of `on` and `with`. */
export function minimizePads(lines: readonly Line[], text: string): [number, number][] {
  const whole = (line: Line): boolean =>
    line.kind === "MinimizeLine" && line.selector !== undefined && line.algorithm !== undefined;
  const alike = (before: Line, after: Line): boolean => whole(before) && whole(after);
  return neighbours(lines, text, alike).flatMap((run) => {
    const columns = run.map(columnsOf);
    const losses = padsOf(columns.map((widths) => widths[0]));
    const selectors = padsOf(columns.map((widths) => widths[1]));
    return run.map((_, index): [number, number] => [losses[index] ?? 0, selectors[index] ?? 0]);
  });
}

/** How wide the losses and the selector of a line are. */
function columnsOf(line: Line): [number, number] {
  if (line.kind !== "MinimizeLine" || line.selector === undefined) return [0, 0];
  const paths = line.selector.items.map(({ path }) => path.map(({ name }) => name).join("."));
  return [line.losses.map(({ name }) => name).join(", ").length, paths.join(", ").length];
}

/** What each lacks of the widest. */
function padsOf(widths: readonly number[]): number[] {
  const widest = Math.max(0, ...widths);
  return widths.map((width) => (width === 0 ? 0 : widest - width));
}

/** Runs of nodes without an empty line between them, of which each is like the one before. */
function neighbours<Node extends AnyNode>(
  nodes: readonly Node[],
  text: string,
  alike: (before: Node, after: Node) => boolean,
): Node[][] {
  const runs: Node[][] = [];
  for (const node of nodes) {
    const before = runs.at(-1)?.at(-1);
    const adjoins =
      before !== undefined &&
      alike(before, node) &&
      !/\n[ \t\r]*\n/.test(text.slice(before.span.end, node.span.start)) &&
      !endsApart(before, text);
    if (adjoins) runs.at(-1)?.push(node);
    else runs.push([node]);
  }
  return runs;
}
