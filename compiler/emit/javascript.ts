// Takes kernels for the CPU, gives JavaScript: one function a kernel, and the module that exports them.
import type { ScalarType } from "../types/nest.js";
import type { Expression, Kernel, Statement } from "../kernel/ir.js";
import type { Exactness } from "./exactness.js";
import { analyzeExactness } from "./exactness.js";
import type { Printed } from "./expression.js";
import {
  atom,
  binding,
  call,
  infix,
  infixOperators,
  nearestFloat,
  typeOfOperand,
  within,
} from "./expression.js";
import type { Precision } from "./javascriptFunctions.js";
import { scriptFunctions } from "./javascriptFunctions.js";
import type { Writer } from "./writer.js";
import { createWriter } from "./writer.js";

interface Context {
  readonly kernel: Kernel;
  readonly precision: Precision;
  readonly functions: Set<string>;
  readonly exactness: Exactness;
}

/** A kernel's function; `functions` are the helpers that its module must hold. */
export interface Script {
  readonly text: string;
  readonly functions: ReadonlySet<string>;
}

/**
 * In "f32" the buffers are Float32Arrays: arithmetic is in double precision between them, except that literals, host
 * values and whatever a decision depends on are rounded as on the GPU, so that draws and choices agree with it.
 * In "f64" nothing is rounded. `wordOf` places each uniform among the program's words.
 */
export function printJavaScript(
  kernel: Kernel,
  wordOf: readonly number[],
  precision: Precision,
  name: string,
): Script {
  const exactness = analyzeExactness(kernel);
  const context: Context = { kernel, precision, functions: new Set(), exactness };
  const writer = createWriter();
  writer.indented(`function ${name}(buffers, words, floats) {`, "}", () => {
    kernel.bindings.forEach((_, at) => {
      writer.line(`const b${at + 1} = buffers[${at}];`);
    });
    kernel.uniforms.forEach((uniform, at) => {
      const word = wordOf[at] ?? 0;
      const source =
        uniform.kind === "host"
          ? `floats[${word}]`
          : uniform.kind === "dim"
            ? `words[${word}] | 0`
            : `words[${word}]`;
      writer.line(`const ${uniformName(kernel, at)} = ${source};`);
    });
    printBody(context, writer, kernel.body);
  });
  return { text: writer.text(), functions: context.functions };
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

function uniformName(kernel: Kernel, at: number): string {
  const kind = kernel.uniforms[at]?.kind ?? "dim";
  return kind === "dim" ? `n${at + 1}` : kind === "host" ? `h${at + 1}` : kind;
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
    case "for": {
      const { name, from, below, step } = statement;
      const next = step === 1 ? `${name}++` : `${name} += ${step}`;
      const limit = within(print(context, below), binding.sum);
      const start = isZero(from) ? "0" : `${within(print(context, from), binding.sum)} | 0`;
      // A bound that takes computing is computed once.
      const head =
        below.kind === "op"
          ? `for (let ${name} = ${start}, end = ${limit}; ${name} < end; ${next}) {`
          : `for (let ${name} = ${start}; ${name} < ${limit}; ${next}) {`;
      writer.indented(head, "}", () => {
        printBody(context, writer, statement.body);
      });
      return;
    }
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
    case "share":
    case "halving":
    case "barrier":
      throw new Error("a workgroup's kernel does not run on the CPU");
  }
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
      throw new Error("a workgroup's kernel does not run on the CPU");
    case "draw": {
      const name = expression.source === "bits" ? "drawBits" : "drawUniform";
      context.functions.add(name);
      const stream = atom(`0x${(expression.stream >>> 0).toString(16)}`);
      const index = print(context, expression.index);
      return call(name, atom("seed"), atom("member"), atom("counter"), stream, index);
    }
    case "op":
      return printOp(context, expression);
  }
}

function printLiteral(context: Context, type: ScalarType, value: number): Printed {
  if (type === "bool") return atom(value !== 0 ? "true" : "false");
  if (!Number.isFinite(value)) throw new Error("a literal is not finite");
  const exact = type === "f32" && context.precision === "f32" ? nearestFloat(value) : value;
  return { text: String(exact), binds: exact < 0 ? binding.unary : binding.atom };
}

type OpExpression = Extract<Expression, { kind: "op" }>;

function printOp(context: Context, expression: OpExpression): Printed {
  const operands = expression.arguments.map((argument) => print(context, argument));
  const [first, second, third] = operands;
  if (!first) throw new Error(`${expression.op} has no operand`);
  const own = (name: string): Printed => {
    context.functions.add(name);
    return call(name, ...operands);
  };
  const { op } = expression;
  const from = typeOfOperand(expression);
  if (expression.type !== "f32" && expression.type !== "bool") {
    const printed = second && printInteger(context, expression, first, second);
    if (printed) return printed;
  }
  const operator = infixOperators[op];
  if (operator && second) return infix(first, operator.text, second, operator.binds);
  switch (op) {
    case "negate":
      return wrap(expression.type, {
        text: `-${within(first, binding.atom)}`,
        binds: binding.unary,
      });
    case "not":
      return { text: `!${within(first, binding.atom)}`, binds: binding.unary };
    case "exp":
    case "log":
    case "sqrt":
    case "erf":
    case "erfinv":
      return own(`${op}Of`);
    case "sin":
    case "cos":
    case "tanh":
    case "sign":
      return call(`Math.${op}`, first);
    case "abs":
      return wrap(expression.type, call("Math.abs", first));
    case "floor":
      return from === "f32" ? call("Math.floor", first) : first;
    case "round":
      return from === "f32" ? own("roundOf") : first;
    case "minimum":
    case "maximum":
      return boundedOp(op, from, first, second ?? first);
    case "equal":
    case "notEqual":
      return infix(first, op === "equal" ? "===" : "!==", second ?? first, binding.comparison);
    case "divide":
      return infix(first, "/", second ?? first, binding.product);
    case "modulo":
    case "remainder":
      return own("moduloOf");
    case "power":
      return own("powerOf");
    case "select":
      return printChoice(first, second ?? first, third ?? first);
    case "cast":
      return printCast(context, expression.type, from, first);
    default:
      throw new Error(`${op} has no JavaScript`);
  }
}

function boundedOp(
  op: "minimum" | "maximum",
  from: ScalarType,
  first: Printed,
  second: Printed,
): Printed {
  if (from !== "bool") return call(op === "minimum" ? "Math.min" : "Math.max", first, second);
  return op === "minimum"
    ? infix(first, "&&", second, binding.and)
    : infix(first, "||", second, binding.or);
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

/** Indices stay small, so that plain operators do; the program's integers wrap as on the GPU. */
function printInteger(
  context: Context,
  expression: OpExpression,
  first: Printed,
  second: Printed,
): Printed | undefined {
  const { op, type } = expression;
  const small = type === "index";
  switch (op) {
    case "add":
    case "subtract": {
      const sum = infix(first, op === "add" ? "+" : "-", second, binding.sum);
      return small ? sum : wrap(type, sum);
    }
    case "multiply":
      if (small) return infix(first, "*", second, binding.product);
      return type === "u32"
        ? wrap("u32", call("Math.imul", first, second))
        : call("Math.imul", first, second);
    case "divide":
      return wrap(small ? "i32" : type, infix(first, "/", second, binding.product));
    case "remainder":
      return small
        ? infix(first, "%", second, binding.product)
        : wrap(type, infix(first, "%", second, binding.product));
    case "modulo":
      if (type === "u32") return wrap(type, infix(first, "%", second, binding.product));
      context.functions.add("floorModulo");
      return call("floorModulo", first, second);
    case "power": {
      context.functions.add("powerOf");
      context.functions.add("roundOf");
      const name = type === "i32" ? "toI32" : "toU32";
      context.functions.add(name);
      return call(name, call("roundOf", call("powerOf", first, second)));
    }
    default:
      return undefined;
  }
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
