// Takes a kernel and the offsets of its uniform words, gives WGSL.
import type { ScalarType } from "../types/nest.js";
import type { Expression, Kernel, Statement } from "../kernel/ir.js";
import { splat, splatted, uniformName, usedBuiltins, widthOf } from "../kernel/ir.js";
import type { Printed } from "./expression.js";
import {
  atom,
  binding,
  call,
  formed,
  formOf,
  floatDigits,
  infix,
  typeOfOperand,
  within,
} from "./expression.js";
import { printWideStore, storedType } from "./wgslStorages.js";
import { shaderFunctions } from "./wgslFunctions.js";
import {
  laneNames,
  loadFunction,
  typeName,
  vectorName,
  vectorType,
  wideFunction,
} from "./wgslVectors.js";
import {
  laneLines,
  laneOffset,
  placeInQuads,
  quadDirectives,
  quadLoadFunction,
  quadParameters,
} from "./wgslQuads.js";
import { printAcross } from "./wgslSubgroups.js";
import type { WideLoad } from "./wgslVectors.js";
import { printBothWays } from "./wgslWays.js";
import { wordDeclarations, wordLines } from "./wgslWords.js";
import type { Writer } from "./writer.js";
import { createWriter } from "./writer.js";

interface Context {
  readonly kernel: Kernel;
  readonly functions: Set<string>;
  /** Functions on wide values that call one of these for each lane, and loads of several elements: texts by name. */
  readonly wide: Map<string, string>;
  /** Quads load together. */
  readonly quads: boolean;
}

/**
 * `wordOf` gives the word of each of the kernel's uniforms in the program's uniform buffer. `quads`: for devices with subgroups
 * of whole quads, which load together what the kernel says they may.
 */
export function printWgsl(kernel: Kernel, wordOf: readonly number[], quads = false): string {
  const context: Context = { kernel, quads, functions: new Set(), wide: new Map() };
  const main = printMain(context, wordOf);
  const writer = createWriter();
  if (quads) for (const line of quadDirectives) writer.line(line);
  for (const line of wordDeclarations(kernel, wordOf)) writer.line(line);
  kernel.bindings.forEach((each, at) => {
    const access = each.written ? "read_write" : "read";
    writer.line(
      `@group(0) @binding(${at + 1}) var<storage, ${access}> b${at + 1}: array<${each.half ? "half" : storedType(each.type)}${each.elements === undefined ? "" : `, ${each.elements}`}>;`,
    );
  });
  // Devices with half precision have another alias, and halve these storages: runtime/halves.ts.
  if (context.functions.has("as_half") || kernel.bindings.some(({ half }) => half))
    writer.line("alias half = f32;");
  for (const array of kernel.shared) {
    writer.line(
      `var<workgroup> ${array.name}: array<${storedType(array.type, array.width)}, ${array.length}>;`,
    );
  }
  const functions = [...shaderFunctions(context.functions), ...context.wide.values()];
  const parts = [writer.text(), ...functions.map((text) => `${text}\n`)];
  return [...parts, main].join("\n");
}

function printMain(context: Context, wordOf: readonly number[]): string {
  const { kernel, quads } = context;
  const writer = createWriter();
  const used = usedBuiltins(kernel.body);
  const parameters = quads
    ? [...quadParameters]
    : ["@builtin(local_invocation_index) local_index: u32"];
  if (used.has("workgroupIndex") || used.has("invocation")) {
    parameters.unshift("@builtin(num_workgroups) groups: vec3<u32>");
    parameters.unshift("@builtin(workgroup_id) group_id: vec3<u32>");
  }
  const head = `@compute @workgroup_size(${kernel.workgroupSize})\nfn main(${parameters.join(", ")}) {`;
  writer.indented(head, "}", () => {
    if (used.has("workgroupIndex") || used.has("invocation")) {
      writer.line("let workgroupIndex = i32(group_id.x + group_id.y * groups.x);");
    }
    if (quads) writer.line(placeInQuads);
    if (used.has("localIndex") || used.has("invocation"))
      writer.line("let localIndex = i32(local_index);");
    if (used.has("invocation")) {
      writer.line(`let invocation = workgroupIndex * ${kernel.workgroupSize} + localIndex;`);
    }
    for (const line of wordLines(kernel, wordOf)) writer.line(line);
    if (quads) for (const line of laneLines(kernel)) writer.line(line);
    printBody(context, writer, kernel.body);
  });
  return writer.text();
}

function printBody(context: Context, writer: Writer, body: readonly Statement[]): void {
  for (const statement of body) printStatement(context, writer, statement);
}

function printStatement(context: Context, writer: Writer, statement: Statement): void {
  const text = (expression: Expression): string => print(context, expression).text;
  switch (statement.kind) {
    case "let":
      writer.line(`let ${statement.name} = ${text(statement.value)};`);
      return;
    case "var":
      writer.line(
        `var ${statement.name}: ${vectorType(statement.value)} = ${text(statement.value)};`,
      );
      return;
    case "assign":
      writer.line(
        `${statement.name} = ${(printAddedProduct(context, statement) ?? print(context, statement.value)).text};`,
      );
      return;
    case "for": {
      const { name, from, below, step } = statement;
      const next = step === 1 ? `${name}++` : `${name} += ${step}`;
      const limit = within(print(context, below), binding.sum);
      const head = `for (var ${name} = ${text(from)}; ${name} < ${limit}; ${next}) {`;
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
    case "store":
    case "share": {
      const target = statement.kind === "store" ? `b${statement.binding + 1}` : statement.array;
      const value = print(context, statement.value);
      const wide = widthOf(statement.value) !== undefined;
      const [none, one] = wide ? ["vec4<u32>(0u)", "vec4<u32>(1u)"] : ["0u", "1u"];
      const stored =
        statement.value.type === "bool" ? `select(${none}, ${one}, ${value.text})` : value.text;
      const half = statement.kind === "store" && isHalf(context, statement.binding);
      if (wide && statement.kind === "store")
        printWideStore(writer, target, { index: text(statement.index), value: stored, half });
      else
        writer.line(`${target}[${text(statement.index)}] = ${half ? `half(${stored})` : stored};`);
      return;
    }
    case "halving": {
      const { name, from } = statement;
      const head = `for (var ${name} = ${from}; ${name} > 0; ${name} = ${name} / 2) {`;
      writer.indented(head, "}", () => {
        printBody(context, writer, statement.body);
      });
      return;
    }
    case "barrier":
      writer.line(`${statement.memory}Barrier();`);
      return;
    case "stride": {
      const { name, from, below, by } = statement;
      const limit = within(print(context, below), binding.sum);
      const head = `for (var ${name} = ${text(from)}; ${name} < ${limit}; ${name} += ${text(by)}) {`;
      writer.indented(head, "}", () => {
        printBody(context, writer, statement.body);
      });
      return;
    }
    case "either":
      if (context.quads) printBody(context, writer, statement.body);
      else
        printBothWays(writer, statement, (to, body) => {
          printBody(context, to, body);
        });
      return;
  }
}

/**
 * Of wide values, a product that is added to a sum: by itself the product would hold a register for each lane until all of it is
 * added, where adapters in software have few.
 */
function printAddedProduct(
  context: Context,
  { name, value }: Extract<Statement, { kind: "assign" }>,
): Printed | undefined {
  const isWide = (expression: Expression, op: "add" | "multiply"): expression is OpExpression =>
    expression.kind === "op" &&
    expression.op === op &&
    expression.type === "f32" &&
    expression.width !== undefined;
  if (!isWide(value, "add")) return undefined;
  const [sum, product] = value.arguments;
  if (sum?.kind !== "variable" || sum.name !== name || !product) return undefined;
  if (!isWide(product, "multiply")) return undefined;
  return call("fma", ...wideOperands(context, product), print(context, sum));
}

function isHalf({ kernel }: Context, at: number): boolean {
  return kernel.bindings[at]?.half === true;
}

function print(context: Context, expression: Expression): Printed {
  switch (expression.kind) {
    case "literal":
      return printLiteral(context, expression);
    case "variable":
      return atom(expression.name);
    case "uniform":
      return atom(uniformName(context.kernel, expression.uniform));
    case "lanes":
      return printLanes(context, expression);
    case "lane":
      return atom(
        `${within(print(context, expression.of), binding.atom)}.${laneNames[expression.lane] ?? "x"}`,
      );
    case "load":
    case "shared": {
      if (expression.kind === "load" && expression.width !== undefined)
        return printWideLoad(context, expression);
      const source = expression.kind === "load" ? `b${expression.binding + 1}` : expression.array;
      const text = `${source}[${print(context, expression.index).text}]`;
      return expression.type === "bool"
        ? infix(
            atom(text),
            "!=",
            atom(expression.width === undefined ? "0u" : "vec4<u32>(0u)"),
            binding.comparison,
          )
        : expression.kind === "load" && isHalf(context, expression.binding)
          ? call("f32", atom(text))
          : atom(text);
    }
    case "across":
      return printAcross(expression, print(context, expression.of));
    case "rank":
      return call("subgroupExclusiveAdd", atom("1"));
    case "isFirst":
      return call("subgroupElect");
    case "draw": {
      const name = expression.source === "bits" ? "draw_bits" : "draw_uniform";
      context.functions.add(name);
      const wide = expression.width !== undefined;
      const index = call(vectorName("u32", wide), print(context, expression.index));
      const stream = print(context, expression.stream);
      const words = ["seed", "counter"].map((word) => atom(word));
      if (!wide) return call(name, ...words, stream, index);
      const types = ["u32", "u32", "u32"];
      const lanes = wideFunction(context.wide, name, [...types, "vec4<u32>"], expression.type);
      return call(lanes, ...words, stream, index);
    }
    case "op":
      return printOp(context, expression);
  }
}

type Lanes = Extract<Expression, { kind: "lanes" }>;
function printLanes(context: Context, expression: Lanes): Printed {
  const same = splatted(expression);
  const values = same ? [same] : expression.arguments;
  return call(vectorType(expression), ...values.map((each) => print(context, each)));
}

function printWideLoad(context: Context, load: WideLoad): Printed {
  const index = print(context, load.index);
  const half = isHalf(context, load.binding);
  if (!context.quads || !load.together) return call(loadFunction(context.wide, load, half), index);
  return call(
    quadLoadFunction(context.wide, load, half),
    index,
    atom(laneOffset(load.stride ?? 1)),
  );
}

function printLiteral(
  { functions }: Context,
  { type, value }: Extract<Expression, { kind: "literal" }>,
): Printed {
  switch (type) {
    case "bool":
      return atom(value !== 0 ? "true" : "false");
    case "u32":
      return atom(`${value >>> 0}u`);
    case "i32":
    case "index":
      return value < 0 ? atom(`i32(${value})`) : atom(String(value));
    case "f32": {
      if (Math.abs(value) === Infinity) {
        functions.add("infinity");
        const size = call("infinity");
        return value > 0 ? size : { text: `-${size.text}`, binds: binding.unary };
      }
      const digits = floatDigits(value);
      const text = /[.e]/.test(digits) ? digits : `${digits}.0`;
      return { text, binds: text.startsWith("-") ? binding.unary : binding.atom };
    }
  }
}

type OpExpression = Extract<Expression, { kind: "op" }>;

function printOp(context: Context, expression: OpExpression): Printed {
  if (expression.width !== undefined) return printWideOp(context, expression);
  const operands = expression.arguments.map((argument) => print(context, argument));
  const from = typeOfOperand(expression);
  if (expression.arguments.every(({ kind, type }) => kind === "literal" && type === "f32")) {
    leaveToDevice(context, operands);
  }
  const [first, second, third] = operands;
  const form = formOf(expression.op, "wgsl", from);
  if (form.kind === "call" && form.helper) context.functions.add(form.name);
  const printed = formed(form, operands);
  if (printed) return printed;
  if (form.kind === "conversion" && first) {
    return printCast(context, expression.type, from, first);
  }
  if (!first || !second || !third) throw new Error(`${expression.op} lacks an operand`);
  return call("select", third, second, first);
}

function wideOperands(context: Context, expression: OpExpression): readonly Printed[] {
  return expression.arguments.map((argument) =>
    print(context, widthOf(argument) === undefined ? splat(argument) : argument),
  );
}

/** Operators and functions of the language take vectors as they take numbers; its own do lane by lane. */
function printWideOp(context: Context, expression: OpExpression): Printed {
  const operands = wideOperands(context, expression);
  const types = expression.arguments.map(({ type }) => vectorName(type, true));
  const from = typeOfOperand(expression);
  const [first, second, third] = operands;
  const form = formOf(expression.op, "wgsl", from);
  if (form.kind === "call" && form.helper) {
    context.functions.add(form.name);
    return call(wideFunction(context.wide, form.name, types, expression.type), ...operands);
  }
  // Of vectors of truth values there is no && and no ||.
  const logical = form.kind === "infix" && (form.binds === "and" || form.binds === "or");
  if (logical && first && second) {
    const sign = form.text.charAt(0);
    return atom(`(${within(first, binding.atom)} ${sign} ${within(second, binding.atom)})`);
  }
  const printed = formed(form, operands);
  if (printed) return printed;
  if (form.kind === "conversion" && first) {
    const { type } = expression;
    if (typeName(type) === typeName(from)) return first;
    if (from !== "f32" || type === "bool")
      return type === "bool"
        ? infix(first, "!=", call(vectorName(from, true), atom("0")), binding.comparison)
        : call(vectorName(type, true), first);
    const name = type === "u32" ? "to_u32" : "to_i32";
    context.functions.add(name);
    return call(wideFunction(context.wide, name, types, type), first);
  }
  if (!first || !second || !third) throw new Error(`${expression.op} lacks an operand`);
  return call("select", third, second, first);
}

/** What no f32 holds is an error where a shader is compiled, and infinite or NaN where a function may have given an operand. */
function leaveToDevice(context: Context, operands: Printed[]): void {
  const [first] = operands;
  if (first === undefined) return;
  context.functions.add("as_given");
  operands[0] = call("as_given", first);
}

function printCast(context: Context, to: ScalarType, from: ScalarType, value: Printed): Printed {
  if (typeName(to) === typeName(from)) return value;
  if (from === "f32" && to !== "bool") {
    const name = to === "u32" ? "to_u32" : "to_i32";
    context.functions.add(name);
    return call(name, value);
  }
  if (to === "bool") {
    const zero = from === "f32" ? "0.0" : from === "u32" ? "0u" : "0";
    return infix(value, "!=", atom(zero), binding.comparison);
  }
  return call(typeName(to), value);
}
