// In: `nnc compile FILE`; out: the bundle's files in a folder.
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Option } from "commander";
import type { Command } from "commander";
import type { CompiledModel } from "../../compiler/index.js";
import type { PlanStage } from "../../runtime/plan.js";
import { compileFile } from "../compiling.js";
import { writeWhole } from "../data/atomic.js";
import { claimOutputs, isSameFile } from "../data/outputs.js";
import { Failure } from "../failure.js";
import { bytesText } from "../numbers.js";
import { modelOption, recomputeOption, rootOption, setOption, weightsOption } from "../options.js";
import type { GivenWeights, ModelOptions } from "../options.js";
import { filesRead } from "../reads.js";
import type { Terminal } from "../terminal.js";
import { optimizedLate } from "../tiering.js";

interface CompileOptions extends ModelOptions {
  readonly output: string;
  readonly entry: "inference" | "training" | "both";
  readonly weights?: GivenWeights;
  readonly minify?: true;
  readonly externalRuntime?: true;
  readonly software?: true;
}

interface CheckedWeights {
  readonly bytes: Uint8Array;
  /** Names of the models that they fit. */
  readonly models: readonly string[];
}

/** Weights for the bundle fit one of its models, or nothing is written. */
async function checkedWeights(
  files: GivenWeights,
  models: readonly CompiledModel[],
): Promise<CheckedWeights> {
  const [{ readWeights }, { compareWeights }] = await Promise.all([
    import("../weights.js"),
    import("../../runtime/weights.js"),
  ]);
  const weights = readWeights(files);
  const differences: string[] = [];
  const fitting: string[] = [];
  for (const { name, plan } of models) {
    try {
      compareWeights(name, plan.parameters, weights, false);
      fitting.push(name);
    } catch (error) {
      differences.push(error instanceof Error ? error.message : String(error));
    }
  }
  if (fitting.length > 0) return { bytes: weights.bytes, models: fitting };
  throw new Failure(1, "weights", differences.join("\n"), { file: weights.file });
}

const packageName = "package.json";

/** A package.json that stands in the folder is the user's, and is not written over. */
function keepsPackage(folder: string, terminal: Terminal): boolean {
  const file = join(folder, packageName);
  if (!existsSync(file)) return false;
  let type: unknown;
  try {
    type = (JSON.parse(readFileSync(file, "utf8")) as { readonly type?: unknown }).type;
  } catch {
    type = undefined;
  }
  if (type !== "module")
    terminal.note(
      `${file} stays as it is; it does not say "type": "module", so Node.js may take the bundle for CommonJS: say it there, or write to a folder of its own`,
    );
  return true;
}

/** Beside the bundle lie the files that its stages start from, too: their names are taken. */
function weightsName(stem: string, stages: readonly PlanStage[]): string {
  const starts = new Set(stages.flatMap(({ start }) => start.map(({ file }) => basename(file))));
  const name = `${stem}.safetensors`;
  return starts.has(name) ? `${stem}.weights.safetensors` : name;
}

async function runCompile(
  file: string,
  options: CompileOptions,
  terminal: Terminal,
): Promise<void> {
  const { output, entry, minify, externalRuntime, software } = options;
  const compiled = await compileFile(file, options, terminal);
  const { models } = compiled;
  const weights =
    options.weights === undefined ? undefined : await checkedWeights(options.weights, models);
  const stem = basename(file).replace(/\.nn$/, "");
  const stages = models.flatMap(({ plan }) => plan.stages);
  const weightsFile = weightsName(stem, stages);
  const { emit } = await import("../../compiler/index.js");
  const files = await optimizedLate(() =>
    emit(models, {
      file,
      entry,
      minify: minify ?? false,
      software: software ?? false,
      externalRuntime: externalRuntime ?? false,
      weights: Object.fromEntries((weights?.models ?? []).map((name) => [name, weightsFile])),
    }),
  );
  const all: [string, string | Uint8Array][] = Object.entries(files).filter(
    ([name]) => name !== packageName || !keepsPackage(output, terminal),
  );
  // Weights that lie where the bundle has them are there.
  const [given = "", ...others] = options.weights ?? [];
  if (weights && (others.length > 0 || !isSameFile(given, join(output, weightsFile))))
    all.push([weightsFile, weights.bytes]);
  claimOutputs(
    [
      { option: "-o", folder: output },
      ...all.map(([name]) => ({ option: "-o", file: join(output, name) })),
    ],
    filesRead(file, compiled, { ...options, stages }),
  );
  for (const [name, content] of all) {
    const path = join(output, name);
    writeWhole(path, content);
    terminal.write(`${path}  ${bytesText(Buffer.byteLength(content))}\n`);
  }
}

export function addCompile(program: Command, terminal: Terminal): void {
  program
    .command("compile")
    .summary("write the bundle")
    .description("Compiles a file to a bundle: modules, types, shaders and the plan.")
    .argument("<file>", "a .nn file")
    .option("-o, --output <dir>", "the folder to write to", "dist")
    .addOption(
      new Option("--entry <kind>", "what the bundle can do")
        .choices(["inference", "training", "both"])
        .default("both"),
    )
    .addOption(modelOption())
    .addOption(setOption())
    .addOption(recomputeOption())
    .addOption(weightsOption())
    .option("--stream", "nets take one step of time after the other, too: net.stream()")
    .option("--minify", "small instead of readable")
    .option(
      "--software",
      "adds kernels for apps that ask for WebGPU where a processor computes it (SwiftShader)",
    )
    .option("--external-runtime", 'imports "nnc/runtime" instead of carrying it')
    .addOption(rootOption())
    .addHelpText(
      "after",
      "\nExample:\n  nnc compile lenet.nn -o dist --entry inference --weights lenet.safetensors --minify",
    )
    .action((file: string, options: CompileOptions) => runCompile(file, options, terminal));
}
