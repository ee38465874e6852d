// The concrete tree of a call's parentheses comes in; its arguments go out, positional ones first.

import type { Argument } from "../ast.js";
import { tokenSpan } from "../lexer.js";
import type { ArgumentsCstNode } from "../parser/cst.js";
import type { Span } from "../span.js";
import { type BuildContext, first, nodeSpan, report } from "./context.js";

export function buildArguments(context: BuildContext, node: ArgumentsCstNode): Argument[] {
  const built = (node.children.argument ?? []).map((one): Argument => {
    const { Word, expression } = one.children;
    const value = context.expression(first(expression));
    const span = nodeSpan(one);
    if (Word === undefined) return { kind: "Argument", span, value };
    const name = first(Word);
    return { kind: "Argument", span, name: name.image, nameSpan: tokenSpan(name), value };
  });
  const firstNamed = built.find((argument) => argument.name !== undefined);
  const stray = built.find(
    (argument) =>
      argument.name === undefined &&
      firstNamed !== undefined &&
      argument.span.start > firstNamed.span.start,
  );
  if (stray !== undefined && firstNamed !== undefined) {
    report(context, "NN0114", stray.span, {
      message: "a positional argument stands after a named one",
      labels: [{ file: context.file, span: firstNamed.span, text: "named" }],
      hint:
        commaForPoint(context.file.text, stray.span) ??
        "give it first, or write its name: `name: value`",
    });
  }
  return built;
}

/** `0,001`: digits on both sides of a comma without a space. */
function commaForPoint(text: string, { start, end }: Span): string | undefined {
  const [, whole] = /(\d+),$/.exec(text.slice(0, start)) ?? [];
  const digits = text.slice(start, end);
  if (whole === undefined || !/^\d+$/.test(digits)) return undefined;
  return `a fraction follows a point: \`${whole}.${digits}\``;
}
