// Takes no input, gives the type of what the compiler knows of one scalar operation, so that nothing can be left out.
import type { PlanType } from "../../runtime/plan.js";
import type { MachineForm } from "./machine.js";
import type { IntervalRule } from "./intervals.js";
import type { SignRule, ZeroRule } from "./signs.js";

/** Element types of tensors, and `index`: see compiler/types/nest.ts. */
type OperandType = PlanType | "index";

/** A function that generated code defines beside what calls it. */
export interface Helper {
  readonly name: string;
  readonly needs?: readonly Helper[];
  readonly text: string;
  /** JavaScript alone: what double precision wants instead. */
  readonly double?: string;
}

/** The function of an operation in each language; a name is one that the language has. */
export interface Helpers {
  readonly wgsl: Helper;
  readonly javascript: Helper | string;
}

/** How one language writes an operation on its printed operands. */
export type Form =
  | {
      readonly kind: "infix";
      readonly text: string;
      readonly binds: "product" | "sum" | "comparison" | "and" | "or" | "bothBits" | "eitherBit";
      /** The 32 bits that the result is brought back into. */
      readonly wraps?: "i32" | "u32";
    }
  | { readonly kind: "prefix"; readonly text: string; readonly wraps?: "i32" | "u32" }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly helper?: Helper;
      readonly wraps?: "i32" | "u32";
    }
  /** The operand as it is. */
  | { readonly kind: "operand" }
  /** Of a condition and two values; and a conversion, which each printer spells by both its types. */
  | { readonly kind: "choice" | "conversion" };

/** By the type of the operands; `all` for those that are not named. */
export type Forms = { readonly all: Form } & Readonly<Partial<Record<OperandType, Form>>>;

export type MachineForms = { readonly all: MachineForm } & Readonly<
  Partial<Record<OperandType, MachineForm>>
>;

/** What printers need: also operations that only kernels know have it. */
export interface Printing {
  readonly wgsl: Forms;
  readonly javascript: Forms;
  readonly wasm: MachineForms;
}

/** Languages that are printed as text. */
export type TextLanguage = "wgsl" | "javascript";

export interface ScalarOperation extends Printing {
  readonly arity: 1 | 2 | 3;
  readonly takes: readonly PlanType[];
  /** The result's type: the operands', or truth values. */
  readonly gives: "operands" | "bool" | "target";
  /** In double precision. */
  readonly value: (a: number, b: number, c: number) => number | boolean;
  /** On integers of the program, before the result wraps. */
  readonly integers: "value" | "none" | ((a: number, b: number) => number);
  /** Which integers it makes of which. */
  readonly interval: IntervalRule;
  /** What the signs of its operands say of its own. */
  readonly signs: SignRule;
  readonly zero: ZeroRule;
  /** In simple floating-point operations. */
  readonly cost: number;
  /** Whether rounding of the operands can change the result by more than as much. */
  readonly decides: boolean;
  /** The error of the operand becomes the relative error of the result: kernels that divide such results have to agree on it. */
  readonly magnifies?: true;
  /** Of a smaller operand the value is that of this one, while the derivative goes on as its formula does. */
  readonly heldBelow?: number;
  /** "once": doubles rounded to f32 give the f32 result. "passes": an operand, its negative, or a whole number beside it. */
  readonly rounds: "once" | "passes" | "otherwise";
  /** Whether no result is infinite or NaN: whatever the operands, or where they are finite. */
  readonly finite: "always" | "keeps" | "no";
  /** How the language writes it: by its own name as a function of real numbers, or as `compiler/ops/derived` says. */
  readonly language: "function" | "own";
  /** How printers for people write it between its operands. */
  readonly sign?: string;
}

/** Arguments of `infix` and so on, for tables that are read as such. */
export const infix = (
  text: string,
  binds: Extract<Form, { kind: "infix" }>["binds"],
  wraps?: "i32" | "u32",
): Form => ({ kind: "infix", text, binds, ...(wraps && { wraps }) });

export const prefix = (text: string, wraps?: "i32" | "u32"): Form => ({
  kind: "prefix",
  text,
  ...(wraps && { wraps }),
});

export const call = (name: string, wraps?: "i32" | "u32"): Form => ({
  kind: "call",
  name,
  ...(wraps && { wraps }),
});

export const helped = (helper: Helper | string): Form =>
  typeof helper === "string" ? call(helper) : { kind: "call", name: helper.name, helper };

export const operand: Form = { kind: "operand" };

/** The same for every type. */
export const same = (all: Form): Forms => ({ all });

export const real = ["f32"] as const;
export const signed = ["f32", "i32"] as const;
export const numbers = ["f32", "i32", "u32"] as const;
export const truth = ["bool"] as const;
export const anyType = ["f32", "i32", "u32", "bool"] as const;
