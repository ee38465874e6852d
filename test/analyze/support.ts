// Source text in; the analysis of it with the standard library, and its diagnostics as the command prints them, out.
import { analyze, type Analysis, type AnalysisContext } from "../../compiler/analyze/index.js";
import { preludeFiles } from "../../compiler/prelude/prelude.generated.js";
import type { Diagnostic } from "../../grammar/diagnostics.js";
import { parse } from "../../grammar/parse.js";
import { renderAll } from "../../grammar/render.js";
import type { TypedModel } from "../../compiler/types/model.js";

export interface Checked {
  readonly models: Analysis["models"];
  readonly diagnostics: readonly Diagnostic[];
}

/** Parses and analyses a text; both phases' diagnostics together, as `nnc check` gives them. */
export function check(
  text: string,
  options: Partial<AnalysisContext> & { readonly name?: string } = {},
): Checked {
  const parsed = parse({ name: options.name ?? "test.nn", text });
  const { models, diagnostics } = analyze(parsed.file, {
    prelude: preludeFiles,
    readImport: () => undefined,
    set: {},
    ...options,
  });
  return { models, diagnostics: [...parsed.diagnostics, ...diagnostics] };
}

/** The only model of a text that has no mistakes. */
export function modelOf(text: string, options: Partial<AnalysisContext> = {}): TypedModel {
  const { models, diagnostics } = check(text, options);
  if (diagnostics.length > 0) throw new Error(renderAll(diagnostics));
  const [model] = models;
  if (model === undefined || models.length > 1) throw new Error(`${models.length} models`);
  return model;
}

/** The codes of a text's diagnostics, in their order. */
export function codesOf(text: string, options: Partial<AnalysisContext> = {}): string[] {
  return check(text, options).diagnostics.map(({ code }) => code);
}
