// Takes what a function is to compute, gives its instructions: for single values and for vectors alike.
import type {
  Code,
  Machine,
  MachineFunction,
  MachineValue,
  ValueType,
} from "../../scalars/machine.js";
import { laneCount } from "../../kernel/ir.js";
import { doubleBytes, floatBytes, signed, typeByte, unsigned } from "./encoder.js";
import { opcode, typeLeft, vectorInstruction } from "./instructions.js";

/** A function that is being written: its locals, and the statements so far. */
export interface Body {
  readonly parameters: readonly MachineValue[];
  /** Types of the locals behind the parameters. */
  readonly locals: readonly ValueType[];
  local(type: ValueType): Local;
  emit(code: Code): void;
  /** The statements emitted meanwhile, apart. */
  apart(write: () => void): Code;
}

export interface Local {
  readonly get: MachineValue;
  set(value: MachineValue): Code;
}

export function createBody(takes: readonly ValueType[]): Body & { readonly code: () => Code } {
  const locals: ValueType[] = [];
  let statements: Code[] = [];
  const get = (at: number, type: ValueType): MachineValue => ({
    type,
    code: [0x20, ...unsigned(at)],
  });
  return {
    parameters: takes.map((type, at) => get(at, type)),
    locals,
    local: (type) => {
      const at = takes.length + locals.length;
      locals.push(type);
      return { get: get(at, type), set: ({ code }) => [code, 0x21, ...unsigned(at)] };
    },
    emit: (code) => statements.push(code),
    apart: (write) => {
      const outer = statements;
      statements = [];
      write();
      const inner = statements;
      statements = outer;
      return inner;
    },
    code: () => statements,
  };
}

/** The position of a function of one value or of four in the module. */
export type FunctionIndex = (callee: MachineFunction, wide: boolean) => number;

export function createMachine(body: Body, wide: boolean, indexOf: FunctionIndex): Machine {
  const machine: Machine = {
    wide,
    op: (name, ...operands) => operation(name, operands, wide),
    real: (value) => (wide ? constant(floatBytes(value)) : realConstant(value)),
    whole: (value) => (wide ? constant(wordBytes(value)) : wholeConstant(value)),
    double: (value) => ({ type: "f64", code: [0x44, ...doubleBytes(value)] }),
    long: (value) => ({ type: "i64", code: [0x42, ...signedLong(value)] }),
    keep: (value) => keep(body, value),
    variable: (value) => {
      const local = body.local(value.type);
      const set = (changed: MachineValue): void => {
        body.emit(local.set(changed));
      };
      set(value);
      return { get: local.get, set };
    },
    repeat: (condition, turn) => {
      const statements = body.apart(turn);
      body.emit([...loopWhile, condition.code, 0x04, 0x40, statements, 0x0c, 1, 0x0b, 0x0b]);
    },
    shift: (name, value, by) => {
      const vector = vectorInstruction(name) ?? name;
      const bytes = opcode(wide ? vector : name);
      return { type: value.type, code: [value.code, wholeConstant(by).code, bytes] };
    },
    select: (condition, then, otherwise) => {
      const order = [then.code, otherwise.code, condition.code];
      const bytes = wide ? opcode("v128.bitselect") : [0x1b];
      return { type: then.type, code: [...order, bytes] };
    },
    call: (callee, ...operands) => ({
      type: wide ? "v128" : callee.gives,
      code: [...operands.map(({ code }) => code), 0x10, ...unsigned(indexOf(callee, wide))],
    }),
    multiplyHigh: (value, factor) =>
      (wide ? multiplyHighVector : multiplyHigh)(machine, value, factor),
    spread: (value) => (wide && value.type !== "v128" ? spread(value) : value),
  };
  return machine;
}

/** A loop, which goes on where it is branched to. */
const loopWhile = [0x03, 0x40];

function keep(body: Body, value: MachineValue): MachineValue {
  const [first] = value.code;
  // What a local holds is kept already, and a constant needs no place.
  if (first === 0x20 || first === 0x41 || first === 0x43) return value;
  const local = body.local(value.type);
  body.emit(local.set(value));
  return local.get;
}

/** An instruction of single values, or the one of vectors that does the same in each lane. */
export function operation(
  name: string,
  operands: readonly MachineValue[],
  wide: boolean,
): MachineValue {
  const codes = operands.map(({ code }) => code);
  if (!wide) return { type: typeLeft(name), code: [...codes, opcode(name)] };
  const vector = vectorInstruction(name);
  return { type: "v128", code: vector === undefined ? codes : [...codes, opcode(vector)] };
}

export function realConstant(value: number): MachineValue {
  return { type: "f32", code: [0x43, ...floatBytes(value)] };
}

export function wholeConstant(value: number): MachineValue {
  return { type: "i32", code: [0x41, ...signed(value)] };
}

/** The same 32 bits in all lanes. */
function constant(bytes: readonly number[]): MachineValue {
  return vectorConstant(Array.from({ length: laneCount }, () => bytes));
}

export function vectorConstant(lanes: readonly (readonly number[])[]): MachineValue {
  return { type: "v128", code: [0xfd, 0x0c, lanes] };
}

function wordBytes(value: number): number[] {
  return [...new Uint8Array(Int32Array.of(value).buffer)];
}

function signedLong(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = value; ;) {
    const byte = Number(rest & 0x7fn);
    rest >>= 7n;
    const done = (rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40);
    bytes.push(done ? byte : byte | 0x80);
    if (done) return bytes;
  }
}

function multiplyHigh(m: Machine, value: MachineValue, factor: number): MachineValue {
  const long = m.op("i64.extend_i32_u", value);
  const product = m.op("i64.mul", long, m.long(BigInt(factor)));
  return m.op("i32.wrap_i64", m.op("i64.shr_u", product, m.long(32n)));
}

/** The upper words of the products of the lower two lanes, and of the upper two. */
function multiplyHighVector(m: Machine, value: MachineValue, factor: number): MachineValue {
  const kept = m.keep(value);
  const [low, high] = ["low", "high"].map((half): MachineValue => ({
    type: "v128",
    code: [kept.code, m.whole(factor).code, opcode(`i64x2.extmul_${half}_i32x4_u`)],
  }));
  if (!low || !high) throw new Error("a vector has two halves");
  return shuffle(low, high, [1, 3, 5, 7]);
}

/** One value in every lane. */
export function spread(value: MachineValue): MachineValue {
  const name = value.type === "f32" ? "f32x4.splat" : "i32x4.splat";
  return { type: "v128", code: [value.code, opcode(name)] };
}

export function extractLane(value: MachineValue, type: "f32" | "i32", lane: number): MachineValue {
  return { type, code: [value.code, opcode(`${type}x4.extract_lane`), lane] };
}

export function replaceLane(
  value: MachineValue,
  type: "f32" | "i32",
  lane: number,
  by: MachineValue,
): MachineValue {
  const bytes = opcode(`${type}x4.replace_lane`);
  return { type: "v128", code: [value.code, by.code, bytes, lane] };
}

/** A vector of lanes of two, which are numbered one behind the other. */
export function shuffle(
  left: MachineValue,
  right: MachineValue,
  lanes: readonly number[],
): MachineValue {
  const bytes = lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte));
  return { type: "v128", code: [left.code, right.code, 0xfd, 0x0d, bytes] };
}

/** One of two, of which only the one that is chosen is computed. */
export function branch(
  condition: MachineValue,
  type: ValueType,
  then: Code,
  otherwise: Code,
): MachineValue {
  return { type, code: [condition.code, 0x04, typeByte(type), then, 0x05, otherwise, 0x0b] };
}
