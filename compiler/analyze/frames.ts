// A frame and what changes in it come in; the frame of a nested body goes out.
import type { Span } from "../../grammar/span.js";
import type { Activation, CallSite, Frame, Run, Unit } from "./context.js";
import { rootPath } from "./calls/naming.js";
import { poison, type GivenArgument, type PoisonValue } from "./values/values.js";
import { newScope, type Scope } from "./values/scope.js";

export const newActivation = (): Activation => ({ occurrences: new Map() });

/** The frame in which the declarations of a file are evaluated. */
export function fileFrame(run: Run, unit: Unit): Frame {
  return {
    run,
    taint: { spoilt: false },
    trace: undefined,
    unit,
    scope: unit.scope,
    body: "file",
    instance: undefined,
    activation: newActivation(),
    drawPath: rootPath,
    training: false,
    call: undefined,
    declaration: undefined,
    depth: 0,
    scan: undefined,
    effects: undefined,
    template: undefined,
    scheduled: false,
  };
}

/** Poison for what was reported elsewhere, as by the parser; the body is known to hold a mistake from here on. */
export function spoil(frame: Frame): PoisonValue {
  frame.taint.spoilt = true;
  return poison;
}

/** The same body with other names in reach. */
export function withScope(frame: Frame, scope: Scope): Frame {
  return { ...frame, scope };
}

/** A scope of its own below the frame's, for bindings that must not be seen outside. */
export function nested(frame: Frame): Frame {
  return withScope(frame, newScope(frame.scope));
}

export function callSite(
  caller: Frame,
  span: Span,
  name: string,
  given: ReadonlyMap<string, GivenArgument>,
): CallSite {
  return { caller, span, name, given };
}
