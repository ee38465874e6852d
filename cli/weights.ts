// In: weights files and the characters that travel with them; out: checked tensors, and whole files on disk.
import { readSafetensors, writeSafetensors } from "../runtime/safetensors.js";
import { joinTensors } from "../runtime/weights.js";
import type { Plan } from "../runtime/plan.js";
import { writeWhole } from "./data/atomic.js";
import { readUnpacked } from "./data/file.js";
import { readTensorFile } from "./data/tensors.js";
import type { TensorFile } from "./data/tensors.js";
import { Failure } from "./failure.js";
import type { GivenWeights } from "./options.js";

const vocabularyPrefix = "vocabulary.";

export interface WeightsFile extends TensorFile {
  readonly file: string;
  /** The characters of text inputs, by input. */
  readonly vocabularies: ReadonlyMap<string, readonly string[]>;
}

/** `lenet.nn` → `lenet.safetensors`, beside the source. */
export function defaultWeightsPath(source: string): string {
  return `${source.replace(/\.nn$/, "")}.safetensors`;
}

/** Of several files one that has each tensor as the last of them has it: a base, and what was trained upon it. */
export function readWeights(files: GivenWeights): WeightsFile {
  const [first, ...others] = files;
  const base = readOne(first);
  if (others.length === 0) return base;
  const all = [base, ...others.map(readOne)];
  const tensors = joinTensors(all);
  const vocabularies = new Map(all.flatMap((one) => [...one.vocabularies]));
  const metadata = charactersOf(vocabularies);
  return {
    tensors,
    metadata,
    bytes: writeSafetensors(tensors, metadata),
    skipped: all.flatMap(({ skipped }) => skipped),
    file: files.join(" and "),
    vocabularies,
  };
}

function readOne(file: string): WeightsFile {
  const content = readTensorFile(readUnpacked(file), file);
  const vocabularies = new Map(
    Object.entries(content.metadata)
      .filter(([key]) => key.startsWith(vocabularyPrefix))
      .map(([key, text]) => [key.slice(vocabularyPrefix.length), Array.from(text)]),
  );
  return { ...content, file, vocabularies };
}

/** The weights of a model: none where it has no parameters. Throws Failure where they are not given. */
export function weightsFor(plan: Plan, files: GivenWeights | undefined): WeightsFile | undefined {
  if (files !== undefined) return readWeights(files);
  const count = plan.parameters.length;
  if (count === 0) return undefined;
  const what =
    count === 1 ? "a parameter, whose value is" : `${count} parameters, whose values are`;
  throw new Failure(2, "weights", `${plan.model} has ${what} wanted`, {
    hint: "--weights FILE.safetensors, as nnc train writes it",
  });
}

/** Writes what the runtime saved, with the vocabularies in its metadata, through a temporary file. */
export function writeWeights(
  file: string,
  saved: Uint8Array,
  vocabularies: ReadonlyMap<string, readonly string[]>,
): void {
  if (vocabularies.size === 0) {
    writeWhole(file, saved);
    return;
  }
  const { tensors, metadata } = readSafetensors(saved);
  writeWhole(file, writeSafetensors(tensors, { ...metadata, ...charactersOf(vocabularies) }));
}

/** As metadata has them. */
function charactersOf(vocabularies: WeightsFile["vocabularies"]): Record<string, string> {
  return Object.fromEntries(
    [...vocabularies].map(([name, list]) => [vocabularyPrefix + name, list.join("")]),
  );
}
