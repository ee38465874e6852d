// In: a `.nn` file and settings; out: its compiled models, or its diagnostics on stderr and exit code 1.
import type { CompiledModel } from "../compiler/index.js";
import { diagnosticJson, printDiagnostics } from "./diagnostics.js";
import { DiagnosticsFailure, Failure } from "./failure.js";
import type { Settings } from "./options.js";
import { importReader, readNnFile } from "./sources.js";
import type { Terminal } from "./terminal.js";

export interface CompileFileOptions {
  readonly set: Settings;
  readonly root?: string;
  readonly model?: string;
}

/** Prints the diagnostics; throws where one is an error. */
export async function compileFile(
  file: string,
  options: CompileFileOptions,
  terminal: Terminal,
): Promise<readonly CompiledModel[]> {
  const text = readNnFile(file);
  const { compile } = await import("../compiler/index.js");
  const { models, diagnostics } = compile(text, {
    file,
    readImport: importReader(file, options.root),
    set: options.set,
    ...(options.model === undefined ? {} : { model: options.model }),
  });
  await printDiagnostics(diagnostics, terminal);
  if (diagnostics.some(({ severity }) => severity === "error"))
    throw new DiagnosticsFailure(diagnostics.map(diagnosticJson));
  return models;
}

function listText(models: readonly CompiledModel[]): string {
  return models.map(({ name }) => name).join(", ");
}

function namedModel(models: readonly CompiledModel[], name: string, file: string): CompiledModel {
  const model = models.find((candidate) => candidate.name === name);
  if (model !== undefined) return model;
  throw new Failure(2, "model", `there is no model "${name}"`, {
    file,
    hint: `its models: ${listText(models)}`,
  });
}

/** All models, or the one asked for; a file without any is the user's mistake. */
export function selectModels(
  models: readonly CompiledModel[],
  name: string | undefined,
  file: string,
): readonly CompiledModel[] {
  if (models.length === 0) throw new Failure(1, "no-model", "there is no model in it", { file });
  return name === undefined ? models : [namedModel(models, name, file)];
}

/** The model asked for, the only one, or the only one with a `train` block. */
export function chooseModel(
  models: readonly CompiledModel[],
  name: string | undefined,
  file: string,
): CompiledModel {
  const all = selectModels(models, name, file);
  const trained = all.filter(({ plan }) => plan.stages.length > 0);
  const only = all.length === 1 ? all[0] : trained.length === 1 ? trained[0] : undefined;
  if (only !== undefined) return only;
  throw new Failure(2, "model", "the file has several models", {
    file,
    hint: `say which: --model ${all.map((model) => model.name).join(" | ")}`,
  });
}
