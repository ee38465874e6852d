// The concrete tree of a `scan` comes in; the expression goes out.

import type { Expression, ScanExpression } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import { nearest } from "../nearest.js";
import type { ScanCstNode, ScanOptionCstNode } from "../parser/cst.js";
import {
  type BuildContext,
  composed,
  first,
  identifier,
  nodeSpan,
  optional,
  report,
  withDepth,
} from "./context.js";

const options = ["along", "reverse"] as const;
type ScanOption = (typeof options)[number];

export function buildScan(context: BuildContext, node: ScanCstNode): ScanExpression {
  const { names, expression, along, scanOption = [], block } = node.children;
  const sources = expression.map((one) => context.expression(one));
  const given = new Map<ScanOption, Expression>();
  const [axis] = along ?? [];
  if (axis !== undefined) given.set("along", context.expression(axis));
  for (const option of scanOption) readOption(context, given, option);
  const outside = context.deepest;
  context.deepest = 0;
  const body = context.block(first(block));
  const inside = context.deepest;
  context.deepest = outside;
  const scan: ScanExpression = {
    kind: "Scan",
    span: nodeSpan(node),
    names: first(names).children.Word.map(identifier),
    sources,
    ...optional("along", given.get("along")),
    ...optional("reverse", given.get("reverse")),
    block: body,
  };
  // Whoever walks the tree walks the statements of the block on the same stack.
  composed(context, scan, [...sources, ...given.values()]);
  return withDepth(context, scan, Math.max(context.depths.get(scan) ?? 1, inside + 1));
}

function readOption(
  context: BuildContext,
  given: Map<ScanOption, Expression>,
  node: ScanOptionCstNode,
): void {
  const word = first(node.children.Word);
  const value = context.expression(first(node.children.expression));
  const option = options.find((name) => name === word.image);
  if (option === undefined) {
    const meant = nearest(word.image, options);
    report(context, "NN0119", tokenSpan(word), {
      message: `a scan has no option \`${word.image}\``,
      notes: ["its options are `along` and `reverse`"],
      hint: meant === undefined ? undefined : `did you mean \`${meant}\`?`,
    });
  } else if (given.has(option)) {
    report(context, "NN0119", tokenSpan(word), {
      message: `\`${option}\` is given twice`,
      hint: "leave one of them out",
    });
  } else given.set(option, value);
}
