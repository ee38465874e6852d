// An expression in the body of a call comes in; the argument that it stands for, at the call that wrote it out, goes out.
import type { Span } from "../../grammar/span.js";
import type { Frame, Unit } from "./context.js";
import { findBinding } from "./values/scope.js";
import { usesOf } from "./calls/uses.js";
import { describe, type GivenArgument, type Value } from "./values/values.js";

/** Where a value was written. */
export interface WrittenPlace {
  readonly frame: Frame;
  readonly unit: Unit;
  readonly span: Span;
  /** The parameter that the value was given for; undefined where none is on the way. */
  readonly parameter: WrittenParameter | undefined;
  /** Whether the value is an entry of the list that was given. */
  readonly entry?: boolean;
}

export interface WrittenParameter {
  readonly name: string;
  /** What was called. */
  readonly of: string;
  /** Its default, as it is written. */
  readonly standard: string | undefined;
  /** Whether a body asks if it is a list: then it may be one. */
  readonly listed: boolean;
}

/**
 * A name that is a parameter stands for the argument of the call, and where that is a parameter of the caller for the
 * argument given there, up to what the user wrote. Whatever a body computed stays where it is: `value`, where it is
 * known, is what the expression came to.
 */
export function writtenPlace(frame: Frame, unit: Unit, span: Span, value?: Value): WrittenPlace {
  let place: WrittenPlace = { frame, unit, span, parameter: undefined };
  for (;;) {
    const { call, declaration } = place.frame;
    if (call === undefined || place.unit !== place.frame.unit) return place;
    const written = place.unit.source.text.slice(place.span.start, place.span.end);
    const named = call.given.get(written);
    const same = named !== undefined && (value === undefined || isSame(value, named.value));
    const name = same || value === undefined ? written : listWith(value, call.given);
    const argument = name === undefined ? undefined : call.given.get(name);
    if (name === undefined || argument === undefined) return place;
    const fallback = declaration?.parameters.find((one) => one.name === name)?.default?.span;
    const standard = fallback && place.unit.source.text.slice(fallback.start, fallback.end);
    const before = place.parameter?.listed === true;
    const listed = before || (declaration !== undefined && usesOf(declaration, name).listed > 0);
    place = {
      frame: call.caller,
      unit: argument.unit,
      span: argument.span,
      parameter: { name, of: call.name, standard, listed },
      entry: place.entry === true || !same,
    };
  }
}

/** The argument whose list a value stands in: a body goes through it. */
const listWith = (value: Value, given: ReadonlyMap<string, GivenArgument>): string | undefined =>
  [...given].find(([, own]) => own.value.kind === "list" && own.value.items.includes(value))?.[0];

/** Whether a parameter still is what was given for it; a whole number may have become an `int` meanwhile. */
const isSame = (value: Value, given: Value): boolean =>
  value === given || describe(value) === describe(given);

/** The argument of the frame's call that a name in its body still stands for, where it is written within the call. */
export function argumentAt(frame: Frame, span: Span): Span | undefined {
  const { call, unit } = frame;
  const name = unit.source.text.slice(span.start, span.end);
  const argument = call?.given.get(name);
  if (call === undefined || argument === undefined || argument.unit !== call.caller.unit) {
    return undefined;
  }
  const declared = frame.declaration?.parameters.find((one) => one.name === name)?.nameSpan;
  const bound = findBinding(frame.scope, name)?.place?.span;
  if (bound !== undefined && bound.start !== declared?.start) return undefined;
  const inside = argument.span.start >= call.span.start && argument.span.end <= call.span.end;
  return inside ? argument.span : undefined;
}
