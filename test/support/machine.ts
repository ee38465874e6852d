// Scalar operations and arrays of operands in; what WebAssembly makes of them, as single values or as vectors, out.
import { wasmModule } from "../../compiler/emit/wasm/module.js";
import type { NamedKernel } from "../../compiler/emit/wasm/print.js";
import type { Expression, Kernel, KernelOp, Statement } from "../../compiler/kernel/ir.js";
import { laneCount, operate, widthOf } from "../../compiler/kernel/ir.js";
import type { PlanType } from "../../runtime/plan.js";

export interface MachineOperation {
  /** An operation, or draws at indices. */
  readonly op: KernelOp | "bits" | "uniform";
  /** Of its operands, in their order. */
  readonly takes: readonly PlanType[];
  readonly gives: PlanType;
}

/** What draws depend on, beside the index. */
export const drawn = { seed: 0x243f6a88, counter: 0x85a308d3, stream: 0x13198a2e };

/** The 32 bits of each element, whatever its type. */
export type Bits = Uint32Array;

/** Operands are of one length, a multiple of four. */
export function onMachine(
  operation: MachineOperation,
  operands: readonly Bits[],
  wide: boolean,
): Bits {
  const count = operands[0]?.length ?? 0;
  const bytes = count * 4;
  const first = 65536;
  const memory = new WebAssembly.Memory({
    initial: Math.ceil((first + (operands.length + 1) * bytes + 16) / 65536),
  });
  const addresses = Array.from({ length: operands.length + 1 }, (_, at) => first + at * bytes);
  operands.forEach((bits, at) => {
    new Uint32Array(memory.buffer, addresses[at], count).set(bits);
  });
  const module = new WebAssembly.Module(wasmModule([kernelOf(operation, count, wide)]));
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  const call = exports["all"] as (...words: number[]) => void;
  const turns = "all.0" in exports ? [0, count / (wide ? laneCount : 1)] : [];
  const words = first - 16;
  new Uint32Array(memory.buffer, words, 2).set([drawn.seed, drawn.counter]);
  call(...addresses, words, ...turns);
  return new Uint32Array(memory.buffer, addresses.at(-1), count).slice();
}

/** Applies the operation to each element, or to four at a time. */
function kernelOf(
  { op, takes, gives }: MachineOperation,
  count: number,
  wide: boolean,
): NamedKernel {
  const index: Expression = { kind: "variable", type: "index", name: "i" };
  const width = wide ? laneCount : undefined;
  const operands = takes.map((type, binding): Expression => {
    return { kind: "load", type, binding, index, width };
  });
  const store: Statement = {
    kind: "store",
    binding: takes.length,
    index,
    value: valueOf(op, gives, operands),
  };
  const literal = (value: number): Expression => ({ kind: "literal", type: "index", value });
  const loop: Statement = {
    kind: "for",
    name: "i",
    from: literal(0),
    below: literal(count),
    step: wide ? laneCount : 1,
    body: [store],
  };
  const kernel: Kernel = {
    name: "all",
    target: "cpu",
    workgroupSize: 1,
    workgroups: 1,
    bindings: [...takes, gives].map((type, buffer) => {
      return { buffer, type, written: buffer === takes.length };
    }),
    uniforms: [{ kind: "seed" }, { kind: "counter" }],
    shared: [],
    body: [loop],
    origins: [],
    flops: 0,
  };
  return { name: "all", kernel, words: [0, 1, 2], given: 0 };
}

function valueOf(
  op: MachineOperation["op"],
  gives: PlanType,
  operands: readonly Expression[],
): Expression {
  const [index] = operands;
  if ((op !== "bits" && op !== "uniform") || !index)
    return operate(gives, op as KernelOp, operands);
  const stream: Expression = { kind: "literal", type: "u32", value: drawn.stream };
  const type = op === "bits" ? "u32" : "f32";
  return { kind: "draw", type, source: op, stream, index, width: widthOf(index) };
}

/** So many patterns of 32 bits, evenly spread over all of them with different low bits: every exponent of either sign. */
export function patterns(count: number): Bits {
  const step = 2 ** 32 / count;
  return Uint32Array.from({ length: count }, (_, at) => {
    const low = (Math.imul(at, 0x9e3779b1) >>> 0) % step;
    return at * step + low;
  });
}

export function floatsOf(bits: Bits): Float32Array {
  return new Float32Array(bits.buffer, bits.byteOffset, bits.length);
}

export function bitsOf(values: readonly number[]): Bits {
  return new Uint32Array(Float32Array.from(values).buffer);
}
