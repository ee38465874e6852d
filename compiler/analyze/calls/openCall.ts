// Takes no input, gives the type of a call whose arguments are being bound, and the text of what it calls.
import type { Span } from "../../../grammar/span.js";
import type { Frame } from "../context.js";
import type { ClosureValue, GivenArgument } from "../values/values.js";
import type { Callee } from "./functions.js";

/** A call whose arguments are being bound. */
export interface OpenCall {
  readonly caller: Frame;
  readonly body: Frame;
  readonly closure: ClosureValue;
  readonly callee: Callee;
  readonly matched: ReadonlyMap<string, GivenArgument>;
  readonly span: Span;
  readonly name: string;
}

export function sliceOf(closure: ClosureValue, span: Span): string {
  return closure.unit.source.text.slice(span.start, span.end);
}
