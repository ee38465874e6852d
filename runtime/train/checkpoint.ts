// What a trainer held in, all of it in one safetensors file out; and back.

import type { SaveOptions } from "../api.js";
import { countOf, formatShape } from "../dimensions.js";
import { at, fail } from "../errors.js";
import type { PlanStorage, PlanType } from "../plan.js";
import {
  tensorBytes,
  writeSafetensors,
  type SafetensorsFile,
  type SafetensorsTensor,
} from "../safetensors.js";
import type { Values } from "../backend.js";
import type { TrainingSession } from "../session.js";
import { checkedNumbers, writeParameter } from "../parameters.js";
import { readWeights, tensorNumbers } from "../weights.js";
import { createCopy, parameterStorages } from "./copies.js";
import { checkSaveOptions } from "./options.js";
import { isTrainingState } from "./savedState.js";
import type { Capture, TrainingState } from "./state.js";
import type { Trainer } from "./trainer.js";

/** The state of training among a file's metadata, as JSON: the runtime's own and no other's. */
const stateKey = "nnc.training";
const optimizerPrefix = "optimizer/";
const bestPrefix = "best/";

/** What `save` gives: of a capture that was begun when it was called. */
export async function saveTrainer(
  trainer: Trainer,
  captured: Promise<Capture>,
  wishes: SaveOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  checkSaveOptions(wishes);
  const { plan } = trainer.session;
  const left = wishes.only === undefined ? [] : frozenIn(plan);
  return fileOf(trainer.session, await captured, left);
}

/** What a resumed run needs beside the parameters: optimizer state, and what passes from batch to batch. */
function isMoving(kind: PlanStorage["kind"]): boolean {
  return kind === "optimizer" || kind === "carried";
}

/** Parameters that no stage changes. */
function frozenIn({ parameters, stages }: TrainingSession["plan"]): string[] {
  const names = parameters.map(({ name }) => name);
  return names.filter((name) => stages.every(({ frozen }) => frozen.includes(name)));
}

/** Weights, states and fitted values, without some; with the state of training all else that a resumed run needs. */
export function fileOf(
  session: TrainingSession,
  { storages, best, state }: Capture,
  left: readonly string[] = [],
): Uint8Array<ArrayBuffer> {
  const { plan } = session;
  const tensors = new Map<string, SafetensorsTensor>();
  addParameters(session, tensors, storages, "");
  for (const name of left) tensors.delete(name);
  for (const [index, values] of storages) {
    const { kind, name, type, elements } = at(plan.storages, index);
    if (isMoving(kind)) tensors.set(optimizerPrefix + name, toTensor(values, type, [elements]));
  }
  if (best) {
    const byStorage = new Map(
      parameterStorages(session).map((index, position) => [index, at(best, position)]),
    );
    addParameters(session, tensors, byStorage, bestPrefix);
  }
  const metadata = { "nnc.model": plan.model };
  return writeSafetensors(
    tensors,
    state ? { ...metadata, [stateKey]: JSON.stringify(state) } : metadata,
  );
}

function addParameters(
  { plan }: TrainingSession,
  tensors: Map<string, SafetensorsTensor>,
  storages: ReadonlyMap<number, Values>,
  prefix: string,
): void {
  for (const { name, type, shape, storage, offset } of plan.parameters) {
    const values = storages.get(storage)?.subarray(offset, offset + countOf(shape));
    if (values) tensors.set(prefix + name, toTensor(values, type, shape));
  }
}

function toTensor(values: Values, type: PlanType, shape: readonly number[]): SafetensorsTensor {
  if (type === "bool") return { dtype: "BOOL", shape, data: Uint8Array.from(values) };
  const float = values instanceof Float64Array ? "F64" : "F32";
  const dtype = type === "f32" ? float : type === "i32" ? "I32" : "U32";
  return { dtype, shape, data: tensorBytes(values) };
}

/**
 * Takes up a saved run: optimizer state, counters, the position in the epoch, the best weights. Where the state is of another
 * optimizer, the weights alone are taken, and the trainer knows why the run cannot go on.
 */
export async function resumeTrainer(
  trainer: Trainer,
  bytes: Uint8Array,
  seed: number | undefined,
): Promise<void> {
  await Promise.resolve();
  const file = readWeights(bytes);
  const saved = file.metadata[stateKey];
  if (saved === undefined) return;
  const { session } = trainer;
  const state = readState(saved);
  const text = misfit(session, file);
  if (text !== undefined) {
    trainer.obstacle = { text, run: state.run };
    trainer.state.fitted = state.fitted;
    return;
  }
  for (const [index, { kind, name, type, elements }] of session.plan.storages.entries()) {
    const tensor = isMoving(kind) ? file.tensors.get(optimizerPrefix + name) : undefined;
    if (!tensor) continue;
    const storage = { name: optimizerPrefix + name, type, shape: [elements] };
    const numbers = checkedNumbers(session, storage, tensorNumbers(tensor));
    session.backend.writeRange(index, 0, numbers);
  }
  trainer.state = { ...state, seed: seed ?? state.seed };
  resumeBest(trainer, file);
}

function readState(text: string): TrainingState {
  try {
    const state: unknown = JSON.parse(text);
    if (isTrainingState(state)) return state;
  } catch {
    // Told below, as whatever else is no state.
  }
  return fail(
    "weights",
    "the training state in these weights cannot be read: they were saved by another version, or damaged",
  );
}

/** How the optimizer state of a file differs from the model's. */
function misfit({ plan }: TrainingSession, { tensors }: SafetensorsFile): string | undefined {
  const own = plan.storages.filter(({ kind }) => isMoving(kind));
  for (const { name, elements } of own) {
    const tensor = tensors.get(optimizerPrefix + name);
    if (tensor?.shape.length === 1 && tensor.shape[0] === elements) continue;
    const found = tensor ? `has ${tensor.shape[0] ?? 1} numbers` : "is missing";
    return `the optimizer state ${name} ${found} in the weights file; this model wants ${elements}`;
  }
  const names = new Set(own.map(({ name }) => optimizerPrefix + name));
  const extra = [...tensors.keys()].find(
    (name) => name.startsWith(optimizerPrefix) && !names.has(name),
  );
  if (extra === undefined) return undefined;
  return `the weights file has the optimizer state ${extra.slice(optimizerPrefix.length)}, which this model's optimizer has not`;
}

function resumeBest(trainer: Trainer, file: SafetensorsFile): void {
  const { session } = trainer;
  const { plan } = session;
  const saved = plan.parameters.map((parameter) => ({
    ...parameter,
    best: file.tensors.get(bestPrefix + parameter.name),
    now: file.tensors.get(parameter.name),
  }));
  if (!saved.some(({ best }) => best)) return;
  const write = (which: "best" | "now"): void => {
    for (const { best, now, ...parameter } of saved) {
      const tensor = which === "best" ? best : now;
      if (!tensor) continue;
      const named =
        which === "best" ? { ...parameter, name: bestPrefix + parameter.name } : parameter;
      if (tensor.shape.join() !== parameter.shape.join()) {
        fail(
          "weights",
          `${named.name} has shape ${formatShape(tensor.shape)}, the model wants ${formatShape(parameter.shape)}`,
        );
      }
      writeParameter(session, parameter, checkedNumbers(session, named, tensorNumbers(tensor)));
    }
  };
  // The best weights pass through the storages into their copy.
  trainer.best?.free();
  trainer.best = createCopy(session, parameterStorages(session));
  write("best");
  trainer.best.take();
  write("now");
}
