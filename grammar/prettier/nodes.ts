// Takes no input, gives the types of what the printer takes for a node, and of the functions by which nodes print each other.

import type { Doc } from "prettier";
import type * as ast from "../ast.js";

/** Every node that can be printed and can carry comments. */
export type AnyNode =
  | ast.File
  | ast.Declaration
  | ast.Parameter
  | ast.ExpressionBody
  | ast.WhereBinding
  | ast.Block
  | ast.Type
  | ast.SpreadDimension
  | ast.ResultType
  | ast.Statement
  | ast.IfBranch
  | ast.Identifier
  | ast.Expression
  | ast.SpreadElement
  | ast.Argument
  | ast.IndexItem
  | ast.PipelineStage
  | ast.Selector
  | ast.SelectorItem
  | ast.TrainLine
  | ast.SearchLine;

/** Whether a value found in the tree is a node: spans and the source text are not. */
export function isNode(value: unknown): value is AnyNode {
  if (typeof value !== "object" || value === null) return false;
  return "kind" in value && "span" in value && value.kind !== "Comment";
}

/** Prints a part of the node at hand, named by its property in it. */
export type Print = (part: string | readonly (string | number)[], args?: unknown) => Doc;

/** What printing a node needs to know besides the node. */
export interface Printing {
  readonly print: Print;
  readonly text: string;
  readonly parent: AnyNode | undefined;
  /** By which property the parent holds the node. */
  readonly key: string | number | undefined;
  /** Spaces after the keyword, so that the names of neighbours stand in one column. */
  readonly pad: number;
}
