// The text of a `.nn` file comes in; its only model, analysed with the prelude as it stands in the sources, goes out.

import { readFileSync, readdirSync } from "node:fs";
import { analyze } from "../../compiler/analyze/index.js";
import type { TypedModel } from "../../compiler/types/model.js";
import { parse } from "../../grammar/parse.js";

const folder = new URL("../../compiler/prelude/", import.meta.url);
const prelude = readdirSync(folder)
  .filter((name) => name.endsWith(".nn"))
  .map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

/** Throws where the source has a mistake. */
export function modelOf(source: string): TypedModel {
  const parsed = parse({ name: "record.nn", text: source });
  const context = { prelude, readImport: () => undefined, set: {} };
  const { models, diagnostics } = analyze(parsed.file, context);
  const found = [...parsed.diagnostics, ...diagnostics];
  const [model] = models;
  if (found.length > 0 || model === undefined) {
    throw new Error(found.map(({ code, message }) => `${code} ${message}`).join("; "));
  }
  return model;
}
