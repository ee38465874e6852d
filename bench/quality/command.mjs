// A program of the examples and what it is trained with in; what `nnc` says of it out, run as a user runs it, on the CPU.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const command = join(root, "build/command/main.js");
const started = promisify(execFile);

/**
 * Commands for one program, whose weights and log are written into `folder`. `set` (`["n=12"]`) is given to each of them;
 * `least` makes trainings a moment long, which says nothing but that the commands fit together.
 */
export function commandsFor(program, { folder, least = false, name = program, set = [] }) {
  const file = join(root, "examples/programs", `${program}.nn`);
  const weights = join(folder, `${name}.safetensors`);
  const log = join(folder, `${name}.jsonl`);
  const fixed = (given) => ["--backend", "cpu", ...given.flatMap((one) => ["--set", one])];

  return {
    /** Writes the weights; gives the epochs of the log. */
    async train({ options = [], values = set } = {}) {
      const fewer = least
        ? options.includes("--data")
          ? ["--epochs", "1"]
          : ["--steps", "20"]
        : [];
      const output = ["-o", weights, "--log", log, "--quiet"];
      await run("train", file, ...fixed(values), ...output, ...options, ...fewer);
      const lines = readFileSync(log, "utf8").trim().split("\n");
      return lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "epoch");
    },
    /** `{ loss, metrics }` of the weights that were trained last. */
    async evaluate({ options = [], values = set } = {}) {
      const given = [...fixed(values), "--weights", weights, "--json", ...options];
      return JSON.parse(await run("evaluate", file, ...given));
    },
    /** Outputs by name. */
    async predict({ options = [] } = {}) {
      const given = [...fixed(set), "--weights", weights, ...options];
      return JSON.parse(await run("predict", file, ...given));
    },
  };
}

async function run(...options) {
  try {
    const { stdout } = await started(process.execPath, [command, ...options], {
      encoding: "utf8",
      maxBuffer: 2 ** 28,
    });
    return stdout;
  } catch (error) {
    throw new Error(`nnc ${options[0]}: ${error.stderr?.trim() || error.message}`, {
      cause: error,
    });
  }
}
