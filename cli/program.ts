// In: the arguments of `nnc` and a terminal; out: the exit code, after the command has run.
import { Command, CommanderError } from "commander";
import { reportFailure } from "./failure.js";
import { hintAt } from "./optionHint.js";
import type { Terminal } from "./terminal.js";

const description = `Compiles neural networks written in .nn files, trains them, and writes them as bundles for apps.
Exit codes: 0 done, 1 the file or the data are at fault, 2 wrong usage, 3 the machine is at fault;
training that was interrupted saves its weights, a search its journal, and exits 129 (SIGHUP), 130 (Ctrl-C) or 143 (SIGTERM).`;

const examples = `
Examples:
  nnc check lenet.nn
  nnc train lenet.nn --data image=train-images-idx3-ubyte --data digit=train-labels-idx1-ubyte
  nnc compile lenet.nn -o dist --weights lenet.safetensors`;

type AddCommand = (program: Command, terminal: Terminal) => void;

/** Each command's module is loaded only when it is called, or when help lists them all. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  check: async () => (await import("./commands/check.js")).addCheck,
  compile: async () => (await import("./commands/compile.js")).addCompile,
  inspect: async () => (await import("./commands/inspect.js")).addInspect,
  train: async () => (await import("./commands/train.js")).addTrain,
  doctor: async () => (await import("./commands/doctor.js")).addDoctor,
  search: async () => (await import("./commands/search.js")).addSearch,
  evaluate: async () => (await import("./commands/evaluate.js")).addEvaluate,
  predict: async () => (await import("./commands/predict.js")).addPredict,
  profile: async () => (await import("./commands/profile.js")).addProfile,
  gradcheck: async () => (await import("./commands/gradcheck.js")).addGradcheck,
  fmt: async () => (await import("./commands/fmt.js")).addFmt,
};

export interface ProgramContext {
  readonly terminal: Terminal;
  readonly version: string;
}

async function buildProgram(
  args: readonly string[],
  { terminal, version }: ProgramContext,
): Promise<Command> {
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
  const [first = ""] = args;
  const wanted = Object.hasOwn(commands, first) ? [first] : Object.keys(commands);
  for (const name of wanted) {
    const add = await commands[name]?.();
    add?.(program, terminal);
  }
  for (const command of program.commands) {
    command.exitOverride().copyInheritedSettings(program);
    suggestOptions(command);
  }
  return program;
}

/** Commander's guesses know no other tools, and take `--out` for `--root`. */
function suggestOptions(command: Command): void {
  const known = command.options.flatMap(({ long }) => (long ? [long] : []));
  command.showSuggestionAfterError(false).configureOutput({
    outputError: (text, write) => {
      const [, given = ""] = /^error: unknown option '(--[^'=]+)/.exec(text) ?? [];
      const hint = given && hintAt(given, known);
      write(hint ? `${text.trimEnd()}\n(${hint})\n` : text);
    },
  });
}

/** Never throws: whatever goes wrong becomes words on stderr and a code. */
export async function runProgram(
  args: readonly string[],
  context: ProgramContext,
): Promise<number> {
  try {
    const program = await buildProgram(args, context);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    const json = args.includes("--json") && !(error instanceof CommanderError);
    return reportFailure(error, context.terminal, json);
  }
}
