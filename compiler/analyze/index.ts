// A parsed file and the prelude come in; its models, every name resolved and every body traced, and all mistakes go out.
import type * as ast from "../../grammar/ast.js";
import { hasErrors, unlistedNotes, type Diagnostic } from "../../grammar/diagnostics.js";
import { createBuilder } from "../graph/builder.js";
import type { CompileTimeData, TypedModel } from "../types/model.js";
import { newBudget } from "./budget.js";
import { createBuiltins } from "./builtins/index.js";
import { call } from "./calls/calls.js";
import type { Evaluator, Run, Unit } from "./context.js";
import { evaluate } from "./values/expressions.js";
import { loadFile, loadPrelude } from "./files/files.js";
import { fileFrame } from "./frames.js";
import { lookup } from "./values/lookup.js";
import { analyzeModel, type ModelSource } from "./bodies/model.js";
import { checkNames } from "./files/names.js";
import { didYouMean, report } from "./report.js";
import { evaluateScan, runScanStatement } from "./bodies/scan.js";
import { runBlock, runWhere } from "./bodies/statements.js";

export interface AnalysisContext {
  /** The standard library's files (`compiler/prelude/prelude.generated.ts`). */
  readonly prelude: readonly { readonly name: string; readonly text: string }[];
  /** The text of an imported file by its path, relative to where the compiled file's name is relative to. */
  readonly readImport: (path: string) => string | undefined;
  /** Values of model parameters: `--set classes=26`. */
  readonly set: Readonly<Record<string, CompileTimeData>>;
  /** Analyse this model alone. */
  readonly model?: string | undefined;
  /** The folder that imports stay under; the folder of the compiled file unless given. */
  readonly root?: string | undefined;
}

export interface Analysis {
  /** The models in file order; none where there is an error. */
  readonly models: readonly TypedModel[];
  /** All mistakes and warnings of the file and what it imports, in order of their places. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Analyses a file. Pure; whatever is wrong with the program is a diagnostic, never an exception. */
export function analyze(file: ast.File, context: AnalysisContext): Analysis {
  const run = newRun(context.set);
  const prelude = loadPrelude(run, context.prelude);
  const folder = file.source.name.includes("/")
    ? file.source.name.slice(0, file.source.name.lastIndexOf("/"))
    : "";
  const units = new Map<string, Unit>();
  const unit = loadFile(
    {
      run,
      prelude,
      readImport: context.readImport,
      root: (context.root ?? folder).replace(/^\.\//, "").replace(/\/$/, "").replace(/^\.$/, ""),
      units,
      path: [],
    },
    file,
  );
  run.halves.mentioned = [...units.values()].some(({ source }) => /\bf16\b/.test(source.text));
  for (const one of units.values()) {
    checkNames(run, one);
    forceConstants(run, one);
  }
  const models = analyzeModels(run, unit, context);
  return { models: hasErrors(run.diagnostics) ? [] : models, diagnostics: inOrder(run, file) };
}

function newRun(settings: Readonly<Record<string, CompileTimeData>>): Run {
  const evaluator: Evaluator = {
    expression: evaluate,
    call,
    block: runBlock,
    where: runWhere,
    scan: evaluateScan,
    scanStatement: runScanStatement,
  };
  const site = { origin: undefined };
  return {
    diagnostics: [],
    reported: new Set(),
    unlisted: new Set(),
    builder: createBuilder(0, site),
    site,
    budget: newBudget(),
    evaluator,
    builtins: createBuiltins(),
    functionParameters: new Map(),
    forcing: [],
    recursive: new Set(),
    origins: new Map(),
    settings,
    derivatives: new Map(),
    halves: { mentioned: false },
    plateaus: undefined,
  };
}

/** Constants that no model uses are evaluated all the same. */
function forceConstants(run: Run, unit: Unit): void {
  const frame = fileFrame(run, unit);
  for (const name of unit.scope.lazy.keys()) lookup(frame, name);
}

function analyzeModels(run: Run, unit: Unit, context: AnalysisContext): TypedModel[] {
  const declared = modelsOf(run, unit);
  const names = declared.map(({ declaration }) => declaration.name);
  const whole = !unit.tree.declarations.some(({ kind }) => kind === "SkippedDeclaration");
  if (context.model !== undefined && !names.includes(context.model) && whole) {
    report(
      fileFrame(run, unit),
      "NN0611",
      { start: 0, end: 0 },
      {
        message: `this file has no model \`${context.model}\``,
        notes: [names.length === 0 ? "it has no models" : `it has ${names.join(", ")}`],
        hint: didYouMean(context.model, names),
      },
    );
  }
  const wanted = declared.filter(
    ({ declaration }) => context.model === undefined || declaration.name === context.model,
  );
  if (whole) checkSettings(run, unit, wanted, context);
  return wanted.flatMap((source) => {
    const model = analyzeModel(run, source);
    return model === undefined ? [] : [model];
  });
}

function modelsOf(run: Run, unit: Unit): ModelSource[] {
  const { declarations } = unit.tree;
  const frame = fileFrame(run, unit);
  const models: ast.ModelDeclaration[] = [];
  for (const declaration of declarations) {
    if (declaration.kind !== "Model") continue;
    const before = models.find(({ name }) => name === declaration.name);
    if (before === undefined) models.push(declaration);
    else {
      report(frame, "NN0209", declaration.nameSpan, {
        message: `the model \`${declaration.name}\` is declared twice`,
        labels: [{ span: before.nameSpan, text: "declared here" }],
      });
    }
  }
  const skipped = declarations.flatMap((declaration) =>
    declaration.kind === "SkippedDeclaration" ? declaration.names : [],
  );
  const names = models.map(({ name }) => name);
  let allTrains = !declarations.some(({ kind }) => kind === "SkippedDeclaration");
  for (const declaration of declarations) {
    if (declaration.kind !== "Train" && declaration.kind !== "Search") continue;
    const { name, span } = declaration.model;
    if (names.includes(name)) continue;
    allTrains = false;
    if (skipped.includes(name)) continue;
    report(frame, "NN0514", span, {
      message: `there is no model \`${name}\` in this file`,
      notes: names.length === 0 ? [] : [`its models: ${names.join(", ")}`],
      hint: didYouMean(name, names),
    });
  }
  return models.map((declaration) => ({
    unit,
    declaration,
    allTrains,
    trains: declarations.filter(
      (other): other is ast.TrainDeclaration =>
        other.kind === "Train" && other.model.name === declaration.name,
    ),
    searches: declarations.filter(
      (other): other is ast.SearchDeclaration =>
        other.kind === "Search" && other.model.name === declaration.name,
    ),
  }));
}

function checkSettings(
  run: Run,
  unit: Unit,
  models: readonly ModelSource[],
  context: AnalysisContext,
): void {
  const known = models.flatMap(({ declaration }) => declaration.parameters.map(({ name }) => name));
  const [first] = models;
  if (first === undefined) return;
  for (const name of Object.keys(context.set)) {
    if (known.includes(name)) continue;
    report(fileFrame(run, unit), "NN0612", first.declaration.nameSpan, {
      message: `no model here has a parameter \`${name}\` that could be set`,
      notes: [known.length === 0 ? "they have none" : `they have ${known.join(", ")}`],
      hint: didYouMean(name, known),
    });
  }
}

/** The compiled file's first, each file's by place; those of one place in the order found. */
function inOrder(run: Run, file: ast.File): Diagnostic[] {
  const rank = (found: Diagnostic): number => (found.file === file.source ? 0 : 1);
  const sorted = run.diagnostics.toSorted(
    (a, b) => rank(a) - rank(b) || (a.file === b.file ? a.span.start - b.span.start : 0),
  );
  const last = sorted.at(-1);
  if (last === undefined) return sorted;
  const notes = [...last.notes, ...unlistedNotes(run.unlisted.size)];
  return [...sorted.slice(0, -1), { ...last, notes }];
}
