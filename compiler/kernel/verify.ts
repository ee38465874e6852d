// Takes a kernel, gives what is wrong with it: empty for every kernel that may be printed.
import type { ScalarType } from "../types/nest.js";
import { arithmeticNames, comparisonNames } from "../types/opNames.js";
import { mostInvocations } from "./target.js";
import type { Expression, Kernel, SharedArray, Statement, Width } from "./ir.js";
import {
  builtins,
  expressionChildren,
  laneCount,
  statementBody,
  uniformName,
  widthOf,
} from "./ir.js";
import type { KnownName, Names } from "./verifyNames.js";
import { isAlike, isUniform, lookUp, numbersInvocations } from "./verifyNames.js";

/** What WebGPU promises every device. */
const mostBindings = 8;
const workgroupBytes = 16384;
/** Pipelines take a time superlinear in the length of their kernel. */
const mostStatements = 4000;
/** Tint stops at 126 nested parentheses. */
const deepest = 60;

interface Check {
  readonly kernel: Kernel;
  readonly faults: string[];
  /** What these are called. */
  readonly uniforms: ReadonlySet<string>;
  statements: number;
  /** All invocations of a quad come here or none. */
  alike: boolean;
  /** All of a workgroup come here together, and there are subgroups. */
  inSubgroups: boolean;
}

export function verifyKernel(kernel: Kernel): string[] {
  const uniforms = new Set(kernel.uniforms.map((_, at) => uniformName(kernel, at)));
  const check: Check = {
    ...{ kernel, uniforms, faults: [], statements: 0, alike: true, inSubgroups: false },
  };
  if (kernel.bindings.length > mostBindings) {
    check.faults.push(`${kernel.bindings.length} storage bindings, ${mostBindings} are promised`);
  }
  const bytes = kernel.shared.reduce(
    (sum, array) => sum + 4 * (array.width ?? 1) * array.length,
    0,
  );
  if (kernel.target === "gpu" && bytes > workgroupBytes)
    check.faults.push(`${bytes} bytes of workgroup memory`);
  if (kernel.workgroupSize > mostInvocations) {
    check.faults.push(`${kernel.workgroupSize} invocations a workgroup`);
  }
  const names: Names = { known: new Map(), parent: undefined };
  if (kernel.target === "gpu") {
    for (const name of builtins) {
      const ofGroup = name === "workgroupIndex";
      names.known.set(name, {
        ...{ type: "index", mutable: false, uniform: ofGroup, alike: ofGroup, numbers: !ofGroup },
      });
    }
  }
  verifyBody(check, kernel.body, names, true);
  if (check.statements > mostStatements) check.faults.push(`${check.statements} statements`);
  verifyStores(check, kernel.body);
  return check.faults;
}

function verifyBody(
  check: Check,
  body: readonly Statement[],
  names: Names,
  uniform: boolean,
): void {
  for (const statement of body) {
    check.statements++;
    verifyStatement(check, statement, names, uniform);
  }
}

/** `uniform`: all invocations of a workgroup come here together, so that they may meet at a barrier. */
function verifyStatement(check: Check, statement: Statement, names: Names, uniform: boolean): void {
  const expect = (expression: Expression, type: ScalarType): void => {
    verifyExpression(check, expression, names);
    if (expression.type !== type) {
      check.faults.push(`${statement.kind}: ${expression.type} where ${type} is wanted`);
    }
  };
  const expectOne = (expression: Expression, type: ScalarType): void => {
    expect(expression, type);
    if (widthOf(expression) !== undefined) check.faults.push(`${statement.kind}: a wide value`);
  };
  const inner = (): Names => ({ known: new Map(), parent: names });
  check.inSubgroups &&= uniform;
  switch (statement.kind) {
    case "let":
    case "var":
      verifyExpression(check, statement.value, names);
      declare(check, names, statement.name, {
        type: statement.value.type,
        width: widthOf(statement.value),
        mutable: statement.kind === "var",
        uniform: statement.kind === "let" && isUniform(statement.value, names),
        alike: statement.kind === "let" && isAlike(statement.value, names),
        numbers: statement.kind === "let" && numbersInvocations(statement.value, names),
      });
      return;
    case "assign": {
      const target = lookUp(names, statement.name);
      if (!target?.mutable) check.faults.push(`${statement.name} is assigned and is no variable`);
      expect(statement.value, target?.type ?? statement.value.type);
      if (target?.width !== widthOf(statement.value))
        check.faults.push(`${statement.name} is assigned a value of another width`);
      return;
    }
    case "for": {
      expectOne(statement.from, "index");
      expectOne(statement.below, "index");
      if (statement.step < 1) check.faults.push(`${statement.name} does not advance`);
      const scope = inner();
      const bounds = [statement.from, statement.below];
      const same = bounds.every((bound) => isUniform(bound, names));
      const alike = bounds.every((bound) => isAlike(bound, names));
      const counter = { type: "index", mutable: false, uniform: same, alike } as const;
      declare(check, scope, statement.name, counter);
      verifyInner(check, alike, () => {
        verifyBody(check, statement.body, scope, uniform && same);
      });
      return;
    }
    case "halving": {
      const scope = inner();
      declare(check, scope, statement.name, {
        ...{ type: "index", mutable: false, uniform: true, alike: true },
      });
      verifyBody(check, statement.body, scope, uniform);
      return;
    }
    case "stride": {
      const { from, below, by } = statement;
      for (const bound of [from, below, by]) expectOne(bound, "index");
      const scope = inner();
      declare(check, scope, statement.name, {
        ...{ type: "index", mutable: false, uniform: false, alike: false },
      });
      verifyInner(check, false, () => {
        verifyBody(check, statement.body, scope, false);
      });
      return;
    }
    case "either":
      if (check.kernel.target === "cpu") check.faults.push(`${statement.way} on the CPU`);
      check.inSubgroups = uniform && statement.way === "subgroups";
      verifyBody(check, statement.body, inner(), uniform);
      check.inSubgroups = false;
      verifyBody(check, statement.otherwise, inner(), uniform);
      return;
    case "if":
      expectOne(statement.condition, "bool");
      verifyInner(check, isAlike(statement.condition, names), () => {
        const same = uniform && isUniform(statement.condition, names);
        verifyBody(check, statement.body, inner(), same);
      });
      return;
    case "store":
      expectOne(statement.index, "index");
      expect(statement.value, bindingType(check, statement.binding));
      if (!check.kernel.bindings[statement.binding]?.written) {
        check.faults.push(`b${statement.binding + 1} is stored to and is not writable`);
      }
      return;
    case "share":
      expectOne(statement.index, "index");
      expect(statement.value, sharedArray(check, statement.array)?.type ?? "f32");
      if (sharedArray(check, statement.array)?.width !== widthOf(statement.value))
        check.faults.push(`${statement.array} takes values of another width`);
      return;
    case "barrier":
      if (!uniform) check.faults.push("a barrier that not all invocations reach");
      if (check.kernel.target === "cpu") check.faults.push("a barrier on the CPU");
      return;
  }
}

/** What is called like something else here would stand in its place: a uniform, or a value of a block around. */
function declare(check: Check, names: Names, name: string, named: KnownName): void {
  const isTaken = lookUp(names, name) !== undefined || check.uniforms.has(name);
  if (isTaken) check.faults.push(`${name} is named twice`);
  names.known.set(name, named);
}

function verifyInner(check: Check, alike: boolean, verify: () => void): void {
  const around = { alike: check.alike, inSubgroups: check.inSubgroups };
  check.alike &&= alike;
  verify();
  Object.assign(check, around);
}

function bindingType(check: Check, binding: number): ScalarType {
  const known = check.kernel.bindings[binding];
  if (!known) check.faults.push(`there is no binding ${binding + 1}`);
  return known?.type ?? "f32";
}

function sharedArray(check: Check, array: string): SharedArray | undefined {
  const known = check.kernel.shared.find(({ name }) => name === array);
  if (!known) check.faults.push(`there is no array ${array}`);
  return known;
}

function isInfinity({ type, value }: Extract<Expression, { kind: "literal" }>): boolean {
  return type === "f32" && Math.abs(value) === Infinity;
}

function verifyExpression(check: Check, expression: Expression, names: Names, depth = 0): void {
  if (depth === deepest) check.faults.push("an expression is nested too deeply");
  if (depth >= deepest) return;
  switch (expression.kind) {
    case "literal":
      // Extrema start from infinity, and what pads them is infinite.
      if (!Number.isFinite(expression.value) && !isInfinity(expression))
        check.faults.push("a literal is not finite");
      return;
    case "variable": {
      const known = lookUp(names, expression.name);
      if (!known) check.faults.push(`${expression.name} is used before it is named`);
      else if (known.type !== expression.type) {
        check.faults.push(`${expression.name} is ${known.type}, used as ${expression.type}`);
      } else if (known.width !== expression.width) {
        check.faults.push(`${expression.name} is used in another width`);
      }
      return;
    }
    case "uniform":
      if (!check.kernel.uniforms[expression.uniform]) check.faults.push("an unknown uniform");
      return;
    case "load":
      if (bindingType(check, expression.binding) !== expression.type) {
        check.faults.push(`b${expression.binding + 1} is loaded as ${expression.type}`);
      }
      verifyIndex(check, expression.index, names, depth);
      if (expression.together && !(check.alike && isAlike(expression.index, names)))
        check.faults.push("not all of a quad load together");
      return;
    case "shared":
      if (sharedArray(check, expression.array)?.type !== expression.type) {
        check.faults.push(`${expression.array} is loaded as ${expression.type}`);
      }
      if (sharedArray(check, expression.array)?.width !== expression.width)
        check.faults.push(`${expression.array} is loaded in another width`);
      verifyIndex(check, expression.index, names, depth);
      return;
    case "across":
      verifyExpression(check, expression.of, names, depth + 1);
      if (expression.of.type !== expression.type)
        check.faults.push(`across a subgroup: ${expression.of.type} as ${expression.type}`);
      if (widthOf(expression.of) !== expression.width)
        check.faults.push("across a subgroup: another width");
      if (!check.inSubgroups) check.faults.push("not all of a subgroup come here");
      return;
    case "rank":
    case "isFirst":
      if (!check.inSubgroups) check.faults.push("not all of a subgroup come here");
      return;
    case "draw":
      verifyExpression(check, expression.stream, names, depth + 1);
      if (expression.stream.type !== "u32")
        check.faults.push(`the stream of a draw is ${expression.stream.type}`);
      verifyIndex(check, expression.index, names, depth, expression.width);
      return;
    case "op":
      for (const operand of expression.arguments) {
        verifyExpression(check, operand, names, depth + 1);
      }
      verifyOperands(check, expression);
      if (expression.width === undefined) verifyNarrow(check, expression);
      return;
    case "lanes":
      if (expression.arguments.length !== laneCount) check.faults.push("lanes that are missing");
      verifyNarrow(check, expression);
      for (const operand of expression.arguments) {
        verifyExpression(check, operand, names, depth + 1);
        if (operand.type !== expression.type) check.faults.push(`a lane is ${operand.type}`);
      }
      return;
    case "lane":
      verifyExpression(check, expression.of, names, depth + 1);
      if (widthOf(expression.of) === undefined || expression.lane >= laneCount)
        check.faults.push("there is no such lane");
      if (expression.of.type !== expression.type) check.faults.push("a lane of another type");
  }
}

/** Its operands have no width. */
function verifyNarrow(check: Check, expression: Expression): void {
  const wide = expressionChildren(expression).some((each) => widthOf(each) !== undefined);
  if (wide) check.faults.push(`${expression.kind} without a width of a wide value`);
}

function verifyIndex(
  check: Check,
  index: Expression,
  names: Names,
  depth: number,
  width?: Width,
): void {
  verifyExpression(check, index, names, depth + 1);
  if (width === undefined && widthOf(index) !== undefined) check.faults.push("a wide index");
  if (index.type !== "index") check.faults.push(`an index is ${index.type}`);
}

const alike = new Set<string>([...arithmeticNames, "remainder"]);
const compared = new Set<string>(comparisonNames);

function verifyOperands(check: Check, expression: Extract<Expression, { kind: "op" }>): void {
  const { op, type, arguments: operands } = expression;
  const types = operands.map((operand) => operand.type);
  const [first, second, third] = types;
  const wrong = (): void => {
    check.faults.push(`${op} of ${types.join(", ")} as ${type}`);
  };
  if (alike.has(op)) {
    if (first !== type || second !== type) wrong();
  } else if (compared.has(op)) {
    if (first !== second || type !== "bool") wrong();
  } else if (op === "select") {
    if (first !== "bool" || second !== type || third !== type) wrong();
  } else if (op === "and" || op === "or" || op === "not") {
    if (types.some((each) => each !== "bool") || type !== "bool") wrong();
  } else if (op !== "cast" && first !== type) wrong();
}

function verifyStores(check: Check, body: readonly Statement[]): void {
  const stores = (statements: readonly Statement[]): boolean =>
    statements.some((statement) => statement.kind === "store" || stores(statementBody(statement)));
  if (!stores(body)) check.faults.push("nothing is stored");
}
