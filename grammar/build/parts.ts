// Parts that all statements, lines and declarations share come in; their doc comments, and stand-ins for what cannot be read, go out.

import type { IToken } from "chevrotain";
import type { Span } from "../span.js";
import { type BuildContext, TreeTooDeepError, optional, report } from "./context.js";

/** The doc comment above a statement or declaration. */
export function documented(context: BuildContext, span: Span): { readonly doc?: string } {
  return optional("doc", context.docs.above(span.start));
}

/** What stands for a part that could not be read. */
interface SkippedPart<Kind> {
  readonly kind: Kind;
  readonly span: Span;
  readonly names: readonly string[];
}

/** Builds a part of the tree; stands in for it where it was skipped, cannot be understood or turns out too deep. */
export function unlessSkipped<Part extends object, Kind extends string>(
  context: BuildContext,
  skipped: readonly IToken[] | undefined,
  span: Span,
  kind: Kind,
  build: () => Part,
): Part | SkippedPart<Kind> {
  const token = skipped?.[0];
  if (token !== undefined) return { kind, span, names: skippedNames(token) };
  const before = context.unread;
  try {
    const part = build();
    return context.unread > before ? { kind, span, names: namesOf(part) } : part;
  } catch (error) {
    if (!(error instanceof TreeTooDeepError)) throw error;
    report(context, "NN0003", error.span, {
      message: "this expression is nested too deeply",
      notes: ["operators, calls and choices may be 256 deep in one statement"],
      hint: "bind parts of it to names",
    });
    return { kind, span, names: [] };
  } finally {
    context.unread = before;
  }
}

/** The names that a part declares. */
function namesOf(part: object): readonly string[] {
  const declared = "names" in part ? part.names : "name" in part ? [part.name] : [];
  return (Array.isArray(declared) ? declared : []).flatMap((one: unknown): string[] => {
    if (typeof one === "string") return [one];
    const isIdentifier = typeof one === "object" && one !== null && "name" in one;
    return isIdentifier && typeof one.name === "string" ? [one.name] : [];
  });
}

/** The names that a skipped stretch seems to declare; `repair.ts` put them there. */
function skippedNames(token: IToken): readonly string[] {
  const payload: unknown = token.payload;
  return Array.isArray(payload)
    ? payload.filter((name): name is string => typeof name === "string")
    : [];
}
