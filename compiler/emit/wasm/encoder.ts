// Takes functions in instructions, gives a WebAssembly module: its sections, and the numbers in them.
import type { Code, ValueType } from "../../scalars/machine.js";

const typeBytes: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};

const end = 0x0b;

export function typeByte(type: ValueType): number {
  return typeBytes[type];
}

/** LEB128 without a sign. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const byte = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? byte + 128 : byte);
  } while (rest > 0);
  return bytes;
}

/** LEB128 with a sign, of 32 bits. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (byte & 0x40) === 0) || (rest === -1 && (byte & 0x40) !== 0);
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

export function floatBytes(value: number): number[] {
  return [...new Uint8Array(Float32Array.of(value).buffer)];
}

export function doubleBytes(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

export interface Signature {
  readonly takes: readonly ValueType[];
  readonly gives: readonly ValueType[];
}

export interface FunctionCode extends Signature {
  /** Locals behind the parameters. */
  readonly locals: readonly ValueType[];
  readonly code: Code;
  /** What the host calls it; absent where only other functions do. */
  readonly exported?: string;
}

/**
 * A module of these functions, which call each other by position, over the memory `host.memory`. Where they need memory of their own, the
 * variable `scratch` says how many bytes at first, and is to be set to their address.
 */
export function encodeModule(
  functions: readonly FunctionCode[],
  scratch: number,
): Uint8Array<ArrayBuffer> {
  const types = signaturesOf(functions);
  const exports = functions.flatMap(({ exported }, at) =>
    exported === undefined ? [] : [[...text(exported), 0x00, ...unsigned(at)]],
  );
  if (scratch > 0) exports.push([...text("scratch"), 0x03, 0x00]);
  const memory = [...text("host"), ...text("memory"), 0x02, 0x00, 0x00];
  const bytes: number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  append(bytes, section(1, types.list));
  append(bytes, section(2, [memory]));
  append(
    bytes,
    section(
      3,
      functions.map((one) => unsigned(types.of(one))),
    ),
  );
  if (scratch > 0)
    append(bytes, section(6, [[typeBytes.i32, 0x01, 0x41, ...signed(scratch), end]]));
  append(bytes, section(7, exports));
  append(bytes, section(10, functions.map(functionBody)));
  return Uint8Array.from(bytes);
}

function signaturesOf(functions: readonly FunctionCode[]): {
  readonly list: readonly number[][];
  readonly of: (signature: Signature) => number;
} {
  const keyOf = ({ takes, gives }: Signature): string => `${takes.join()} ${gives.join()}`;
  const known = new Map<string, number>();
  const list: number[][] = [];
  for (const one of functions) {
    const key = keyOf(one);
    if (known.has(key)) continue;
    known.set(key, list.length);
    const [takes, gives] = [one.takes, one.gives].map((types) => types.map(typeByte));
    list.push([0x60, ...vectorOf(takes), ...vectorOf(gives)]);
  }
  return { list, of: (signature) => known.get(keyOf(signature)) ?? 0 };
}

function vectorOf(bytes: readonly number[] = []): number[] {
  return [...unsigned(bytes.length), ...bytes];
}

function text(characters: string): number[] {
  return vectorOf(Array.from(characters, (character) => character.charCodeAt(0)));
}

function section(kind: number, items: readonly (readonly number[])[]): number[] {
  const content: number[] = unsigned(items.length);
  for (const item of items) append(content, item);
  return sized([kind], content);
}

function functionBody({ locals, code }: FunctionCode): number[] {
  const groups: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = groups.at(-1);
    if (last?.type === type) last.count++;
    else groups.push({ type, count: 1 });
  }
  const content = unsigned(groups.length);
  for (const { type, count } of groups) content.push(...unsigned(count), typeByte(type));
  flatten(code, content);
  content.push(end);
  return sized([], content);
}

function sized(head: readonly number[], content: readonly number[]): number[] {
  const bytes = [...head, ...unsigned(content.length)];
  append(bytes, content);
  return bytes;
}

function flatten(code: Code, into: number[]): void {
  for (const part of code) {
    if (typeof part === "number") into.push(part);
    else flatten(part, into);
  }
}

/** Calls take no more arguments than the stack holds. */
function append(bytes: number[], more: readonly number[]): void {
  for (const byte of more) bytes.push(byte);
}
