// In: a compiled model and weights; out: the model on a backend, with one line that says which and why.
import type { CompiledModel } from "../compiler/index.js";
import type { TrainingNet } from "../runtime/api.js";
import type { CpuModule } from "../runtime/plan.js";
import { provideWebGpu } from "./backend.js";
import { DataError } from "./data/array.js";
import type { Backend } from "./options.js";
import { startFile } from "./reads.js";
import type { Terminal } from "./terminal.js";
import { openSource } from "./data/bytes.js";
import { readSomeTensors } from "./data/tensors.js";
import type { WeightsFile } from "./weights.js";

export interface SessionOptions {
  readonly backend: Backend;
  /** The `.nn` file, beside which `start … from` looks for weights. */
  readonly source: string;
  readonly weights?: Pick<WeightsFile, "file" | "bytes" | "skipped">;
  /** Take what of the weights matches, and leave the rest as it starts. */
  readonly partial?: boolean;
  readonly seed?: number;
  readonly quiet?: boolean;
  readonly threads?: number | "auto";
}

/** The printed kernels become a module by way of a URL that holds their text. */
export async function importKernels(text: string): Promise<CpuModule> {
  const encoded = Buffer.from(text, "utf8").toString("base64");
  return (await import(`data:text/javascript;base64,${encoded}`)) as CpuModule;
}

function isWeightsError(error: unknown): error is Error {
  // Of numbers, a file's are the only ones that a net is opened with.
  return error instanceof Error && "code" in error && /^(weights|value)$/.test(String(error.code));
}

async function readStart(file: string, parameters: readonly string[]): Promise<Uint8Array> {
  const bytes = await openSource(file);
  try {
    return await readSomeTensors(bytes, parameters);
  } finally {
    await bytes.close();
  }
}

/** What a net computes on and why; `unavailable`: why it is not WebGPU, where that was asked of this machine. */
export function backendText(
  { machine, threads, backendReason }: Pick<TrainingNet, "machine" | "threads" | "backendReason">,
  unavailable?: string,
): string {
  const where = { webgpu: "WebGPU", wasm: "the CPU", javascript: "the CPU, in JavaScript" }[
    machine
  ];
  const reason = machine === "wasm" ? (unavailable ?? backendReason) : backendReason;
  const several = threads > 1 ? `, ${threads} threads` : "";
  return `${where}${several} (${reason})`;
}

/** Throws DataError where the weights do not fit, and the runtime's errors. */
export async function openNetwork(
  model: Pick<CompiledModel, "plan" | "cpu">,
  options: SessionOptions,
  terminal: Terminal,
): Promise<TrainingNet> {
  const { backend, source, weights, partial, seed, threads } = options;
  const unavailable = await provideWebGpu(backend);
  const { load } = await import("../runtime/index.js");
  try {
    const net = await load(model.plan, {
      backend,
      cpu: () => importKernels(model.cpu),
      readFile: (file, parameters) => readStart(startFile(source, file), parameters),
      ...(weights === undefined ? {} : { weights: weights.bytes }),
      ...(partial === undefined ? {} : { partial }),
      ...(seed === undefined ? {} : { seed }),
      ...(threads === undefined ? {} : { threads }),
    });
    if (options.quiet !== true) terminal.note(`backend: ${backendText(net, unavailable)}`);
    return net;
  } catch (error) {
    if (weights !== undefined && isWeightsError(error)) {
      const { file, skipped } = weights;
      const hint = `left out, being of element types that are not read: ${skipped.join(", ")}`;
      throw new DataError("weights", error.message, {
        file,
        ...(skipped.length === 0 ? {} : { hint }),
      });
    }
    throw error;
  }
}
