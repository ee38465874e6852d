// One batch as a caller gives it, or as the device is to draw it, in; the batch that a program runs on out.

import type { GivenInput } from "../backend.js";
import type { Dimensions } from "../dimensions.js";
import { fail, inWords } from "../errors.js";
import type { Plan, PlanProgram } from "../plan.js";
import type { TrainingSession } from "../session.js";
import { bindInputs, givenNames, isGpuBuffer } from "../tensors.js";

export interface Batch {
  readonly inputs: ReadonlyMap<string, GivenInput>;
  readonly dimensions: Dimensions;
  readonly examples: number;
  /** Where values pass from batch to batch: whether they begin with this one. */
  readonly begins?: boolean;
  /** Gives back what it has on the device: called once its step is submitted. */
  readonly free?: () => void;
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

export function hasBuffers({ inputs }: Batch): boolean {
  return [...inputs.values()].some(isGpuBuffer);
}

/** With copies in place of a caller's buffers: made before the first wait, and known to be valid once this resolves. */
export async function ownBatch({ backend }: TrainingSession, batch: Batch): Promise<Batch> {
  const copies = [...batch.inputs].flatMap(([name, given]) =>
    isGpuBuffer(given) ? [{ name, ...backend.copyGiven(name, given, batch.dimensions) }] : [],
  );
  const free = (): void => {
    for (const copy of copies) copy.free();
  };
  try {
    for (const { checked } of copies) await checked;
  } catch (error) {
    free();
    throw error;
  }
  const own = copies.map(({ name, value }) => [name, value] as const);
  return { ...batch, inputs: new Map([...batch.inputs, ...own]), free };
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
