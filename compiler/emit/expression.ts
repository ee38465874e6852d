// Takes expressions of kernel IR and a dialect, gives their text with as few parentheses as both languages allow.
import type { Form, TextLanguage } from "../scalars/record.js";
import { printings } from "../scalars/table.js";
import type { ScalarType } from "../types/nest.js";
import type { Expression, KernelOp } from "../kernel/ir.js";

/** Text, and how tightly its outermost operator binds. */
export interface Printed {
  readonly text: string;
  readonly binds: number;
}

/** How tightly operators bind in WGSL and in JavaScript; equal ones are parenthesized unless they associate. */
export const binding = {
  atom: 9,
  unary: 8,
  product: 7,
  sum: 6,
  comparison: 4,
  and: 3,
  or: 2,
  choice: 1,
  bothBits: 0.6,
  eitherBit: 0.5,
} as const;

export function atom(text: string): Printed {
  return { text, binds: binding.atom };
}

export function call(name: string, ...parameters: readonly Printed[]): Printed {
  return atom(`${name}(${parameters.map(({ text }) => text).join(", ")})`);
}

/** `inner` as an operand of something that binds this tightly. */
export function within(inner: Printed, binds: number): string {
  return inner.binds < binds ? `(${inner.text})` : inner.text;
}

/** In WGSL && and || do not stand side by side without parentheses, nor do comparisons; & and | take nothing looser than -x. */
export function infix(left: Printed, operator: string, right: Printed, binds: number): Printed {
  const tighter =
    binds < binding.choice ? binding.unary : binds <= binding.and ? binding.comparison : binds + 1;
  const associates = binds !== binding.comparison && left.binds === binds;
  return {
    text: `${associates ? left.text : within(left, tighter)} ${operator} ${within(right, tighter)}`,
    binds,
  };
}

/** The text of an operation on operands that are printed; undefined for what a printer spells itself. */
export function formed(form: Form, operands: readonly Printed[]): Printed | undefined {
  const [first, second] = operands;
  switch (form.kind) {
    case "infix":
      return first && second && infix(first, form.text, second, binding[form.binds]);
    case "prefix":
      return first && { text: `${form.text}${within(first, binding.atom)}`, binds: binding.unary };
    case "call":
      return call(form.name, ...operands);
    case "operand":
      return first;
    case "choice":
    case "conversion":
      return undefined;
  }
}

/** How an operation on operands of a type is written. */
export function formOf(op: KernelOp, language: TextLanguage, type: ScalarType): Form {
  const forms = printings[op][language];
  return forms[type] ?? forms.all;
}

const largestFloat = 3.4028234663852886e38;

/** The nearest f32; of finite numbers beyond the range the largest. What is infinite, as what a maximum starts from, stays so. */
export function nearestFloat(value: number): number {
  if (Number.isNaN(value)) throw new Error("a literal is not a number");
  const nearest = Math.fround(value);
  if (!Number.isFinite(value)) return value;
  if (!Number.isFinite(nearest)) return Math.sign(value) * largestFloat;
  // Denormals are flushed by some drivers and not by others.
  return Math.abs(nearest) < 1.1754943508222875e-38 ? 0 : nearest;
}

/** The shortest decimal that reads back as this f32, which is finite. */
export function floatDigits(value: number): string {
  const nearest = nearestFloat(value);
  for (let digits = 1; digits <= 9; digits++) {
    const text = nearest.toPrecision(digits);
    const read = Number(text);
    // WGSL refuses a decimal beyond the largest f32, even where it would round to it.
    if (Math.fround(read) === nearest && Math.abs(read) <= largestFloat) return String(read);
  }
  return String(nearest);
}

export function typeOfOperand(expression: Expression): ScalarType {
  if (expression.kind !== "op") return expression.type;
  return expression.arguments[0]?.type ?? expression.type;
}

/** One line for a comment, whatever names it holds. */
export function commentText(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").replace(/\*\//g, "* /");
}
