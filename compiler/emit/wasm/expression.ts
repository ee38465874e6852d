// Takes expressions of kernel IR, gives the instructions that leave their values: single ones, or vectors where they have a width.
import type { Expression, Kernel } from "../../kernel/ir.js";
import { expressionChildren, laneCount, splatted, widthOf } from "../../kernel/ir.js";
import type { Machine, MachineValue, ValueType } from "../../scalars/machine.js";
import { drawBits, drawUniform, toI32, toU32 } from "../../scalars/machineIntegers.js";
import { printings } from "../../scalars/table.js";
import type { ScalarType } from "../../types/nest.js";
import { nearestFloat, typeOfOperand } from "../expression.js";
import { unsigned } from "./encoder.js";
import { opcode } from "./instructions.js";
import type { Body, Local } from "./machine.js";
import { branch, extractLane, replaceLane, shuffle, spread } from "./machine.js";

export interface WriteContext {
  readonly kernel: Kernel;
  readonly body: Body;
  readonly single: Machine;
  readonly vector: Machine;
  /** Pointers to what is bound. */
  readonly bindings: readonly MachineValue[];
  /** Pointers to the kernel's own arrays, by name. */
  readonly arrays: ReadonlyMap<string, MachineValue>;
  /** In the order of the kernel's. */
  readonly uniforms: readonly MachineValue[];
  readonly names: Map<string, Local>;
}

/** How a value of a type lies in a local. */
export function machineType(expression: Expression): ValueType {
  if (widthOf(expression) !== undefined) return "v128";
  return singleType(expression.type);
}

function singleType(type: ScalarType): "f32" | "i32" {
  return type === "f32" ? "f32" : "i32";
}

export function write(context: WriteContext, expression: Expression): MachineValue {
  switch (expression.kind) {
    case "literal":
      return literalOn(context.single, expression);
    case "variable": {
      const local = context.names.get(expression.name);
      if (!local) throw new Error(`${expression.name} is used before it is named`);
      return local.get;
    }
    case "uniform":
      return uniformValue(context, expression.uniform);
    case "load":
      return writeLoad(context, expression);
    case "shared":
      return writeShared(context, expression);
    case "lanes":
      return writeLanes(context, expression);
    case "lane":
      return writeLane(context, expression);
    case "draw":
      return writeDraw(context, expression);
    case "across":
    case "rank":
    case "isFirst":
      throw new Error("a workgroup's kernel does not run on the CPU");
    case "op":
      return writeOperation(context, expression);
  }
}

/** A vector: of a single value, that value in every lane. */
function writeWide(context: WriteContext, expression: Expression): MachineValue {
  if (widthOf(expression) !== undefined) return write(context, expression);
  if (expression.kind === "literal") return literalOn(context.vector, expression);
  if (expression.kind === "load" && expression.type !== "bool") {
    const { pointer, offset } = address(context, expression.binding, expression.index);
    const bytes = opcode("v128.load32_splat");
    return { type: "v128", code: [pointer.code, bytes, wordAlignment, ...unsigned(offset)] };
  }
  const value = write(context, expression);
  return spread(expression.type === "bool" ? maskOf(context, value) : value);
}

/** Truth of a single value as the bits of a lane. */
function maskOf({ single }: WriteContext, value: MachineValue): MachineValue {
  return single.op("i32.sub", single.whole(0), value);
}

type Literal = Extract<Expression, { kind: "literal" }>;

function literalOn(machine: Machine, { type, value }: Literal): MachineValue {
  if (type === "f32") return machine.real(nearestFloat(value));
  if (type !== "bool") return machine.whole(value);
  return machine.whole(value === 0 ? 0 : machine.wide ? -1 : 1);
}

function uniformValue({ uniforms }: WriteContext, at: number): MachineValue {
  const value = uniforms[at];
  if (!value) throw new Error(`there is no uniform ${at}`);
  return value;
}

type Load = Extract<Expression, { kind: "load" }>;

const wordAlignment = 2;

function writeLoad(context: WriteContext, load: Load): MachineValue {
  const wide = load.width !== undefined;
  const type = machineType(load);
  const { pointer, offset } = address(context, load.binding, load.index);
  const code = [pointer.code, opcode(`${type}.load`), wordAlignment, ...unsigned(offset)];
  const value: MachineValue = { type, code };
  if (load.type !== "bool") return value;
  const machine = wide ? context.vector : context.single;
  return machine.op("i32.ne", value, machine.whole(0));
}

export function storeCode(
  context: WriteContext,
  binding: number,
  index: Expression,
  value: Expression,
): MachineValue["code"] {
  const { pointer, offset } = address(context, binding, index);
  const machine = widthOf(value) === undefined ? context.single : context.vector;
  const written = write(context, value);
  const stored =
    value.type === "bool" && machine.wide
      ? machine.op("i32.and", written, machine.whole(1))
      : written;
  const bytes = opcode(`${stored.type}.store`);
  return [pointer.code, stored.code, bytes, wordAlignment, ...unsigned(offset)];
}

type Shared = Extract<Expression, { kind: "shared" }>;

function writeShared(context: WriteContext, shared: Shared): MachineValue {
  const type = machineType(shared);
  const { pointer, offset } = addressIn(context, shared.array, shared.index, shared.width);
  const code = [pointer.code, opcode(`${type}.load`), wordAlignment, ...unsigned(offset)];
  return { type, code };
}

export function shareCode(
  context: WriteContext,
  array: string,
  index: Expression,
  value: Expression,
): MachineValue["code"] {
  const { pointer, offset } = addressIn(context, array, index, widthOf(value));
  const stored = write(context, value);
  const bytes = opcode(`${stored.type}.store`);
  return [pointer.code, stored.code, bytes, wordAlignment, ...unsigned(offset)];
}

/** As powers of 2. */
const [bytesOfElement, bytesOfVector] = [2, 4];
/**
 * An instruction adds its offset without wrapping around, so that the pointer itself must not lie below 0. Nothing lies in the
 * first 64 kB of the memory: a pointer less than that before what is bound is still one.
 */
const largestOffset = 65532;

interface Address {
  readonly pointer: MachineValue;
  /** In bytes. */
  readonly offset: number;
}

function address(context: WriteContext, binding: number, index: Expression): Address {
  const base = context.bindings[binding];
  if (!base) throw new Error(`there is no binding ${binding + 1}`);
  return addressFrom(context, base, index, bytesOfElement);
}

function addressIn(
  context: WriteContext,
  array: string,
  index: Expression,
  width: number | undefined,
): Address {
  const base = context.arrays.get(array);
  if (!base) throw new Error(`there is no array ${array}`);
  return addressFrom(context, base, index, width === undefined ? bytesOfElement : bytesOfVector);
}

function addressFrom(
  context: WriteContext,
  base: MachineValue,
  index: Expression,
  size: number,
): Address {
  const { single: m } = context;
  const { rest, constant } = withoutConstant(index);
  const bytes = constant * 2 ** size;
  const folds = bytes >= 0 && bytes <= largestOffset;
  const start = folds ? base : m.op("i32.add", base, m.whole(bytes));
  const offset = folds ? bytes : 0;
  if (!rest) return { pointer: start, offset };
  const scaled = m.shift("i32.shl", write(context, rest), size);
  return { pointer: m.op("i32.add", start, scaled), offset };
}

/** An index as a sum of what changes and a constant. */
function withoutConstant(index: Expression): {
  readonly rest: Expression | undefined;
  readonly constant: number;
} {
  if (index.kind === "literal") return { rest: undefined, constant: index.value };
  const [left, right] = index.kind === "op" ? index.arguments : [];
  if (index.kind !== "op" || right?.kind !== "literal" || !left)
    return { rest: index, constant: 0 };
  const sign = index.op === "add" ? 1 : index.op === "subtract" ? -1 : 0;
  if (sign === 0) return { rest: index, constant: 0 };
  const { rest, constant } = withoutConstant(left);
  return { rest, constant: constant + sign * right.value };
}

function writeLanes(
  context: WriteContext,
  lanes: Extract<Expression, { kind: "lanes" }>,
): MachineValue {
  const same = splatted(lanes);
  if (same) return writeWide(context, same);
  const shuffled = writeShuffle(context, lanes);
  if (shuffled) return shuffled;
  const [first, ...others] = lanes.arguments;
  if (!first) throw new Error("a vector of nothing");
  const type = singleType(lanes.type);
  const laneOf = (argument: Expression): MachineValue => {
    const value = write(context, argument);
    return lanes.type === "bool" ? maskOf(context, value) : value;
  };
  return others.reduce(
    (value, other, at) => replaceLane(value, type, at + 1, laneOf(other)),
    writeWide(context, first),
  );
}

/** Lanes of two variables, which one instruction puts together. */
function writeShuffle(
  context: WriteContext,
  lanes: Extract<Expression, { kind: "lanes" }>,
): MachineValue | undefined {
  const taken = lanes.arguments.flatMap((one) =>
    one.kind === "lane" && one.of.kind === "variable" ? { name: one.of.name, ...one } : [],
  );
  const names = [...new Set(taken.map(({ name }) => name))];
  if (taken.length < lanes.arguments.length || names.length > 2) return undefined;
  const [first, second] = [names[0], names.at(-1)].map((name) =>
    taken.find((one) => one.name === name),
  );
  if (!first || !second) return undefined;
  const order = taken.map(({ name, lane }) => lane + (name === first.name ? 0 : laneCount));
  return shuffle(write(context, first.of), write(context, second.of), order);
}

function writeLane(
  context: WriteContext,
  { of, lane }: Extract<Expression, { kind: "lane" }>,
): MachineValue {
  const { single: m } = context;
  const value = extractLane(write(context, of), singleType(of.type), lane);
  return of.type === "bool" ? m.op("i32.and", value, m.whole(1)) : value;
}

function writeDraw(
  context: WriteContext,
  draw: Extract<Expression, { kind: "draw" }>,
): MachineValue {
  const { single, vector, kernel } = context;
  const words = (["seed", "counter"] as const).map((kind) =>
    uniformValue(
      context,
      kernel.uniforms.findIndex((uniform) => uniform.kind === kind),
    ),
  );
  const stream = write(context, draw.stream);
  const callee = draw.source === "bits" ? drawBits : drawUniform;
  const wide = draw.width !== undefined;
  const index = (wide ? writeWide : write)(context, draw.index);
  return (wide ? vector : single).call(callee, ...words, stream, index);
}

type Operation = Extract<Expression, { kind: "op" }>;

function writeOperation(context: WriteContext, operation: Operation): MachineValue {
  const wide = operation.width !== undefined;
  const machine = wide ? context.vector : context.single;
  const from = typeOfOperand(operation);
  const forms = printings[operation.op].wasm;
  const form = forms[from] ?? forms.all;
  if (form.kind === "choice") return writeChoice(context, operation);
  const [first, second] = operation.arguments;
  if (!wide && first && second && isLazy(operation) && hasLoads(second))
    return writeLogic(context, operation.op === "and", first, second);
  const operands = operation.arguments.map((one) => (wide ? writeWide : write)(context, one));
  if (form.kind === "inline") return form.write(machine, ...operands);
  if (form.kind === "function") return machine.call(form.callee, ...operands);
  const [value] = operands;
  if (!value) throw new Error("a conversion lacks its operand");
  return convert(machine, operation.type, from, value);
}

function isLazy({ op }: Operation): boolean {
  return op === "and" || op === "or";
}

/** What decides by its first operand alone does not read what the second one would. */
function writeLogic(
  context: WriteContext,
  both: boolean,
  left: Expression,
  right: Expression,
): MachineValue {
  const second = context.body.apart(() => {
    context.body.emit(write(context, right).code);
  });
  const { code } = context.single.whole(both ? 0 : 1);
  const condition = write(context, left);
  return both ? branch(condition, "i32", second, code) : branch(condition, "i32", code, second);
}

function writeChoice(context: WriteContext, choice: Operation): MachineValue {
  const [condition, then, otherwise] = choice.arguments;
  if (!condition || !then || !otherwise) throw new Error("a choice lacks an operand");
  const wide = choice.width !== undefined;
  const writeOne = wide ? writeWide : write;
  if (widthOf(condition) !== undefined) {
    const parts = [then, otherwise].map((one) => writeWide(context, one));
    const [first, second] = parts;
    if (first && second) return context.vector.select(write(context, condition), first, second);
  }
  const type = machineType(choice);
  const chosen = write(context, condition);
  if (!wide && isCheap(then) && isCheap(otherwise))
    return context.single.select(chosen, write(context, then), write(context, otherwise));
  const [first, second] = [then, otherwise].map((one) =>
    context.body.apart(() => {
      context.body.emit(writeOne(context, one).code);
    }),
  );
  return branch(chosen, type, first ?? [], second ?? []);
}

const mostOfCheap = 4;

/** Computed sooner than a branch is taken, and safe where it is not wanted. */
function isCheap(expression: Expression): boolean {
  return !hasLoads(expression) && sizeOf(expression) <= mostOfCheap;
}

function hasLoads(expression: Expression): boolean {
  const reads = expression.kind === "load" || expression.kind === "shared";
  return reads || expressionChildren(expression).some(hasLoads);
}

function sizeOf(expression: Expression): number {
  if (expression.kind === "draw") return Infinity;
  const forms = expression.kind === "op" ? printings[expression.op].wasm : undefined;
  const form = forms?.[typeOfOperand(expression)] ?? forms?.all;
  const own = form?.kind === "function" ? Infinity : 1;
  return expressionChildren(expression).reduce((sum, child) => sum + sizeOf(child), own);
}

function convert(m: Machine, to: ScalarType, from: ScalarType, value: MachineValue): MachineValue {
  if (to === from) return value;
  if (from === "bool") {
    const isReal = to === "f32";
    if (!m.wide) return isReal ? m.op("f32.convert_i32_s", value) : value;
    return m.op("i32.and", value, isReal ? m.real(1) : m.whole(1));
  }
  if (from === "f32") {
    if (to === "bool") return m.op("f32.ne", value, m.real(0));
    return to === "u32" ? toU32(m, value) : toI32(m, value);
  }
  if (to === "bool") return m.op("i32.ne", value, m.whole(0));
  if (to !== "f32") return value;
  return m.op(from === "u32" ? "f32.convert_i32_u" : "f32.convert_i32_s", value);
}
