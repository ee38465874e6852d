// A file with its names comes in; unknown names and self-calls in its declarations, whether they are used or not, are reported.
import type * as ast from "../../../grammar/ast.js";
import type { Frame, Run, Unit } from "../context.js";
import type { BodyKind } from "../parts.js";
import { unknownName, type GivenTo } from "../values/unknownName.js";
import { fileFrame } from "../frames.js";
import { walk } from "../calls/syntax.js";
import { report } from "../report.js";
import { isSetting } from "../training/settings.js";
import { visibleNames } from "../values/scope.js";
import { poison, type Callable } from "../values/values.js";

type Checked = Callable | ast.ModelDeclaration | ast.TrainDeclaration;

/** Checks every declaration of a file by itself; bodies that are run find the same mistakes again, once each. */
export function checkNames(run: Run, unit: Unit): void {
  const global = new Set(visibleNames(unit.scope));
  const calls = new Map<Callable, readonly Reference[]>();
  for (const declaration of unit.tree.declarations) {
    if (!isChecked(declaration) || isOfNoModel(declaration, unit)) continue;
    const local = new Set([...namesBoundIn(declaration, unit), ...ambient(declaration)]);
    const references = namesUsedIn(declaration);
    const frame = { ...fileFrame(run, unit), body: bodies[declaration.kind] };
    for (const reference of references) {
      if (global.has(reference.name) || local.has(reference.name)) continue;
      reportUnknown(frame, local, reference);
    }
    if (declaration.kind !== "Model" && declaration.kind !== "Train") {
      calls.set(
        declaration,
        references.filter(({ called, name }) => called && !local.has(name)),
      );
    }
  }
  checkCycles(run, unit, calls);
}

function isChecked(declaration: ast.Declaration): declaration is Checked {
  return !["Import", "Const", "Search", "SkippedDeclaration"].includes(declaration.kind);
}

/** A block of a model that is not there: its names may be the model's. */
function isOfNoModel(declaration: Checked, unit: Unit): boolean {
  return declaration.kind === "Train" && modelOf(declaration, unit) === undefined;
}

function modelOf({ model }: ast.TrainDeclaration, unit: Unit): ast.ModelDeclaration | undefined {
  const { declarations } = unit.tree;
  const isModel = (other: ast.Declaration): other is ast.ModelDeclaration => other.kind === "Model";
  return declarations.filter(isModel).find(({ name }) => name === model.name);
}

const bodies = {
  Function: "fn",
  Init: "init",
  Layer: "layer",
  Optimizer: "optimizer",
  Projection: "projection",
  Model: "model",
  Train: "train",
} as const satisfies Readonly<Record<Checked["kind"], BodyKind>>;

function reportUnknown(
  frame: Frame,
  local: ReadonlySet<string>,
  { name, span, called, member, given }: Reference,
): void {
  const names = new Map([...local].map((known) => [known, binding] as const));
  const scope = { parent: frame.unit.scope, names, lazy: new Map<string, never>() };
  unknownName({ ...frame, scope }, name, span, { called, member, given });
}

const binding = { value: poison, place: undefined, fixed: undefined, state: undefined };

/** The names that the language gives to a body. */
function ambient(declaration: Checked): readonly string[] {
  const always = ["training", "step", "epoch", "progress"];
  if (declaration.kind === "Init") return [...always, "shape", "fan_in", "fan_out"];
  if (declaration.kind === "Optimizer") return [...always, "w", "g", "shape"];
  return declaration.kind === "Projection" ? [...always, "w", "shape"] : always;
}

/** Every name that is bound anywhere in a declaration: parameters, dimensions, bindings, carries and so on. */
function namesBoundIn(declaration: Checked, unit: Unit): Set<string> {
  const found = new Set<string>();
  if (declaration.kind === "Train") {
    for (const { name } of modelOf(declaration, unit)?.parameters ?? []) found.add(name);
    return found;
  }
  walk(declaration, (node) => {
    // A declaration's own name is no name of its body: what calls it there calls itself.
    if (node === declaration) return;
    const bound = binders[node.kind]?.(node as never);
    for (const name of bound ?? []) if (name !== "_") found.add(name);
  });
  return found;
}

type Binder = (node: never) => Iterable<string>;

const own = (node: { readonly name: string }): string[] => [node.name];
const dims = (type: ast.Type | undefined): string[] => {
  const found: string[] = [];
  if (type?.kind !== "TensorType") return found;
  for (const entry of type.dimensions) {
    walk(entry, (inner) => {
      if ("name" in inner && typeof inner.name === "string") found.push(inner.name);
    });
  }
  return found;
};

const binders: Readonly<Record<string, Binder>> = {
  Parameter: (node: ast.Parameter) => [node.name, ...dims(node.type)],
  ResultType: (node: ast.ResultType) => node.types.flatMap(dims),
  WhereBinding: own,
  Binding: (node: ast.BindingStatement) => [
    ...node.names.map(({ name }) => name),
    ...dims(node.type),
  ],
  Draw: own,
  Trained: own,
  State: own,
  Fitted: (node: ast.FittedStatement) => [node.name, ...dims(node.type)],
  Carry: own,
  Shared: own,
  Input: (node: ast.InputStatement) => [node.name, ...dims(node.type)],
  Target: (node: ast.TargetStatement) => [node.name, ...dims(node.type)],
  Output: (node: ast.OutputStatement) =>
    node.value === undefined ? [] : node.names.map(({ name }) => name),
  Loss: (node: ast.LossStatement) => (node.name === undefined ? [] : [node.name.name]),
  Metric: (node: ast.MetricStatement) => (node.name === undefined ? [] : [node.name.name]),
  For: own,
  Function: own,
  Scan: (node: ast.ScanExpression) => node.names.map(({ name }) => name),
  SkippedStatement: (node: { readonly names: readonly string[] }) => node.names,
};

interface Reference {
  readonly name: string;
  readonly span: ast.Span;
  /** Whether it stands where something is called. */
  readonly called: boolean;
  /** What is taken of it: the last name of `a.b.c`. */
  readonly member: string | undefined;
  /** What it is an argument of. */
  readonly given: GivenTo | undefined;
}

/** What follows a word that is no setting may be anything but an expression. */
function linesOf(declaration: ast.TrainDeclaration): readonly ast.TrainLine[] {
  return declaration.lines.filter((line) => line.kind !== "SettingLine" || isSetting(line.name));
}

/** What stops early goes by a loss or metric, whose names are no names of values. */
function scoresIn(declaration: Checked): Set<unknown> {
  const lines = declaration.kind === "Train" ? declaration.lines : [];
  const given = lines.flatMap((line) => (line.kind === "StopEarlyLine" ? line.arguments : []));
  return new Set(given.flatMap(({ name, value }) => (name === "on" ? [value] : [])));
}

function namesUsedIn(declaration: Checked): Reference[] {
  const root = declaration.kind === "Train" ? linesOf(declaration) : declaration;
  const found: Reference[] = [];
  const callees = new Set<unknown>();
  const members = new Map<unknown, string>();
  const scores = scoresIn(declaration);
  const given = new Map<unknown, GivenTo>();
  walk(root, (node) => {
    if (node.kind === "Call" || node.kind === "Stage") {
      const { callee, arguments: written } = node as unknown as ast.CallExpression;
      callees.add(callee);
      if (callee.kind !== "Name") return;
      const from = node.kind === "Stage" ? 1 : 0;
      for (const [index, { name, value }] of written.entries()) {
        given.set(value, { callee: callee.name, parameter: name ?? index + from });
      }
    }
    if (node.kind === "Member") {
      const { object, name } = node as unknown as ast.MemberExpression;
      members.set(object, members.get(node) ?? name);
    }
  });
  walk(root, (node) => {
    if (node.kind !== "Name" || scores.has(node)) return;
    const { name, span } = node as unknown as ast.NameExpression;
    found.push({
      name,
      span,
      called: callees.has(node),
      member: members.get(node),
      given: given.get(node),
    });
  });
  return found.toSorted((a, b) => a.span.start - b.span.start);
}

/** Nothing calls itself, directly or by way of others; each circle is reported once, where it closes. */
function checkCycles(
  run: Run,
  unit: Unit,
  calls: ReadonlyMap<Callable, readonly Reference[]>,
): void {
  const byName = new Map([...calls.keys()].map((declaration) => [declaration.name, declaration]));
  const finished = new Set<Callable>();
  for (const root of calls.keys()) {
    // The declarations on the way down, each with how many of its calls have been followed.
    const path: { readonly at: Callable; next: number }[] = [{ at: root, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const reference = finished.has(top.at) ? undefined : calls.get(top.at)?.[top.next++];
      if (reference === undefined) {
        finished.add(top.at);
        path.pop();
        continue;
      }
      const target = byName.get(reference.name);
      if (target === undefined || finished.has(target)) continue;
      const start = path.findIndex(({ at }) => at === target);
      if (start < 0) path.push({ at: target, next: 0 });
      else
        reportCycle(run, unit, [...path.slice(start).map(({ at }) => at), target], reference.span);
    }
  }
}

function reportCycle(run: Run, unit: Unit, circle: readonly Callable[], span: ast.Span): void {
  const [first] = circle;
  for (const declaration of circle) run.recursive.add(declaration);
  const between = circle.slice(1, -1).map(({ name }) => `\`${name}\``);
  report(fileFrame(run, unit), "NN0603", span, {
    message: `\`${first?.name ?? ""}\` calls itself${between.length === 0 ? "" : `, by way of ${between.join(" and ")}`}`,
    notes: [`the circle: ${circle.map(({ name }) => name).join(" → ")}`],
    hint: "repeat with `for`, or with `scan` over a sequence",
  });
}
