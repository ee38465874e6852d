// A file with its imports and what a search is asked to do in; what a journal has to agree with to be gone on with, out.
import { createHash } from "node:crypto";
import type { SearchDeclaration } from "../../compiler/types/model.js";
import { parse } from "../../grammar/parse.js";
import { printAst } from "../../grammar/printAst.js";
import type { BoundData } from "../data/bind.js";
import type { Settings } from "../options.js";
import { readNnFile } from "../sources.js";

/** Two searches whose identities are equal try the same candidates, and get the same values of them. */
export interface Identity {
  readonly model: string;
  readonly program: string;
  readonly parameters: SearchDeclaration["parameters"];
  readonly strategy: SearchDeclaration["strategy"];
  readonly seed: number;
  readonly goal: SearchDeclaration["goal"];
  readonly median_stopping: number | null;
  readonly set: Settings;
  readonly data: readonly string[];
  /** A digest of what was read of them. */
  readonly contents: string;
  /** `--rows`, `--header`, `--epochs` and `--steps`, where they are given. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** What is said of each part that differs. */
const parts: Readonly<Record<keyof Identity, string>> = {
  model: "another model",
  program: "another program: the model, its training or what it imports was changed",
  parameters: "another space: what is searched, or between which bounds",
  strategy: "another strategy",
  seed: "another seed",
  goal: "another goal",
  median_stopping: "another median_stopping",
  set: "other settings (--set)",
  data: "other data (--data)",
  contents: "other contents of the data: what its files hold was changed",
  options: "other --rows, --header, --epochs or --steps",
};

/** Earlier versions wrote no digest: their values may be of any data. */
const unknownContents =
  "it was written by an earlier version of nnc, which did not note what the data's files held, so that they may have been changed since";

/** What differs between the search of a journal and this one, in words; none where it is the same. */
export function differences(found: Readonly<Record<string, unknown>>, wanted: Identity): string[] {
  const known = JSON.parse(JSON.stringify(wanted)) as Readonly<Record<string, unknown>>;
  const differing = Object.entries(parts).filter(
    ([name]) => canonical(found[name]) !== canonical(known[name]),
  );
  // Of data that are others anyway, what they hold says nothing more.
  const isOther = differing.some(([name]) => name === "data");
  return differing.flatMap(([name, words]) => {
    if (name !== "contents") return [words];
    if (isOther) return [];
    return [found[name] === undefined ? unknownContents : words];
  });
}

/** Keys stand in an order of their own, whoever wrote them. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/**
 * Of all that the files say but for their `search` blocks, which the other parts of an identity tell of: comments and
 * formatting are free, and so is the number of trials.
 */
export function programDigest(file: string, imports: readonly string[]): string {
  const hash = createHash("sha256");
  for (const name of [file, ...new Set(imports)]) {
    const { file: tree } = parse({ name, text: readNnFile(name) });
    const declarations = tree.declarations.filter(({ kind }) => kind !== "Search");
    hash.update(`${printAst({ ...tree, declarations })}\n`);
  }
  return hash.digest("hex");
}

/** Of the numbers that inputs and targets take, under their names and in their shapes, and of the characters that text is numbered by. */
export function contentsDigest({ arrays, vocabularies }: BoundData): string {
  const hash = createHash("sha256");
  for (const { name, shape, data } of arrays.values()) {
    hash.update(`${JSON.stringify([name, shape, data.constructor.name])}\n`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  hash.update(JSON.stringify([...vocabularies]));
  return hash.digest("hex");
}
