// Takes kernels for the CPU, gives their functions in WebAssembly: of pointers, the uniform words and the turns of sliced loops.
import type { Expression, Kernel, SharedArray, Statement } from "../../kernel/ir.js";
import type { Code, MachineValue, ValueType } from "../../scalars/machine.js";
import type { SlicedLoop } from "../slices.js";
import { slicedLoops } from "../slices.js";
import type { FunctionCode } from "./encoder.js";
import { signed, unsigned } from "./encoder.js";
import type { WriteContext } from "./expression.js";
import { machineType, shareCode, storeCode, write } from "./expression.js";
import type { Functions } from "./functions.js";
import { opcode } from "./instructions.js";
import type { Body, Local } from "./machine.js";
import { createBody, createMachine } from "./machine.js";

interface KernelContext extends WriteContext {
  /** Loops that take their turns from the call, first and end of each, in its order. */
  readonly sliced: readonly SlicedLoop[];
  readonly turns: readonly MachineValue[];
}

/** A kernel by the name of its function. */
export interface NamedKernel {
  readonly name: string;
  readonly kernel: Kernel;
  /** The word of each of its uniforms among the program's words, of an argument among those that a dispatch gives. */
  readonly words: readonly number[];
  /** How many words a dispatch gives it. */
  readonly given: number;
}

/**
 * Adds the function of a kernel, and of each loop that may be sliced one that gives its number of turns: `NAME` and `NAME.0` …
 * The function takes pointers in the order of the bindings, one to the program's words, what the dispatch gives, and first and end of
 * each sliced loop.
 */
export function addKernel(functions: Functions, named: NamedKernel): void {
  const { kernel, name, given } = named;
  const sliced = slicedLoops(kernel);
  const pointers = kernel.bindings.length;
  const count = pointers + 1 + given + 2 * sliced.length;
  const takes = Array.from({ length: count }, (): ValueType => "i32");
  const body = createBody(takes);
  const turns = pointers + 1 + given;
  const context: KernelContext = {
    ...createContext(functions, named, body, body.parameters.slice(pointers, turns)),
    bindings: body.parameters.slice(0, pointers),
    arrays: arraysOf(kernel, body),
    sliced,
    turns: body.parameters.slice(turns),
  };
  writeBody(context, kernel.body);
  functions.add({ takes, gives: [], locals: body.locals, code: body.code(), exported: name });
  sliced.forEach((loop, at) => {
    functions.add(turnsOf(functions, named, loop, `${name}.${at}`));
  });
}

function createContext(
  functions: Functions,
  { kernel, words: wordOf }: NamedKernel,
  body: Body,
  [words, ...given]: readonly MachineValue[],
): WriteContext {
  if (!words) throw new Error("a kernel without words");
  return {
    kernel,
    body,
    single: createMachine(body, false, functions.indexOf),
    vector: createMachine(body, true, functions.indexOf),
    bindings: [],
    arrays: new Map(),
    uniforms: kernel.uniforms.map((uniform, at): MachineValue => {
      const word = wordOf[at] ?? 0;
      if (uniform.kind === "argument") return argumentValue(uniform.value, given[word]);
      const local = body.local(uniform.kind === "host" ? "f32" : "i32");
      const { type } = local.get;
      const code = [words.code, opcode(`${type}.load`), 2, ...unsigned(word * 4)];
      body.emit(local.set({ type, code }));
      return local.get;
    }),
    names: new Map(),
  };
}

/** Where a kernel's own arrays lie, one behind the other in the module's own memory. */
function arraysOf({ shared }: Kernel, body: Body): WriteContext["arrays"] {
  const arrays = new Map<string, MachineValue>();
  if (shared.length === 0) return arrays;
  const scratch = body.local("i32");
  body.emit(scratch.set({ type: "i32", code: [0x23, 0x00] }));
  let pointer = scratch.get;
  for (const array of shared) {
    arrays.set(array.name, pointer);
    const next = body.local("i32");
    const bytes = signed(bytesOfArray(array));
    body.emit(next.set({ type: "i32", code: [pointer.code, 0x41, ...bytes, 0x6a] }));
    pointer = next.get;
  }
  return arrays;
}

function bytesOfArray({ width, length }: SharedArray): number {
  return 4 * (width ?? 1) * length;
}

/** What a kernel's own arrays take. */
export function scratchBytes({ shared }: Kernel): number {
  return shared.reduce((sum, array) => sum + bytesOfArray(array), 0);
}

/** What all dispatches of the kernel give alike is known, anything else a parameter. */
function argumentValue(known: number | undefined, given: MachineValue | undefined): MachineValue {
  if (known !== undefined) return { type: "i32", code: [0x41, ...signed(known | 0)] };
  if (!given) throw new Error("an argument that the kernel is not given");
  return given;
}

/** What tells the number of turns of a sliced loop. */
function turnsOf(
  functions: Functions,
  named: NamedKernel,
  { statement, below }: SlicedLoop,
  exported: string,
): FunctionCode {
  const takes = Array.from({ length: 1 + named.given }, (): ValueType => "i32");
  const body = createBody(takes);
  const context = createContext(functions, named, body, body.parameters);
  const m = context.single;
  const { step } = statement;
  const end = write(context, below);
  const last = m.op("i32.add", end, m.whole(step - 1));
  body.emit((step === 1 ? end : m.op("i32.div_s", last, m.whole(step))).code);
  return { takes, gives: ["i32"], locals: body.locals, code: body.code(), exported };
}

function writeBody(context: KernelContext, body: readonly Statement[]): void {
  for (const statement of body) writeStatement(context, statement);
}

function writeStatement(context: KernelContext, statement: Statement): void {
  const { body } = context;
  switch (statement.kind) {
    case "let":
    case "var":
      declare(context, statement.name, statement.value);
      return;
    case "assign": {
      const local = context.names.get(statement.name);
      if (!local) throw new Error(`${statement.name} is assigned before it is named`);
      const value = write(context, statement.value);
      body.emit(local.set(value));
      return;
    }
    case "store":
      body.emit(storeCode(context, statement.binding, statement.index, statement.value));
      return;
    case "if": {
      const condition = write(context, statement.condition);
      const inner = body.apart(() => {
        writeBody(context, statement.body);
      });
      body.emit([condition.code, ...openIf, inner, end]);
      return;
    }
    case "for":
      writeLoop(context, statement);
      return;
    case "halving":
      writeHalving(context, statement);
      return;
    case "share":
      body.emit(shareCode(context, statement.array, statement.index, statement.value));
      return;
    case "barrier":
    case "stride":
    case "either":
      throw new Error("a workgroup's kernel does not run on the CPU");
  }
}

function declare({ body, names, ...rest }: KernelContext, name: string, value: Expression): void {
  const context = { body, names, ...rest };
  const written = write(context, value);
  const local = body.local(machineType(value));
  body.emit(local.set(written));
  names.set(name, local);
}

const [block, loop, openIf] = [
  [0x02, 0x40],
  [0x03, 0x40],
  [0x04, 0x40],
];
const end = 0x0b;
const [branchTo, branchIf] = [0x0c, 0x0d];

type Loop = Extract<Statement, { kind: "for" }>;

/** The condition stands behind the body; before it only where the loop may have no turn. */
function writeLoop(context: KernelContext, statement: Loop): void {
  const { body, single: m, names } = context;
  const [from, below] = boundsOf(context, statement);
  const at = body.local("i32");
  names.set(statement.name, at);
  body.emit(at.set(from));
  const goesOn = m.op("i32.lt_s", at.get, below);
  const turn = body.apart(() => {
    writeBody(context, statement.body);
    body.emit(at.set(m.op("i32.add", at.get, m.whole(statement.step))));
  });
  const turns: Code = [...loop, turn, goesOn.code, branchIf, 0, end];
  if (isSurelyRun(context, statement)) {
    body.emit(turns);
    return;
  }
  body.emit([goesOn.code, ...openIf, turns, end]);
}

function isSurelyRun({ sliced }: KernelContext, statement: Loop): boolean {
  const { from, below } = statement;
  if (sliced.some((each) => each.statement === statement)) return false;
  return from.kind === "literal" && below.kind === "literal" && from.value < below.value;
}

function boundsOf(context: KernelContext, statement: Loop): readonly [MachineValue, MachineValue] {
  const { body, single: m, sliced, turns } = context;
  const offset = sliced.findIndex((each) => each.statement === statement) * 2;
  const times = (turn: MachineValue | undefined): MachineValue => {
    if (!turn) throw new Error("a sliced loop without its turns");
    return statement.step === 1 ? turn : m.op("i32.mul", turn, m.whole(statement.step));
  };
  if (offset >= 0) return [times(turns[offset]), kept(body, times(turns[offset + 1]))];
  const { from, below } = statement;
  return [write(context, from), kept(body, write(context, below))];
}

/** A bound that takes computing is computed once; one that a variable holds may not change meanwhile. */
function kept(body: Body, value: MachineValue): MachineValue {
  if (value.code[0] === 0x20 || value.code[0] === 0x41) return value;
  const local: Local = body.local(value.type);
  body.emit(local.set(value));
  return local.get;
}

function writeHalving(
  context: KernelContext,
  { name, from, body: inner }: Extract<Statement, { kind: "halving" }>,
): void {
  const { body, single: m, names } = context;
  const at = body.local("i32");
  names.set(name, at);
  body.emit(at.set(m.whole(from)));
  const turn = body.apart(() => {
    writeBody(context, inner);
    body.emit(at.set(m.shift("i32.shr_s", at.get, 1)));
  });
  const isOver = m.op("i32.le_s", at.get, m.whole(0));
  body.emit([...block, ...loop, isOver.code, branchIf, 1, turn, branchTo, 0, end, end]);
}
