// In: nothing; out: the most that one thread of this machine was seen to do, in WebAssembly's vectors of four where they are allowed.
import { bestRound } from "./ceilings.js";
import type { Ceilings, Work } from "./ceilings.js";

const copiedNumbers = 8 << 20;
const steps = 1 << 16;
const chains = 8;

export async function measureCpuCeilings(): Promise<Ceilings> {
  const source = new Float32Array(copiedNumbers).fill(1);
  const target = new Float32Array(copiedNumbers);
  const copied = await bestRound(
    timed(() => {
      target.set(source);
    }),
  );
  const { run, operations } = multiplier();
  const multiplied = await bestRound(timed(run));
  return {
    gigaflops: operations / multiplied / 1e6,
    gigabytes: (2 * source.byteLength) / copied / 1e6,
  };
}

function timed(run: () => void): Work {
  return (rounds) => {
    const start = performance.now();
    for (let round = 0; round < rounds; round++) run();
    return performance.now() - start;
  };
}

interface Multiplier {
  readonly run: () => void;
  readonly operations: number;
}

function multiplier(): Multiplier {
  const bytes = vectorModule();
  if (!WebAssembly.validate(bytes)) return scalarMultiplier();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const multiply = exports["run"] as (count: number) => number;
  return { run: () => multiply(steps), operations: steps * chains * 4 * 2 };
}

function scalarMultiplier(): Multiplier {
  const sums = new Float64Array(1);
  const run = (): void => {
    const [x = 0] = sums;
    let [a, b, c, d] = [x, x + 1, x + 2, x + 3];
    for (let step = 0; step < steps; step++) {
      a = a * x + x;
      b = b * x + x;
      c = c * x + x;
      d = d * x + x;
    }
    sums[0] = (a + b + c + d) * 0;
  };
  return { run, operations: steps * 4 * 2 };
}

/** Opcodes of WebAssembly, as far as one function needs them. */
const op = {
  loop: 0x03,
  end: 0x0b,
  branchIf: 0x0d,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  i32Const: 0x41,
  i32Subtract: 0x6b,
  vector: 0xfd,
};
const vectorOp = { splat: 0x13, lane: 0x1f, add: [0xe4, 0x01], multiply: [0xe6, 0x01] };
const type = { i32: 0x7f, f32: 0x7d, v128: 0x7b, function: 0x60, empty: 0x40 };
const x = 1;
const accumulators = Array.from({ length: chains }, (_, at) => x + 1 + at);

/** `run(count)`: each accumulator times x plus x, as often as `count` says; gives a lane of their sum. */
function vectorModule(): Uint8Array<ArrayBuffer> {
  const multiplied = accumulators.flatMap((local) => [
    ...[op.localGet, local, op.localGet, x, op.vector, ...vectorOp.multiply],
    ...[op.localGet, x, op.vector, ...vectorOp.add, op.localSet, local],
  ]);
  const counted = [op.localGet, 0, op.i32Const, 1, op.i32Subtract, op.localTee, 0, op.branchIf, 0];
  const summed = accumulators.flatMap((local) => [
    ...[op.localGet, local, op.vector, ...vectorOp.add],
  ]);
  const body = [
    ...[1, 1 + chains, type.v128],
    // x is a splat of 0.5: 0x3f000000.
    ...[0x43, 0x00, 0x00, 0x00, 0x3f, op.vector, vectorOp.splat, op.localSet, x],
    ...[op.loop, type.empty, ...multiplied, ...counted, op.end],
    ...[op.localGet, x, ...summed, op.vector, vectorOp.lane, 0, op.end],
  ];
  const name = [...new TextEncoder().encode("run")];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, type.function, 1, type.i32, 1, type.f32]),
    ...section(3, [1, 0]),
    ...section(7, [1, name.length, ...name, 0, 0]),
    ...section(10, [1, ...sized(body)]),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

/** Lengths are written seven bits a byte. */
function sized(content: readonly number[]): number[] {
  const { length } = content;
  const size = length < 128 ? [length] : [(length % 128) + 128, length >> 7];
  return [...size, ...content];
}
