// Calls as they are evaluated in; what a trace tells of them out: which tensors they take and give, and which calls they make in turn.
import type { Node } from "../../types/graph.js";
import type { TracedCall } from "../../types/model.js";
import type { Frame } from "../context.js";
import {
  isSpoilt,
  type BuiltinValue,
  type ClosureValue,
  type GivenArgument,
  type Value,
} from "../values/values.js";

/** How many calls of this trace have ended: what ends from here on belongs to the call that begins. */
export function callsSoFar(frame: Frame): number {
  return frame.trace?.calls.length ?? 0;
}

export interface EndedCall {
  readonly base: ClosureValue | BuiltinValue;
  /** Of a layer's instance; undefined of a function. */
  readonly instance: string | undefined;
  /** What is called as it was written: the name of a parameter, where it was given for one. */
  readonly written: string;
  readonly given: ReadonlyMap<string, GivenArgument>;
  readonly result: Value;
}

/** Adds a call that models and layers make to their trace, with the calls since `since` in it; of a function, these are its own affair. */
export function noteCall(frame: Frame, since: number, ended: EndedCall): void {
  const { trace } = frame;
  if (trace === undefined) return;
  const inner = trace.calls.splice(since);
  if ((frame.body !== "model" && frame.body !== "layer") || isSpoilt(ended.result)) return;
  const results = tensorsIn([ended.result]);
  if (results.length === 0) return;
  const { base, instance, written, given } = ended;
  trace.calls.push({
    name: base.form === "builtin" ? base.name : base.declaration.name,
    path: instance ?? frame.instance?.path ?? "",
    kind: instance === undefined ? "function" : "layer",
    chosen: !frame.unit.prelude || isParameter(frame, written),
    own: base.form === "closure" && !base.unit.prelude,
    repeated: frame.scan !== undefined,
    arguments: tensorsIn([...given.values()].map(({ value }) => value)),
    results,
    inner,
  });
}

const isParameter = ({ declaration }: Frame, name: string): boolean =>
  declaration?.parameters.some((parameter) => parameter.name === name) === true;

function tensorsIn(values: readonly Value[]): Node[] {
  return values.flatMap((value): Node[] => {
    if (value.kind === "tensor") return [value.node];
    if (value.kind === "results") return tensorsIn(value.values);
    return value.kind === "list" && value.tensors ? tensorsIn(value.items) : [];
  });
}

/** What `evaluate` gives; of the calls that it makes, those alone are told of that `keep` says: penalties and metrics are no part of a net. */
export function calledApart<Result>(
  { trace }: Frame,
  keep: (call: TracedCall) => boolean,
  evaluate: () => Result,
): Result {
  const since = trace?.calls.length ?? 0;
  const result = evaluate();
  trace?.calls.push(...trace.calls.splice(since).filter(keep));
  return result;
}
