// In: `nnc train FILE`; out: a weights file, and what was asked for beside it (log, report, checkpoints).
import { Option } from "commander";
import type { Command } from "commander";
import {
  addDataOptions,
  backendOption,
  modelOption,
  numberOption,
  recomputeOption,
  rootOption,
  rowsOption,
  seedOption,
  setOption,
  threadsOption,
  weightsOption,
} from "../options.js";
import type { TrainOptions } from "../training/options.js";
import type { Terminal } from "../terminal.js";

export function addTrain(program: Command, terminal: Terminal): void {
  addDataOptions(
    program
      .command("train")
      .summary("train on data")
      .description("Trains a model as its train blocks say, and writes the weights.")
      .argument("<file>", "a .nn file"),
  )
    .addOption(rowsOption())
    .addOption(modelOption())
    .option("--stage <name>", "one stage instead of all")
    .addOption(setOption())
    .addOption(recomputeOption())
    .addOption(weightsOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(numberOption("--epochs <n>", "instead of what the file says"))
    .addOption(numberOption("--steps <n>", "instead of what the file says"))
    .addOption(seedOption("instead of what the file says"))
    .option(
      "-o, --output <file>",
      "the weights file, /dev/stdout for a pipe (default: FILE.safetensors beside the source)",
    )
    .addOption(
      new Option(
        "--save <what>",
        "all parameters, or those that no stage freezes (default: all)",
      ).choices(["all", "trained"]),
    )
    .option("--log <file>", "a JSON value a line: the start, each epoch, the end")
    .option("--report <file>", "an HTML page with the curves and the parameters")
    .option("--checkpoint <dir>", "writes everything there after each epoch")
    .option(
      "--resume",
      "goes on with the run in the checkpoint, which --epochs may make longer, or without --checkpoint with the stopped one in the weights file",
    )
    .addOption(numberOption("--folds <k>", "cross-validation: k runs, no weights written", 2))
    .option("--quiet", "no progress")
    .addOption(rootOption())
    .addHelpText(
      "after",
      `
Examples:
  nnc train lenet.nn --data image=train-images-idx3-ubyte.gz --data digit=train-labels-idx1-ubyte.gz --rows 0:8000
  nnc train tuned.nn --weights base.safetensors --save trained -o adapter.safetensors --data …
  nnc train sort_bits.nn --set count=4 --set width=4 --steps 2000 -o sort.safetensors`,
    )
    .action(async (file: string, options: TrainOptions) => {
      const { runTrain } = await import("../training/run.js");
      await runTrain(file, options, terminal);
    });
}
