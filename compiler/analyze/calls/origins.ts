// An expression in the body of a call comes in; the argument that it stands for, at the call that wrote it out, goes out.
import type { Span } from "../../../grammar/span.js";
import type { Frame, ReportDetails, Unit } from "../context.js";
import { report } from "../report.js";
import { poison, type PoisonValue } from "../values/values.js";
import type { DiagnosticCode } from "../../../grammar/diagnostics.js";

/** Where a value was written. */
export interface WrittenPlace {
  readonly frame: Frame;
  readonly unit: Unit;
  readonly span: Span;
  /** The parameter that the value was given for, and what was called; undefined where no parameter is on the way. */
  readonly parameter: { readonly name: string; readonly of: string } | undefined;
}

/**
 * A name that is a parameter stands for the argument of the call, and where that is a parameter of the caller for the
 * argument given there, up to what the user wrote. Whatever a body computed stays where it is.
 */
export function writtenPlace(frame: Frame, unit: Unit, span: Span): WrittenPlace {
  let place: WrittenPlace = { frame, unit, span, parameter: undefined };
  for (;;) {
    const { call } = place.frame;
    const text = place.unit.source.text.slice(place.span.start, place.span.end);
    const argument = call?.given.get(text);
    if (call === undefined || argument === undefined || place.unit !== place.frame.unit)
      return place;
    const { unit: at, span: written } = argument;
    place = {
      frame: call.caller,
      unit: at,
      span: written,
      parameter: { name: text, of: call.name },
    };
  }
}

/** Reports a mistake in the argument that an expression of the frame stands for, there. */
export function reportArgumentOf(
  frame: Frame,
  code: DiagnosticCode,
  span: Span,
  details: (place: WrittenPlace) => ReportDetails,
): PoisonValue {
  const place = writtenPlace(frame, frame.unit, span);
  report({ ...place.frame, unit: place.unit }, code, place.span, details(place));
  return poison;
}
