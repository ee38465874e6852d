// Takes no input, gives the instructions of WebAssembly that kernels use, by name: their bytes and what they leave.
import type { ValueType } from "../../scalars/machine.js";

/** In the order of their opcodes from the first on; a dash leaves one out. */
function run(
  first: number,
  names: string,
  prefix?: number,
): readonly (readonly [string, number[]])[] {
  return names.split(/\s+/).flatMap((name, at) => {
    const opcode = first + at;
    const bytes = prefix === undefined ? [opcode] : [prefix, ...short(opcode)];
    return name === "-" ? [] : [[name, bytes] as const];
  });
}

/** LEB128 of the opcodes behind a prefix. */
function short(opcode: number): number[] {
  return opcode < 0x80 ? [opcode] : [(opcode & 0x7f) | 0x80, opcode >> 7];
}

const vector = 0xfd;
const saturating = 0xfc;

/** Core specification, 5.4 (Binary Format: Instructions). */
const table: ReadonlyMap<string, readonly number[]> = new Map([
  ...run(0x28, "i32.load - f32.load"),
  ...run(0x36, "i32.store - f32.store"),
  ...run(0x45, "i32.eqz i32.eq i32.ne i32.lt_s i32.lt_u i32.gt_s i32.gt_u i32.le_s i32.le_u"),
  ...run(0x4e, "i32.ge_s i32.ge_u"),
  ...run(0x5b, "f32.eq f32.ne f32.lt f32.gt f32.le f32.ge f64.eq f64.ne f64.lt f64.gt f64.le"),
  ...run(0x66, "f64.ge"),
  ...run(0x6a, "i32.add i32.sub i32.mul i32.div_s i32.div_u i32.rem_s i32.rem_u i32.and i32.or"),
  ...run(0x73, "i32.xor i32.shl i32.shr_s i32.shr_u"),
  ...run(0x7c, "i64.add i64.sub i64.mul"),
  ...run(0x83, "i64.and i64.or i64.xor i64.shl i64.shr_s i64.shr_u"),
  ...run(0x8b, "f32.abs f32.neg f32.ceil f32.floor f32.trunc f32.nearest f32.sqrt f32.add f32.sub"),
  ...run(0x94, "f32.mul f32.div f32.min f32.max f32.copysign"),
  ...run(0x99, "f64.abs f64.neg f64.ceil f64.floor f64.trunc f64.nearest f64.sqrt f64.add f64.sub"),
  ...run(0xa2, "f64.mul f64.div f64.min f64.max f64.copysign i32.wrap_i64"),
  ...run(0xac, "i64.extend_i32_s i64.extend_i32_u"),
  ...run(0xb2, "f32.convert_i32_s f32.convert_i32_u - - f32.demote_f64"),
  ...run(0xb7, "f64.convert_i32_s f64.convert_i32_u - - f64.promote_f32 i32.reinterpret_f32"),
  ...run(0xbd, "i64.reinterpret_f64 f32.reinterpret_i32 f64.reinterpret_i64"),
  ...run(0x00, "i32.trunc_sat_f32_s i32.trunc_sat_f32_u - - - - i64.trunc_sat_f64_s", saturating),
  ...run(0x00, "v128.load", vector),
  ...run(0x09, "v128.load32_splat - v128.store", vector),
  ...run(0x11, "i32x4.splat - f32x4.splat", vector),
  ...run(0x1b, "i32x4.extract_lane i32x4.replace_lane - - f32x4.extract_lane", vector),
  ...run(0x20, "f32x4.replace_lane", vector),
  ...run(0x37, "i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s", vector),
  ...run(0x3e, "i32x4.le_u i32x4.ge_s i32x4.ge_u f32x4.eq f32x4.ne f32x4.lt f32x4.gt", vector),
  ...run(0x45, "f32x4.le f32x4.ge", vector),
  ...run(0x4d, "v128.not v128.and v128.andnot v128.or v128.xor v128.bitselect", vector),
  ...run(0x67, "f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest", vector),
  ...run(0xa0, "i32x4.abs i32x4.neg", vector),
  ...run(0xab, "i32x4.shl i32x4.shr_s i32x4.shr_u i32x4.add - - i32x4.sub - - - i32x4.mul", vector),
  ...run(0xb6, "i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u", vector),
  ...run(0xde, "i64x2.extmul_low_i32x4_u i64x2.extmul_high_i32x4_u f32x4.abs f32x4.neg", vector),
  ...run(0xe3, "f32x4.sqrt f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max", vector),
  ...run(0xea, "f32x4.pmin f32x4.pmax", vector),
  ...run(0xf8, "i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s", vector),
  ...run(0xfb, "f32x4.convert_i32x4_u", vector),
]);

export function opcode(name: string): readonly number[] {
  const bytes = table.get(name);
  if (bytes === undefined) throw new Error(`there is no instruction ${name}`);
  return bytes;
}

const comparing = /^(eqz?|ne|[lg][te])(_[su])?$/;

/** What a single instruction leaves. */
export function typeLeft(name: string): ValueType {
  const [type = "", action = ""] = name.split(".");
  if (type.includes("x") || type === "v128") {
    return action.startsWith("extract") ? (type.slice(0, 3) as ValueType) : "v128";
  }
  return comparing.test(action) ? "i32" : (type as ValueType);
}

const bitwise = new Set(["and", "or", "xor"]);
/** These change how bits are read, which a vector leaves open. */
const reinterpretations = new Set(["f32.reinterpret_i32", "i32.reinterpret_f32"]);

/** The instruction on four lanes that does what one on a single value does; undefined where it has nothing to do. */
export function vectorInstruction(name: string): string | undefined {
  if (reinterpretations.has(name)) return undefined;
  const [type = "", action = ""] = name.split(".");
  if (type === "i32" && bitwise.has(action)) return `v128.${action}`;
  if (name === "i32.eqz") return "v128.not";
  return `${type}x4.${action.replace(/_([fi]32)/, "_$1x4")}`;
}
