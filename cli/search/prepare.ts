// A file and the options of `nnc search` in; all that a search needs, checked before any trial is run, out.
import type { CheckResult } from "../../compiler/index.js";
import type { SearchDeclaration } from "../../compiler/types/model.js";
import { analyzeFile, chooseModel, compileFile } from "../compiling.js";
import { claimOutputs } from "../data/outputs.js";
import { DiagnosticsFailure, Failure } from "../failure.js";
import { filesRead } from "../reads.js";
import type { Terminal } from "../terminal.js";
import { bindTrainingData } from "../training/prepare.js";
import { contentsDigest, programDigest } from "./identity.js";
import type { Identity } from "./identity.js";
import type { TrialJob } from "./messages.js";
import type { SearchOptions } from "./options.js";

type Analysed = CheckResult["models"][number];

/** All that a search knows before it starts. */
export interface PreparedSearch {
  readonly file: string;
  readonly options: SearchOptions;
  readonly terminal: Terminal;
  readonly model: string;
  /** With the options taken into account. */
  readonly search: SearchDeclaration;
  readonly identity: Identity;
  /** The job of a trial, its candidate left out. */
  readonly job: TrialJob;
}

const example = "search NAME { learning_rate ~ log_uniform(1e-4, 1e-1)  trials 20 }";

function searchOf(
  models: readonly Analysed[],
  file: string,
): { readonly model: string; readonly search: SearchDeclaration } {
  const found = models.flatMap(({ name, searches }) =>
    searches.map((search) => ({ model: name, search })),
  );
  const [only, second] = found;
  const named = models[0]?.name ?? "NAME";
  if (only === undefined)
    throw new Failure(
      1,
      "no-search",
      models.length === 1 ? `${named} has no \`search\` block` : "the file has no `search` block",
      { file, hint: `write what is to be tried: \`${example.replace("NAME", named)}\`` },
    );
  if (second === undefined) return only;
  throw new Failure(2, "model", "several models of the file have a `search` block", {
    file,
    hint: `say which: --model ${found.map(({ model }) => model).join(" | ")}`,
  });
}

/** Options that say two different things, or nothing that this search could use. */
function refuseContradictions(
  { parameters, strategy, trials }: SearchDeclaration,
  options: SearchOptions,
): void {
  const { epochs, steps, set } = options;
  if (epochs !== undefined && steps !== undefined)
    throw new Failure(2, "usage", "--epochs and --steps say two different lengths", {
      hint: "leave one of them out",
    });
  const fixed = parameters.find(({ name }) => Object.hasOwn(set, name));
  if (fixed !== undefined)
    throw new Failure(2, "usage", `${fixed.name} is set by --set and searched too`, {
      hint: `leave \`--set ${fixed.name}=…\` out, or its line out of the \`search\` block`,
    });
  if (strategy === "grid" && options.trials !== undefined)
    throw new Failure(
      2,
      "usage",
      `a grid tries each of its points, ${trials} here, and takes no --trials`,
      {
        hint: "`strategy random` in the file tries some",
      },
    );
}

function identityOf(
  model: string,
  { parameters, strategy, seed, goal, medianStopping }: SearchDeclaration,
  { program, contents }: Pick<Identity, "program" | "contents">,
  { set, data, rows, header, epochs, steps }: SearchOptions,
): Identity {
  const given = { rows, header, epochs, steps };
  return {
    model,
    program,
    parameters,
    strategy,
    seed,
    goal,
    median_stopping: medianStopping ?? null,
    set,
    data,
    contents,
    options: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** The models of a file: mistakes are printed, while of what is right compiling has more to say. */
async function analyzed(
  file: string,
  options: SearchOptions,
  terminal: Terminal,
): Promise<readonly Analysed[]> {
  try {
    return await analyzeFile(file, options, { ...terminal, note: () => undefined });
  } catch (error) {
    if (error instanceof DiagnosticsFailure) return analyzeFile(file, options, terminal);
    throw error;
  }
}

/** Throws Failure, DataError and WriteError; mistakes of the file are printed. */
export async function prepareSearch(
  file: string,
  options: SearchOptions,
  terminal: Terminal,
): Promise<PreparedSearch> {
  const { model, search: written } = searchOf(await analyzed(file, options, terminal), file);
  refuseContradictions(written, options);
  const search = {
    ...written,
    trials: options.trials ?? written.trials,
    seed: options.seed ?? written.seed,
  };
  // What a trial with the file's own values would meet is told before any is run.
  const compiled = await compileFile(file, { ...options, model }, terminal);
  const chosen = chooseModel(compiled.models, file);
  const { stages } = chosen.plan;
  const { output, log, report } = options;
  claimOutputs(
    [
      { option: "-o", file: output },
      { option: "--log", file: log },
      { option: "--report", file: report },
    ],
    filesRead(file, compiled, { ...options, stages }),
  );
  const contents = contentsDigest(await bindTrainingData({ model: chosen, stages }, options));
  const program = programDigest(file, compiled.imports);
  const { set, root, data, rows, header, backend, threads, epochs, steps } = options;
  return {
    file,
    options,
    terminal,
    model,
    search,
    identity: identityOf(model, search, { program, contents }, options),
    job: {
      file,
      goal: search.goal,
      program,
      options: {
        set,
        data,
        backend,
        threads,
        model,
        ...(root === undefined ? {} : { root }),
        ...(rows === undefined ? {} : { rows }),
        ...(header === undefined ? {} : { header }),
        ...(epochs === undefined ? {} : { epochs }),
        ...(steps === undefined ? {} : { steps }),
      },
    },
  };
}
