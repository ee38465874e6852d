// Takes no input, gives the types in which WebAssembly's functions are described: once, for one value and for the lanes of a vector.

/** Bytes of instructions, in parts. */
export type Code = readonly (number | Code)[];

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";

/** Instructions that leave one value. Used twice, they run twice: see `Machine.keep`. */
export interface MachineValue {
  readonly code: Code;
  readonly type: ValueType;
}

/**
 * What writes instructions: on single values, or on vectors of four lanes, for which `f32.add` means `f32x4.add`. Truth is 1 or
 * −1, the mask of a lane: whoever wants a number takes it by `select`.
 */
export interface Machine {
  readonly wide: boolean;
  /** An instruction by its name for single values. */
  op(name: string, ...operands: readonly MachineValue[]): MachineValue;
  real(value: number): MachineValue;
  whole(value: number): MachineValue;
  /** On single values alone: numbers of 64 bits. */
  double(value: number): MachineValue;
  long(value: bigint): MachineValue;
  /** By the same number of bits in every lane. */
  shift(name: "i32.shl" | "i32.shr_s" | "i32.shr_u", value: MachineValue, by: number): MachineValue;
  /** A value that is used more than once. */
  keep(value: MachineValue): MachineValue;
  /** On single values alone: a place whose value changes. */
  variable(value: MachineValue): MachineVariable;
  /** On single values alone: sets variables again and again, as long as the condition holds before it. */
  repeat(condition: MachineValue, turn: () => void): void;
  select(condition: MachineValue, then: MachineValue, otherwise: MachineValue): MachineValue;
  call(callee: MachineFunction, ...operands: readonly MachineValue[]): MachineValue;
  /** The upper 32 bits of the product with a constant, without signs. */
  multiplyHigh(value: MachineValue, factor: number): MachineValue;
  /** Of a value that may be one for all lanes. */
  spread(value: MachineValue): MachineValue;
}

export interface MachineVariable {
  readonly get: MachineValue;
  set(value: MachineValue): void;
}

/** Takes as many operands as the operation has. */
export type MachineWriter = (
  machine: Machine,
  ...operands: readonly MachineValue[]
) => MachineValue;

/** A function of its own, of one value and of four. */
export interface MachineFunction {
  readonly name: string;
  readonly takes: readonly ("f32" | "i32")[];
  readonly gives: "f32" | "i32";
  /** Vectors are computed lane by lane: there are no instructions for all of them. */
  readonly single?: true;
  /** Operands from here on are vectors in the function of four values; those before are one value for all. */
  readonly vectorsFrom?: number;
  readonly write: MachineWriter;
}

/** How WebAssembly computes an operation. */
export type MachineForm =
  | {
      readonly kind: "inline";
      readonly write: MachineWriter;
    }
  | { readonly kind: "function"; readonly callee: MachineFunction }
  /** Of a condition and two values; and a conversion, which the printer spells by both its types. */
  | { readonly kind: "choice" | "conversion" };

export const inline = (write: Extract<MachineForm, { kind: "inline" }>["write"]): MachineForm => ({
  kind: "inline",
  write,
});

/** One instruction. */
export const instruction = (name: string): MachineForm =>
  inline((machine, ...operands) => machine.op(name, ...operands));

export const called = (callee: MachineFunction): MachineForm => ({ kind: "function", callee });

/** The operand as it is. */
export const asGiven: MachineForm = inline((_machine, operand) => operand);
