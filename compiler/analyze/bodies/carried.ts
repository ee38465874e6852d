// A state over the batch and its next values come in; what passes from batch to batch goes out, or why it cannot.
import type * as ast from "../../../grammar/ast.js";
import type { Span } from "../../../grammar/span.js";
import { examplesOf } from "../../graph/examples.js";
import { dimEqual, freeDim, shapeText, type Dim } from "../../types/dimension.js";
import type { ElementType, Node } from "../../types/graph.js";
import type { CarriedState, StageDeclaration } from "../../types/model.js";
import { parameterPath } from "../calls/naming.js";
import type { CarriedRecord, TellCarried } from "../carriedRecord.js";
import type { Frame, ModelState } from "../context.js";
import { spoil } from "../frames.js";
import { report } from "../report.js";
import { builderAt, placeOf } from "../values/tensors.js";
import { asNumber, describe, isSpoilt, type Value } from "../values/values.js";

/** `[batch, …]` with nothing else that is chosen at run time. */
export function isCarriedShape(shape: readonly Dim[]): boolean {
  const [first, ...rest] = shape;
  if (first === undefined || !dimEqual(first, freeDim("batch"))) return false;
  return rest.every((dim) => typeof dim === "number");
}

interface Start {
  readonly value: Value;
  readonly type: ElementType;
  readonly shape: readonly Dim[];
}

/** The state at the instance's path: made by the first call, found again by later ones and other traces. */
export function declareCarried(
  frame: Frame,
  statement: ast.StateStatement,
  { value, type, shape }: Start,
): CarriedRecord | undefined {
  const model = frame.trace?.model;
  // Elsewhere it was reported with its placement.
  if (model === undefined || (frame.body !== "layer" && frame.body !== "model")) {
    spoil(frame);
    return undefined;
  }
  const initial = value.kind === "bool" ? Number(value.value) : asNumber(value);
  if (initial === undefined) {
    if (isSpoilt(value)) return undefined;
    report(frame, "NN0419", statement.value.span, {
      message: `what passes from batch to batch starts from one number, not ${describe(value)}`,
      notes: ["with each pass over the data it starts anew, for as many examples as a batch has"],
      hint: `\`state ${statement.name}: ${shapeText(shape)} = 0\`, and what it is to begin with is added where it is read`,
    });
    return undefined;
  }
  const path = parameterPath(frame, model, statement.name, statement.nameSpan);
  if (path === undefined) {
    report(frame, "NN0406", statement.nameSpan, {
      message: `\`${statement.name}\` is declared twice here`,
      hint: "each parameter of a layer has a name of its own",
    });
    return undefined;
  }
  const known = model.carried.get(path);
  if (known !== undefined) return known;
  const record: CarriedRecord = {
    declaration: {
      name: path,
      type,
      shape,
      ...(statement.type?.element === "f16" && { half: true as const }),
      initial,
      place: placeOf(frame, statement.nameSpan),
    },
    leaf: builderAt(frame, statement.nameSpan).stored(path, { type, shape }),
    tell: teller(frame, statement.nameSpan),
    updates: [],
  };
  model.carried.set(path, record);
  return record;
}

function teller(frame: Frame, span: Span): TellCarried {
  return (details) => {
    report(frame, "NN0419", span, details);
  };
}

/** The next value of such a state, written at `span`. */
export function handOn(record: CarriedRecord, value: Node, frame: Frame, span: Span): void {
  const training = frame.trace?.training === true;
  record.updates.push({ value, training, tell: teller(frame, span) });
}

export function carriedOf({ carried }: ModelState): CarriedState[] {
  return [...carried.values()].map(({ declaration }) => declaration);
}

/** What nothing hands on, or what only training would, is told of; and where batches are no stretches of one text. */
export function checkCarried(
  frame: Frame,
  model: ModelState,
  stages: readonly StageDeclaration[],
): void {
  for (const record of model.carried.values()) {
    if (!isHandedOn(record) || !isOwn(record)) continue;
    refuseDrawn(model, record);
    refuseTurns(frame, record, stages);
  }
}

function isHandedOn({ declaration, tell, updates }: CarriedRecord): boolean {
  const { name } = declaration;
  const own = name.slice(name.lastIndexOf(".") + 1);
  const [update] = updates;
  if (update === undefined) {
    tell({
      message: `nothing gives \`${own}\` a next value, so nothing passes from batch to batch`,
      hint: `\`${own} <- …\` hands it on; what is the same for each batch needs no state`,
    });
    return false;
  }
  if (updates.some(({ training }) => training !== update.training)) return true;
  update.tell({
    message: `\`${own}\` would pass from batch to batch ${update.training ? "in training alone" : "outside of training alone"}`,
    notes: [
      "a state over `batch` does so wherever batches follow each other: in training, in evaluation and in a stream",
    ],
    hint: `write \`${own} <- …\` outside of the \`if\``,
  });
  return false;
}

/** Each example reads what it has left itself, whichever others stand beside it. */
function isOwn({ updates }: CarriedRecord): boolean {
  for (const { value, tell } of updates) {
    const flows = [...examplesOf([value]).values()];
    if (flows.every(({ kind }) => kind === "each" || kind === "free")) continue;
    tell({
      message: "what passes from batch to batch is of one example; this looks at several",
      notes: ["a mean over the batch, a sort along it or the like mixes examples"],
      hint: "a state without `batch` in its shape, updated under `if training`, keeps what is of all of them",
    });
    return false;
  }
  return true;
}

/** Drawn batches follow from nothing. */
function refuseDrawn({ inputs }: ModelState, { tell }: CarriedRecord): void {
  const sources = [...inputs.values()].map((input) => input.declaration.source.kind);
  if (sources.includes("given")) return;
  tell({
    message: "all inputs are drawn, so no batch goes on from the one before",
    hint: "give one input by data, or `carry` a value through a `scan` over what is drawn",
  });
}

/** Lines that take the same batch would each hand it on. */
function refuseTurns(
  frame: Frame,
  { declaration }: CarriedRecord,
  stages: readonly StageDeclaration[],
): void {
  const stage = stages.find(({ objectives }) => objectives.length > 1);
  if (stage === undefined) return;
  report(frame, "NN0419", stage.place.span, {
    message: `\`${declaration.name}\` passes from batch to batch, and \`minimize\` lines take batches in turns`,
    hint: "train with one `minimize` line, or none",
  });
}
