// A name that a statement binds and its value come in; the name bound in the frame's scope goes out, unless it may not change.
import type { Span } from "../../../grammar/span.js";
import type { Frame } from "../context.js";
import { report } from "../report.js";
import { bind, type Binding } from "../values/scope.js";
import type { Value } from "../values/values.js";

/** Binds or rebinds a name of a body; inputs, states and the like keep theirs. */
export function bindName(
  frame: Frame,
  name: string,
  span: Span,
  value: Value,
  extra: Partial<Omit<Binding, "value" | "place">> = {},
): void {
  const before = frame.scope.names.get(name);
  if (before?.fixed !== undefined) {
    reportTaken(frame, name, span, before);
    return;
  }
  if (value.kind === "tensor" && frame.trace !== undefined) {
    const { boundNames } = frame.trace.model;
    if (!frame.unit.prelude && !boundNames.has(value.node)) boundNames.set(value.node, name);
  }
  bind(frame.scope, name, value, { ...extra, place: { unit: frame.unit, span } });
}

export function reportTaken(frame: Frame, name: string, span: Span, before: Binding): void {
  const role = before.fixed ?? "name";
  const update = role === "state" || role === "carry" || frame.template !== undefined;
  report(frame, "NN0209", span, {
    message: `\`${name}\` is ${role === "input" ? "an" : "a"} ${role} already and cannot be bound again`,
    labels:
      before.place === undefined
        ? []
        : [{ span: before.place.span, text: "declared here", unit: before.place.unit }],
    hint: update ? `\`${name} <- …\` gives it a new value` : "choose another name",
  });
}
