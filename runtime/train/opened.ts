// What a call of training was given in; opened data, of which no batch is made yet, out.

import type { FitOptions } from "../api.js";
import { fail } from "../errors.js";
import type { Plan, PlanStage } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { givenNames } from "../tensors.js";
import { openArrays, type ArrayData } from "./arrays.js";
import type { Waiting } from "./calls.js";

/** Examples drawn where a whole set is wanted and every input is drawn. */
export const drawnExamples = 4096;
/** Examples drawn to validate each epoch. */
export const drawnValidation = 1024;

/** Read one batch after the other. */
export interface StreamData {
  readonly kind: "stream";
  readonly data: unknown;
  /** It can be read once, as a generator. */
  readonly once: boolean;
}

export type OpenData = ArrayData | StreamData | { readonly kind: "drawn" };

/** The data of a run, opened once: what is copied of it is copied when the call begins. */
export interface RunData {
  readonly training: OpenData;
  /** Given for validation, as against a share of the training data. */
  readonly validation: OpenData | undefined;
  /** Of the rows, held out from every stage. */
  readonly share: number;
  readonly waiting: Waiting;
}

export async function openData(
  session: TrainingSession,
  data: unknown,
  wanted: ReadonlySet<string>,
): Promise<OpenData> {
  if (data === undefined) return { kind: "drawn" };
  const stream = openStream(data);
  if (stream) return stream;
  if (typeof data !== "object" || data === null) {
    fail("data", "data is an object of tensors by name, or an iterable of such batches");
  }
  const names = givenNames(session.plan, data).filter((name) => wanted.has(name));
  return names.length === 0 ? { kind: "drawn" } : openArrays(session, data, names);
}

/** Data that is read one batch after the other; undefined where it is none. */
function openStream(data: unknown): StreamData | undefined {
  if (typeof data === "function") return { kind: "stream", data, once: false };
  if (typeof data !== "object" || data === null) return undefined;
  if (!(Symbol.asyncIterator in data || Symbol.iterator in data)) return undefined;
  // An iterator gives itself; a ReadableStream is locked by its first reader.
  return { kind: "stream", data, once: "next" in data || "getReader" in data };
}

export function batchOf(stage: PlanStage, { batch }: FitOptions): number {
  return batch ?? stage.dimensions["batch"] ?? 1;
}

export function shareOf({ validation }: PlanStage, asked: FitOptions["validation"]): number {
  return typeof asked === "number" ? asked : validation;
}

export function trainedDimensions(plan: Plan): Record<string, number> {
  return Object.fromEntries(plan.dimensions.map(({ name, trained }) => [name, trained]));
}
