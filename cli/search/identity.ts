// A file with its imports and what a search is asked to do in; what a journal has to agree with to be gone on with, out.
import { createHash } from "node:crypto";
import type { SearchDeclaration } from "../../compiler/types/model.js";
import { parse } from "../../grammar/parse.js";
import { printAst } from "../../grammar/printAst.js";
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
  options: "other --rows, --header, --epochs or --steps",
};

/** What differs between the search of a journal and this one, in words; none where it is the same. */
export function differences(found: Readonly<Record<string, unknown>>, wanted: Identity): string[] {
  const known = JSON.parse(JSON.stringify(wanted)) as Readonly<Record<string, unknown>>;
  return Object.entries(parts)
    .filter(([name]) => canonical(found[name]) !== canonical(known[name]))
    .map(([, words]) => words);
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
