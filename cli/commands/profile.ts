// In: `nnc profile FILE`; out: how long each dispatch of a training step, or of another program, takes.
import type { Command } from "commander";
import type { CompiledModel } from "../../compiler/index.js";
import type { Dimensions } from "../../runtime/dimensions.js";
import type { Plan } from "../../runtime/plan.js";
import { chooseModel, compileFile } from "../compiling.js";
import { Failure } from "../failure.js";
import {
  backendOption,
  jsonOption,
  modelOption,
  numberOption,
  rootOption,
  secondsOption,
  setOption,
} from "../options.js";
import type { Backend, ModelOptions } from "../options.js";
import { valueText } from "../numbers.js";
import type { Terminal } from "../terminal.js";

interface ProfileOptions extends ModelOptions {
  readonly program?: string;
  readonly batch?: number;
  readonly seconds: number;
  readonly backend: Backend;
  readonly json?: true;
}

/** The step of the first stage, or else what predicts, unless said. */
function chooseProgram({ model, programs, stages }: Plan, wanted?: string): number {
  const step = stages[0]?.objectives[0]?.program;
  const found =
    wanted === undefined
      ? (step ?? programs.findIndex(({ kind }) => kind === "predict"))
      : programs.findIndex(({ name }) => name === wanted);
  if (found >= 0) return found;
  if (programs.length === 0)
    throw new Failure(1, "program", `${model} computes nothing: there is nothing to profile`, {
      hint: "an `output` in it is predicted; a `loss` with a `train` block gives training steps",
    });
  const lacks =
    wanted === undefined ? "neither a training step nor an output" : `no program "${wanted}"`;
  throw new Failure(2, "program", `${model} has ${lacks}`, {
    hint: `its programs: ${programs.map(({ name }) => name).join(", ")}; --program NAME takes one`,
  });
}

/** As trained, by the stage whose step it is, or else by the first. */
function sizesOf(plan: Plan, program: number, batch: number | undefined): Dimensions {
  const trained = Object.fromEntries(plan.dimensions.map((dim) => [dim.name, dim.trained]));
  const stage = plan.stages.find(({ name }) => name === plan.programs[program]?.stage);
  const sizes = { ...trained, ...stage?.dimensions };
  return batch === undefined || sizes["batch"] === undefined ? sizes : { ...sizes, batch };
}

async function runProfile(
  file: string,
  options: ProfileOptions,
  terminal: Terminal,
): Promise<void> {
  const { models } = await compileFile(file, options, terminal);
  const model: CompiledModel = chooseModel(models, file);
  const { plan } = model;
  const { backend, batch, seconds } = options;
  const program = chooseProgram(plan, options.program);
  const dimensions = sizesOf(plan, program, batch);
  const { profileProgram } = await import("../profile/run.js");
  const onProgress = (what: string): void => {
    terminal.update(`measuring ${what} …`);
  };
  const request = { program, sizes: dimensions, backend, seconds, onProgress };
  const measured = await profileProgram(model, request);
  // Where one run takes longer than what was asked for, all of it does.
  if (measured.whole > 1000 * seconds)
    terminal.note(
      `a run takes ${valueText(measured.whole / 1000)} s, so that each dispatch was timed hardly more than once: a smaller --batch takes less`,
    );
  const { profileData, profileText } = await import("../profile/report.js");
  const name = plan.programs[program]?.name ?? "";
  const profiled = { model: plan.model, program: name, dimensions, ...measured };
  terminal.write(
    options.json
      ? `${JSON.stringify(profileData(profiled), null, 2)}\n`
      : `${profileText(profiled)}\n`,
  );
}

export function addProfile(program: Command, terminal: Terminal): void {
  program
    .command("profile")
    .summary("how long each dispatch takes")
    .description(
      "Times each dispatch of a training step, on random data, beside what the device can do at most.",
    )
    .argument("<file>", "a .nn file")
    .option("--program <name>", "another program, as nnc inspect lists them (predict)")
    .addOption(numberOption("--batch <n>", "examples in a batch (default: as trained)"))
    .addOption(secondsOption("about how long to measure").default(3))
    .addOption(backendOption())
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(rootOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  nnc profile lenet.nn\n  nnc profile lenet.nn --program predict --batch 1 --backend cpu",
    )
    .action((file: string, options: ProfileOptions) => runProfile(file, options, terminal));
}
