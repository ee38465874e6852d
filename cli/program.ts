// In: the arguments of `nnc` and a terminal; out: the exit code, after the command has run.
import { Command, CommanderError } from "commander";
import { addCheck } from "./commands/check.js";
import { addCompile } from "./commands/compile.js";
import { addEvaluate } from "./commands/evaluate.js";
import { addFmt } from "./commands/fmt.js";
import { addGradcheck } from "./commands/gradcheck.js";
import { addInspect } from "./commands/inspect.js";
import { addPredict } from "./commands/predict.js";
import { addTrain } from "./commands/train.js";
import { reportFailure } from "./failure.js";
import type { Terminal } from "./terminal.js";

const description = `Compiles neural networks written in .nn files, trains them, and writes them as bundles for apps.
Exit codes: 0 done, 1 the file or the data are at fault, 2 wrong usage, 3 the machine is at fault.`;

const examples = `
Examples:
  nnc check lenet.nn
  nnc train lenet.nn --data image=train-images-idx3-ubyte --data digit=train-labels-idx1-ubyte
  nnc compile lenet.nn -o dist --weights lenet.safetensors`;

export interface ProgramContext {
  readonly terminal: Terminal;
  readonly version: string;
}

function buildProgram({ terminal, version }: ProgramContext): Command {
  const program = new Command("nnc")
    .description(description)
    .version(version, "-V, --version", "print the version")
    .addHelpText("after", examples)
    .showHelpAfterError("(--help shows what there is)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        terminal.write(text);
      },
      writeErr: (text) => {
        terminal.note(text.trimEnd());
      },
    });
  const add = [addCheck, addCompile, addInspect, addTrain, addEvaluate, addPredict];
  for (const command of [...add, addGradcheck, addFmt]) command(program, terminal);
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);
  return program;
}

/** Never throws: whatever goes wrong becomes words on stderr and a code. */
export async function runProgram(
  args: readonly string[],
  context: ProgramContext,
): Promise<number> {
  try {
    await buildProgram(context).parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    const json = args.includes("--json") && !(error instanceof CommanderError);
    return reportFailure(error, context.terminal, json);
  }
}
