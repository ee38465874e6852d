// Takes kernels for the CPU, gives JavaScript: one function a kernel, and the module that exports them.
import type { ScalarType } from "../types/nest.js";
import type { Expression, Kernel, KernelUniform, Statement } from "../kernel/ir.js";
import { expressionChildren, uniformName } from "../kernel/ir.js";
import type { Exactness } from "./exactness.js";
import { analyzeExactness } from "./exactness.js";
import type { Printed } from "./expression.js";
import {
  atom,
  binding,
  call,
  formed,
  formOf,
  infix,
  nearestFloat,
  typeOfOperand,
  within,
} from "./expression.js";
import type { Precision } from "./javascriptFunctions.js";
import { scriptFunctions } from "./javascriptFunctions.js";
import type { SlicedLoop } from "./slices.js";
import { slicedLoops } from "./slices.js";
import type { Writer } from "./writer.js";
import { createWriter } from "./writer.js";

interface Context {
  readonly kernel: Kernel;
  readonly precision: Precision;
  readonly functions: Set<string>;
  readonly exactness: Exactness;
  /** Loops that take their turns from the call's range, in its order. */
  readonly sliced: readonly SlicedLoop[];
}

/** A kernel's function; `functions` are the helpers that its module must hold. */
export interface Script {
  readonly text: string;
  readonly functions: ReadonlySet<string>;
}

/**
 * In "f32" the buffers are Float32Arrays: arithmetic is in double precision between them, except that literals, host
 * values and whatever a decision depends on are rounded as on the GPU, so that draws and choices agree with it.
 * In "f64" nothing is rounded. `wordOf` gives the word of each uniform among the program's words.
 */
export function printJavaScript(
  kernel: Kernel,
  wordOf: readonly number[],
  precision: Precision,
  name: string,
): Script {
  const exactness = analyzeExactness(kernel);
  const sliced = slicedLoops(kernel);
  const context: Context = { kernel, precision, functions: new Set(), exactness, sliced };
  const writer = createWriter();
  const range = sliced.length === 0 ? "" : `, range = ${name}.whole(words)`;
  writer.indented(`function ${name}(buffers, words, floats, given${range}) {`, "}", () => {
    kernel.bindings.forEach((_, at) => {
      writer.line(`const b${at + 1} = buffers[${at}];`);
    });
    kernel.uniforms.forEach((_, at) => {
      writer.line(uniformLine(kernel, at, wordOf));
    });
    printBody(context, writer, kernel.body);
  });
  if (sliced.length > 0) printWhole(context, writer, wordOf, name);
  return { text: writer.text(), functions: context.functions };
}

/** What tells the whole range of a kernel's calls: of each sliced loop its first turn and its end. */
function printWhole(
  context: Context,
  writer: Writer,
  wordOf: readonly number[],
  name: string,
): void {
  const { kernel, sliced } = context;
  const ends = sliced.map(({ statement, below }) => {
    const end = print(context, below);
    if (statement.step === 1) return end.text;
    return `Math.ceil(${within(end, binding.product)} / ${statement.step})`;
  });
  const range = `Int32Array.of(${ends.map((end) => `0, ${end}`).join(", ")})`;
  writer.indented(`${name}.whole = (words) => {`, "};", () => {
    kernel.uniforms.forEach((_, at) => {
      const isRead = sliced.some(({ below }) => readsUniform(below, at));
      if (isRead) writer.line(uniformLine(kernel, at, wordOf));
    });
    writer.line(`return ${range};`);
  });
}

function readsUniform(expression: Expression, uniform: number): boolean {
  if (expression.kind === "uniform") return expression.uniform === uniform;
  return expressionChildren(expression).some((child) => readsUniform(child, uniform));
}

export interface NamedScript extends Script {
  readonly name: string;
  /** What it computes, for a comment. */
  readonly comment: string;
}

/** Helpers and functions, to stand in one scope. */
export function javascriptBody(scripts: readonly NamedScript[], precision: Precision): string {
  const functions = new Set(scripts.flatMap((script) => [...script.functions]));
  const parts = scriptFunctions(functions, precision).map((text) => `${text}\n`);
  for (const script of scripts) parts.push(`/** ${script.comment} */\n${script.text}`);
  return parts.join("\n");
}

function uniformLine(kernel: Kernel, at: number, wordOf: readonly number[]): string {
  const uniform = kernel.uniforms[at];
  const word = wordOf[at] ?? 0;
  return `const ${uniformName(kernel, at)} = ${wordText(uniform, word)};`;
}

function wordText(uniform: KernelUniform | undefined, word: number): string {
  const kind = uniform?.kind;
  if (kind === "argument" && uniform?.value !== undefined) return String(uniform.value);
  if (kind === "host") return `floats[${word}]`;
  if (kind === "argument") return `given[${word}]`;
  return kind === "dim" ? `words[${word}] | 0` : `words[${word}]`;
}

function printBody(context: Context, writer: Writer, body: readonly Statement[]): void {
  for (const statement of body) printStatement(context, writer, statement);
}

function printStatement(context: Context, writer: Writer, statement: Statement): void {
  const text = (expression: Expression): string => print(context, expression).text;
  switch (statement.kind) {
    case "let":
      writer.line(`const ${statement.name} = ${text(statement.value)};`);
      return;
    case "var":
      writer.line(`let ${statement.name} = ${text(statement.value)};`);
      return;
    case "assign":
      writer.line(`${statement.name} = ${text(statement.value)};`);
      return;
    case "for":
      writer.indented(loopHead(context, statement), "}", () => {
        printBody(context, writer, statement.body);
      });
      return;
    case "if":
      writer.indented(`if (${text(statement.condition)}) {`, "}", () => {
        printBody(context, writer, statement.body);
      });
      return;
    case "store": {
      const value = print(context, statement.value);
      const stored =
        statement.value.type === "bool" ? `${within(value, binding.or)} ? 1 : 0` : value.text;
      writer.line(`b${statement.binding + 1}[${text(statement.index)}] = ${stored};`);
      return;
    }
    case "halving": {
      const { name, from } = statement;
      writer.indented(`for (let ${name} = ${from}; ${name} > 0; ${name} >>= 1) {`, "}", () => {
        printBody(context, writer, statement.body);
      });
      return;
    }
    case "share":
    case "barrier":
    case "stride":
    case "either":
      throw new Error("a workgroup's kernel does not run on the CPU");
  }
}

function loopHead(context: Context, statement: Extract<Statement, { kind: "for" }>): string {
  const { name, from, below, step } = statement;
  const next = step === 1 ? `${name}++` : `${name} += ${step}`;
  const offset = context.sliced.findIndex((loop) => loop.statement === statement) * 2;
  if (offset >= 0) {
    const times = step === 1 ? "" : ` * ${step}`;
    const [start, end] = [`range[${offset}]${times}`, `range[${offset + 1}]${times}`];
    return `for (let ${name} = ${start}, end = ${end}; ${name} < end; ${next}) {`;
  }
  const limit = within(print(context, below), binding.sum);
  const start = isZero(from) ? "0" : `${within(print(context, from), binding.sum)} | 0`;
  // A bound that takes computing is computed once.
  return below.kind === "op"
    ? `for (let ${name} = ${start}, end = ${limit}; ${name} < end; ${next}) {`
    : `for (let ${name} = ${start}; ${name} < ${limit}; ${next}) {`;
}

function isZero(expression: Expression): boolean {
  return expression.kind === "literal" && expression.value === 0;
}

function print(context: Context, expression: Expression): Printed {
  const printed = printPlain(context, expression);
  if (context.precision === "f64" || !context.exactness.rounded.has(expression)) return printed;
  context.functions.add("fround");
  return call("fround", printed);
}

function printPlain(context: Context, expression: Expression): Printed {
  switch (expression.kind) {
    case "literal":
      return printLiteral(context, expression.type, expression.value);
    case "variable":
      return atom(expression.name);
    case "uniform":
      return atom(uniformName(context.kernel, expression.uniform));
    case "load": {
      const text = `b${expression.binding + 1}[${print(context, expression.index).text}]`;
      return expression.type === "bool"
        ? { text: `${text} !== 0`, binds: binding.comparison }
        : atom(text);
    }
    case "shared":
    case "across":
    case "rank":
    case "isFirst":
      throw new Error("a workgroup's kernel does not run on the CPU");
    case "lanes":
    case "lane":
      throw new Error("JavaScript has no vectors");
    case "draw": {
      const name = expression.source === "bits" ? "drawBits" : "drawUniform";
      context.functions.add(name);
      const stream = print(context, expression.stream);
      const index = print(context, expression.index);
      return call(name, atom("seed"), atom("counter"), stream, index);
    }
    case "op":
      return printOp(context, expression);
  }
}

function printLiteral(context: Context, type: ScalarType, value: number): Printed {
  if (type === "bool") return atom(value !== 0 ? "true" : "false");
  if (Number.isNaN(value)) throw new Error("a literal is not a number");
  const exact = type === "f32" && context.precision === "f32" ? nearestFloat(value) : value;
  return { text: String(exact), binds: exact < 0 ? binding.unary : binding.atom };
}

type OpExpression = Extract<Expression, { kind: "op" }>;

function printOp(context: Context, expression: OpExpression): Printed {
  const operands = expression.arguments.map((argument) => print(context, argument));
  const [first, second, third] = operands;
  const from = typeOfOperand(expression);
  const form = formOf(expression.op, "javascript", from);
  if (form.kind === "call" && form.helper) context.functions.add(form.name);
  const printed = formed(form, operands);
  if (printed) return "wraps" in form ? wrap(form.wraps, printed) : printed;
  if (form.kind === "conversion" && first) {
    return printCast(context, expression.type, from, first);
  }
  if (!first || !second || !third) throw new Error(`${expression.op} lacks an operand`);
  return printChoice(first, second, third);
}

function printChoice(condition: Printed, then: Printed, other: Printed): Printed {
  const text = `${within(condition, binding.or)} ? ${within(then, binding.or)} : ${within(other, binding.or)}`;
  return { text, binds: binding.choice };
}

/** Brings a result back into the 32 bits of its type. */
function wrap(type: ScalarType, value: Printed): Printed {
  if (type === "i32") return { text: `(${within(value, binding.sum)} | 0)`, binds: binding.atom };
  if (type === "u32") return { text: `(${within(value, binding.sum)} >>> 0)`, binds: binding.atom };
  return value;
}

function printCast(context: Context, to: ScalarType, from: ScalarType, value: Printed): Printed {
  if (to === from || (to === "i32" && from === "index")) return value;
  if (to === "bool") return infix(value, "!==", atom("0"), binding.comparison);
  if (from === "bool") return atom(`(${within(value, binding.or)} ? 1 : 0)`);
  if (to === "f32") return value;
  if (from === "f32") {
    const name = to === "u32" ? "toU32" : "toI32";
    context.functions.add(name);
    return call(name, value);
  }
  return wrap(to === "index" ? "i32" : to, value);
}
