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

/** What the owner of a node tells it. */
export interface PrintArguments {
  readonly pads?: readonly number[] | undefined;
  readonly indented?: boolean;
  readonly block?: symbol;
}

/** Prints a part of the node at hand, named by its property in it. */
export type Print = (part: string | readonly (string | number)[], args?: PrintArguments) => Doc;

/** What printing a node needs to know besides the node. */
export interface Printing {
  readonly print: Print;
  readonly text: string;
  readonly parent: AnyNode | undefined;
  /** By which property the parent holds the node. */
  readonly key: string | number | undefined;
  /** Spaces after the keyword or later parts, which put them into one column with those of neighbours. */
  readonly pads: readonly number[];
  /** The group of the block that a line stands in: whether lines have each their own. */
  readonly block: symbol | undefined;
  /** Whether an operation that goes on in its parent is indented there. */
  readonly indented: boolean;
  /** Columns of a line. */
  readonly width: number;
  /** Columns before a statement here, as deep in blocks as it stands. */
  readonly indentation: number;
}
