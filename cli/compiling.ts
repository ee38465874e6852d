// In: a `.nn` file and settings; out: its checked or compiled models, or its diagnostics and exit code 1.
import type { CheckResult, CompiledModel, CompileOptions } from "../compiler/index.js";
import type { Diagnostic } from "../grammar/diagnostics.js";
import { printDiagnostics } from "./diagnostics.js";
import { DiagnosticsFailure, Failure } from "./failure.js";
import { bytesText } from "./numbers.js";
import type { ModelOptions } from "./options.js";
import { importReader, readNnFile, rootName } from "./sources.js";
import type { Terminal } from "./terminal.js";
import { optimizedLate } from "./tiering.js";

/** `--model` names no model of the file: wrong usage, not a fault of the file. */
const unknownModel = "NN0611";

export interface CompiledFile {
  readonly models: readonly CompiledModel[];
  /** The files that it imports, and theirs. */
  readonly imports: readonly string[];
}

type Analysed = CheckResult["models"][number];

export function compilerOptions(
  file: string,
  { set, root, model, recompute, stream }: ModelOptions,
  onImport?: (path: string) => void,
): CompileOptions {
  const readImport = importReader(file, root, onImport);
  return {
    file,
    readImport,
    set,
    ...(root === undefined ? {} : { root: rootName(file, root) }),
    ...(model === undefined ? {} : { model }),
    ...(recompute === undefined ? {} : { recompute }),
    stream: stream ?? false,
  };
}

/** Says of each model whose steps take more than `--recompute` asks how near they come. */
async function noteMemory(
  models: readonly CompiledModel[],
  { recompute }: ModelOptions,
  terminal: Terminal,
): Promise<void> {
  if (recompute === undefined) return;
  const { describeModel } = await import("./inspection.js");
  for (const model of models) {
    const { step, model: name } = describeModel(model, undefined);
    if (step > recompute)
      terminal.note(
        `${name}: a step takes ${bytesText(step)} at its peak: no way was found to come nearer to the ${bytesText(recompute)} of --recompute by computing values again`,
      );
  }
}

async function refuseMistakes(
  diagnostics: readonly Diagnostic[],
  terminal: Terminal,
): Promise<void> {
  await printDiagnostics(diagnostics, terminal);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length === 0) return;
  const { toJson } = await import("../grammar/render.js");
  const usage = errors.every(({ code }) => code === unknownModel);
  throw new DiagnosticsFailure(diagnostics.map(toJson), usage ? 2 : 1);
}

/** A file without models, or without the one asked for. */
function refuseNothing(
  models: readonly unknown[],
  names: readonly string[],
  { model }: ModelOptions,
  file: string,
): void {
  if (models.length > 0) return;
  if (names.length === 0) throw new Failure(1, "no-model", "there is no model in it", { file });
  throw new Failure(2, "model", `there is no model "${model ?? ""}"`, {
    file,
    hint: `its models: ${names.join(", ")}`,
  });
}

/** All models, or the one of `--model`. Prints the diagnostics; throws where one is an error. */
export async function compileFile(
  file: string,
  options: ModelOptions,
  terminal: Terminal,
): Promise<CompiledFile> {
  const text = readNnFile(file);
  const { check, compile } = await import("../compiler/index.js");
  const imports: string[] = [];
  const settings = compilerOptions(file, options, (path) => imports.push(path));
  const { models, diagnostics } = await optimizedLate(() => compile(text, settings));
  await refuseMistakes(diagnostics, terminal);
  const { model, ...others } = settings;
  const names = models.length > 0 || model === undefined ? [] : check(text, others).models;
  refuseNothing(
    models,
    names.map(({ name }) => name),
    options,
    file,
  );
  await noteMemory(models, options, terminal);
  return { models, imports };
}

/** The same, no further than the analysis. */
export async function analyzeFile(
  file: string,
  options: ModelOptions,
  terminal: Terminal,
): Promise<readonly Analysed[]> {
  const text = readNnFile(file);
  const { check } = await import("../compiler/index.js");
  const { model, ...settings } = compilerOptions(file, options);
  const { models, diagnostics } = check(text, settings);
  await refuseMistakes(diagnostics, terminal);
  const wanted = models.filter(({ name }) => model === undefined || name === model);
  refuseNothing(
    wanted,
    models.map(({ name }) => name),
    options,
    file,
  );
  return wanted;
}

/** The only model, or the only one with a `train` block; else wrong usage, with the names. */
export function chooseModel(models: readonly CompiledModel[], file: string): CompiledModel {
  const trained = models.filter(({ plan }) => plan.stages.length > 0);
  const only = models.length === 1 ? models[0] : trained.length === 1 ? trained[0] : undefined;
  if (only !== undefined) return only;
  throw new Failure(2, "model", "the file has several models", {
    file,
    hint: `say which: --model ${models.map(({ name }) => name).join(" | ")}`,
  });
}
