// One batch as a caller gives it, or as the device is to draw it, in; the batch that a program runs on out.

import { isSetRows, type GivenInput } from "../backend.js";
import type { Dimensions } from "../dimensions.js";
import { fail, inWords } from "../errors.js";
import type { Plan, PlanProgram } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { bindInputs, givenNames, inputOf, isGpuBuffer } from "../tensors.js";

export interface Batch {
  readonly inputs: ReadonlyMap<string, GivenInput>;
  readonly dimensions: Dimensions;
  readonly examples: number;
}

export interface Cursor {
  next(): Batch | undefined | Promise<Batch | undefined>;
  /** Leaves it before its end. */
  close(): Promise<void>;
}

/** Batches again and again. */
export interface Source {
  readonly kind: "arrays" | "stream" | "drawn";
  /** Opened once at most: a second time it throws. */
  readonly once: boolean;
  /** Inputs that its batches give; of a stream, those it may give. */
  readonly names: { has(name: string): boolean };
  /** Examples and batches of an epoch, where they are known. */
  readonly examples: number | undefined;
  readonly batches: number | undefined;
  /** Takes the data to the device, where there is room: batches are gathered there from then on. */
  place?(): Promise<void>;
  /** Gives that room back, once no batch is wanted any more. */
  free?(): void;
  /** The batches of an epoch from the given one on. */
  open(epoch: number, from: number): Cursor;
}

/** One batch as given, checked. */
export function bindBatch(
  session: TrainingSession,
  given: unknown,
  wanted: ReadonlySet<string>,
  fallback: Dimensions,
): Batch {
  if (typeof given !== "object" || given === null) {
    fail("data", `a batch is an object of tensors by name, not ${inWords(given)}`);
  }
  const { plan, backend } = session;
  const names = givenNames(plan, given).filter((name) => wanted.has(name));
  const bound = bindInputs(plan, given, names, backend.precision, fallback);
  const examples = bound.dimensions["batch"] ?? 1;
  refuseEmpty("a batch", bound.dimensions);
  return { ...bound, examples };
}

/** A mean over nothing is no number: neither a loss nor a fitted value comes of data without length. */
export function refuseEmpty(what: string, dimensions: Dimensions): void {
  for (const [name, size] of Object.entries(dimensions)) {
    if (size > 0) continue;
    const length = name === "batch" ? "examples" : `length along ${name}`;
    fail("data", `${what} has no ${length}: only predict takes what is empty`);
  }
}

/** A batch that waits: a copy of its own, of GPU buffers too, made before the first wait. */
export async function ownBatch({ plan, backend }: TrainingSession, batch: Batch): Promise<Batch> {
  const entries = await Promise.all(
    [...batch.inputs].map(async ([name, values]): Promise<[string, GivenInput]> => {
      if (isSetRows(values)) return [name, values];
      const copy = isGpuBuffer(values)
        ? await backend.download(name, values, inputOf(plan, name).type)
        : values.slice();
      return [name, copy];
    }),
  );
  return { ...batch, inputs: new Map(entries) };
}

/** Inputs and targets that programs of these kinds read. */
export function inputsOf(
  plan: Plan,
  matches: (program: Plan["programs"][number]) => boolean,
): ReadonlySet<string> {
  const names = new Set(plan.inputs.map(({ name }) => name));
  const read = plan.programs.filter(matches).flatMap(({ inputs }) => inputs);
  return new Set(read.filter((name) => names.has(name)));
}

export function isEvaluation({ series }: PlanProgram): boolean {
  return series === "evaluation";
}

export function isFitted({ series }: PlanProgram): boolean {
  return series === "fitted";
}
