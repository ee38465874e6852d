// In: `nnc search FILE`; out: the best of the values that its `search` block tries, each by a training of its own.
import type { Command } from "commander";
import {
  addDataOptions,
  backendOption,
  jsonOption,
  modelOption,
  numberOption,
  rootOption,
  rowsOption,
  seedOption,
  setOption,
  threadsOption,
} from "../options.js";
import type { SearchOptions } from "../search/options.js";
import type { Terminal } from "../terminal.js";

export function addSearch(program: Command, terminal: Terminal): void {
  addDataOptions(
    program
      .command("search")
      .summary("try values of parameters by training")
      .description(
        "Trains a model once for each candidate of its search block, and says which is the best.",
      )
      .argument("<file>", "a .nn file"),
  )
    .addOption(rowsOption())
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(backendOption())
    .addOption(threadsOption())
    .addOption(
      numberOption("--jobs <n>", "trials at once, each in a process of its own").default(1),
    )
    .addOption(numberOption("--trials <n>", "instead of what the file says"))
    .addOption(numberOption("--epochs <n>", "of each trial, instead of what the file says"))
    .addOption(numberOption("--steps <n>", "of each trial, instead of what the file says"))
    .addOption(seedOption("of what is tried, instead of what the file says"))
    .option(
      "--log <file>",
      "a journal of all trials, a JSON value a line; where it is there, the search goes on with it",
    )
    .option("-o, --output <file>", "the weights of the best trial")
    .option("--report <file>", "an HTML page with the curves of all trials")
    .option("--quiet", "no progress")
    .addOption(jsonOption())
    .addOption(rootOption())
    .addHelpText(
      "after",
      `
Examples:
  nnc search digits_mlp.nn --data image=train-images-idx3-ubyte.gz --data digit=train-labels-idx1-ubyte.gz --log trials.jsonl
  nnc search digits_mlp.nn --data digits.npz --jobs 2 --trials 100 --epochs 5 -o best.safetensors`,
    )
    .action(async (file: string, options: SearchOptions) => {
      const { runSearch } = await import("../search/run.js");
      await runSearch(file, options, terminal);
    });
}
