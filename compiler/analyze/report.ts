// A mistake found in a frame comes in; a diagnostic that points into the user's own file, each mistake once, goes out.
import {
  diagnostic,
  type Diagnostic,
  type DiagnosticCode,
  type Label,
} from "../../grammar/diagnostics.js";
import { nearest } from "../../grammar/nearest.js";
import { lineTable, lineText, positionAt, type Span } from "../../grammar/span.js";
import type { Frame, ReportDetails, Run, Unit } from "./context.js";
import { ofArgument } from "./kinds.js";
import { argumentAt, writtenPlace, type WrittenPlace } from "./origins.js";
import { poison, type PoisonValue } from "./values/values.js";

/** How many mistakes are listed for one program. */
const mistakeLimit = 100;

/** Reports a mistake at `span` of the frame's file; gives poison, so that a caller can return it. */
export function report(
  frame: Frame,
  code: DiagnosticCode,
  span: Span,
  details: ReportDetails,
): PoisonValue {
  if (details.severity !== "warning") frame.taint.spoilt = true;
  if (details.wrong !== undefined) {
    const place = writtenPlace(frame, frame.unit, span, details.wrong.value);
    if (place.parameter !== undefined) return reportKind(frame, code, span, details, place);
  }
  if (isFull(frame.run)) countAt(frame, code, span);
  else add(frame.run, mistakeAt(frame, code, span, details));
  return poison;
}

/** An argument whose kind a body cannot use: told where it was given, once whatever the body does with it. */
function reportKind(
  frame: Frame,
  code: DiagnosticCode,
  span: Span,
  { wrong, labels = [] }: ReportDetails,
  place: WrittenPlace,
): PoisonValue {
  if (wrong === undefined) return poison;
  const key = `argument ${place.unit.source.name} ${place.span.start} ${place.span.end}`;
  if (frame.run.reported.has(key)) return poison;
  frame.run.reported.add(key);
  const used = frame.unit.prelude ? [] : [{ span, text: "used here", unit: frame.unit }];
  const { message, notes, hint } = ofArgument(wrong, place);
  const at = { ...place.frame, unit: place.unit };
  return report(at, code, place.span, { message, labels: [...labels, ...used], notes, hint });
}

/** Reports a mistake in the argument that an expression of the frame stands for, there. */
export function reportArgumentOf(
  frame: Frame,
  code: DiagnosticCode,
  span: Span,
  details: (place: WrittenPlace) => ReportDetails,
): PoisonValue {
  const place = writtenPlace(frame, frame.unit, span);
  frame.taint.spoilt = true;
  return report({ ...place.frame, unit: place.unit }, code, place.span, details(place));
}

/** The diagnostic of a mistake at `span` of the frame's file, with the calls that led there. */
function mistakeAt(
  frame: Frame,
  code: DiagnosticCode,
  span: Span,
  details: ReportDetails,
): Diagnostic {
  const place = userPlace(frame, span);
  const notes = [...(details.notes ?? [])];
  const labels: Label[] = [];
  for (const label of details.labels ?? []) {
    const unit = label.unit ?? frame.unit;
    if (!unit.prelude) labels.push({ span: label.span, file: unit.source, text: label.text });
    else notes.push(`${sourceText(unit, label.span)} is ${label.text}`);
  }
  if (place.moved !== undefined) notes.push(place.moved);
  return diagnostic(code, {
    file: place.unit.source,
    span: place.span,
    message: details.message,
    labels,
    notes,
    hint: details.hint,
    calls: place.calls,
    ...(details.severity === undefined ? {} : { severity: details.severity }),
  });
}

/** Whether no more is listed: whoever finds mistakes may save the work of wording their hints. */
export const isFull = ({ diagnostics }: Run): boolean => diagnostics.length >= mistakeLimit;

/** Of what is not listed nobody reads more than that it is there. */
function countAt(frame: Frame, code: DiagnosticCode, span: Span): void {
  let at = frame;
  let place = span;
  while (at.unit.prelude && at.call !== undefined) {
    place = at.call.span;
    at = at.call.caller;
  }
  const key = keyOf(code, at.unit.source.name, place);
  if (!frame.run.reported.has(key)) frame.run.unlisted.add(key);
}

function keyOf(code: DiagnosticCode, file: string, { start, end }: Span): string {
  return `${code} ${file} ${start} ${end}`;
}

/**
 * Adds a diagnostic unless it is known: both traces and all turns find the same mistakes, and so do all calls of a body
 * that is wrong whatever it is given. Another call of the body that gives it something else wrong is told of too.
 */
export function add(run: Run, found: Diagnostic): void {
  const { code, file, span, message, notes, labels, calls = [] } = found;
  const key = keyOf(code, file.name, span);
  const said = [message, ...notes, ...labels.map(({ text }) => text)].join("\n");
  const called = calls.map((call) => `${call.file.name} ${call.span.start} ${call.span.end}`);
  const keys = [`${key} says ${said}`, `${key} called ${called.join()}`];
  if (keys.some((one) => run.reported.has(one))) return;
  if (isFull(run)) {
    run.unlisted.add(key);
    return;
  }
  for (const one of [key, ...keys]) run.reported.add(one);
  run.diagnostics.push(found);
}

interface UserPlace {
  readonly unit: Unit;
  readonly span: Span;
  readonly calls: readonly Label[];
  readonly moved: string | undefined;
}

/** The innermost place in a file of the user's, and the calls around it. */
function userPlace(frame: Frame, span: Span): UserPlace {
  let at = frame;
  let place = span;
  let moved: string | undefined;
  while (at.unit.prelude && at.call !== undefined) {
    moved ??= preludeNote(at, span);
    place = argumentAt(at, place) ?? at.call.span;
    at = at.call.caller;
  }
  const calls: Label[] = [];
  for (let call = at.call; call !== undefined; call = call.caller.call) {
    if (call.caller.unit.prelude) continue;
    calls.unshift({
      span: call.span,
      file: call.caller.unit.source,
      text: `called here: ${call.name}${call.on === undefined ? "" : `, where ${call.on}`}`,
    });
  }
  return { unit: at.unit, span: place, calls: shortened(calls), moved };
}

/** Long chains keep both ends. */
function shortened(calls: readonly Label[]): readonly Label[] {
  const last = calls.at(-4);
  if (calls.length <= 8 || last === undefined) return calls;
  const between = { ...last, text: `${last.text} (after ${calls.length - 7} more calls)` };
  return [...calls.slice(0, 3), between, ...calls.slice(-3)];
}

function preludeNote(frame: Frame, span: Span): string {
  const table = lineTable(frame.unit.source);
  const { line } = positionAt(table, span.start);
  const name = frame.declaration?.name ?? frame.call?.name ?? "a call";
  return `inside ${name} of the standard library (${frame.unit.source.name}:${line}): ${lineText(table, line).trim()}`;
}

function sourceText(unit: Unit, span: Span): string {
  const text = unit.source.text.slice(span.start, span.end).replace(/\s+/g, " ");
  return text.length > 40 ? `${text.slice(0, 37)}...` : text;
}

/** "did you mean `x`?", where something near is known. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const found = nearest(word, candidates);
  return found === undefined ? undefined : `did you mean \`${found}\`?`;
}

/** What an argument or operand looks like in the source, for messages. */
export function excerpt(frame: Frame, span: Span): string {
  return sourceText(frame.unit, span);
}

/** Whether an expression ends in a call of `sort`. */
export const sorts = (text: string): boolean => /^(?:.*\|>\s*)?sort\b/.test(text);
