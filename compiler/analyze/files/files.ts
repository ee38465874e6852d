// A file and the way to read its imports come in; every file as a unit, its declarations bound to names, goes out.
import type * as ast from "../../../grammar/ast.js";
import { diagnostic, type DiagnosticCode } from "../../../grammar/diagnostics.js";
import { parse, type ParseResult } from "../../../grammar/parse.js";
import type { Run, Unit } from "../context.js";
import { fileFrame } from "../frames.js";
import { add, didYouMean } from "../report.js";
import { newScope, type Scope } from "../values/scope.js";
import { builtin, poison, type Callable, type Value } from "../values/values.js";

/** What loading passes along. */
export interface Loader {
  readonly run: Run;
  readonly prelude: Scope;
  readonly readImport: (path: string) => string | undefined;
  /** The folder that imports stay under, `/`-separated, without an end slash; "" for the folder of relative names. */
  readonly root: string;
  readonly units: Map<string, Unit>;
  /** Imports being followed, outermost first. */
  readonly path: readonly string[];
}

const importLimit = 200;

/** Trees of the standard library by the list that they came in: the same list has the same trees. */
const parsedPreludes = new WeakMap<readonly PreludeFile[], readonly ParseResult[]>();

interface PreludeFile {
  readonly name: string;
  readonly text: string;
}

function parsePrelude(files: readonly PreludeFile[]): readonly ParseResult[] {
  const known = parsedPreludes.get(files);
  if (known !== undefined) return known;
  const parsed = files.map(parse);
  parsedPreludes.set(files, parsed);
  return parsed;
}

/** The scope of the prelude: all its files see each other, around them the compiler's own functions. */
export function loadPrelude(run: Run, files: readonly PreludeFile[]): Scope {
  const outer = newScope(undefined);
  for (const name of run.builtins.keys()) {
    outer.names.set(name, {
      value: builtin(name),
      place: undefined,
      fixed: undefined,
      state: undefined,
    });
  }
  const scope = newScope(outer);
  for (const { file, diagnostics } of parsePrelude(files)) {
    for (const found of diagnostics) add(run, found);
    const unit: Unit = { source: file.source, tree: file, prelude: true, scope };
    for (const declaration of file.declarations) declare(run, unit, declaration);
  }
  return scope;
}

/** The file that is compiled, its imports followed. */
export function loadFile(loader: Loader, file: ast.File): Unit {
  const scope = newScope(loader.prelude);
  const unit: Unit = { source: file.source, tree: file, prelude: false, scope };
  loader.units.set(file.source.name, unit);
  const inner = { ...loader, path: [...loader.path, file.source.name] };
  for (const declaration of file.declarations) {
    if (declaration.kind === "Import") follow(inner, unit, declaration);
  }
  for (const declaration of file.declarations) declare(loader.run, unit, declaration);
  return unit;
}

function declare(run: Run, unit: Unit, declaration: ast.Declaration): void {
  switch (declaration.kind) {
    case "Const":
    case "Function":
    case "Layer":
    case "Init":
    case "Optimizer":
    case "Projection":
      break;
    case "SkippedDeclaration":
      for (const name of declaration.names) bindPoison(unit, name, declaration.span);
      return;
    case "Import":
    case "Model":
    case "Train":
    case "Search":
      return;
  }
  const before = unit.scope.lazy.get(declaration.name);
  if (before !== undefined) {
    const imported = before.place.unit !== unit;
    fault(run, unit, "NN0209", declaration.nameSpan, {
      message: `\`${declaration.name}\` is ${imported ? "imported and declared" : "declared twice in this file"}`,
      labels: imported
        ? []
        : [{ span: before.place.span, file: unit.source, text: "declared here" }],
      hint: "each name of a file stands for one thing",
    });
    return;
  }
  unit.scope.lazy.set(declaration.name, {
    place: { unit, span: declaration.nameSpan },
    status: "waiting",
    value: undefined,
    compute: () => compute(run, unit, declaration),
  });
}

function compute(run: Run, unit: Unit, declaration: ast.ConstDeclaration | Callable): Value {
  if (declaration.kind !== "Const") {
    return {
      kind: "function",
      form: "closure",
      declaration,
      scope: unit.scope,
      unit,
      home: undefined,
    };
  }
  const value = run.evaluator.expression(declaration.value, fileFrame(run, unit));
  if (value.kind !== "results") return value;
  fault(run, unit, "NN0308", declaration.value.span, {
    message: "this gives several values, one name is bound",
  });
  return poison;
}

function bindPoison(unit: Unit, name: string, span: ast.Span): void {
  if (unit.scope.lazy.has(name)) return;
  unit.scope.lazy.set(name, {
    place: { unit, span },
    status: "done",
    value: poison,
    compute: () => poison,
  });
}

interface Fault {
  readonly message: string;
  readonly notes?: readonly string[];
  readonly hint?: string | undefined;
  readonly labels?: readonly {
    readonly span: ast.Span;
    readonly file: ast.SourceFile;
    readonly text: string;
  }[];
}

function fault(run: Run, unit: Unit, code: DiagnosticCode, span: ast.Span, details: Fault): void {
  add(run, diagnostic(code, { file: unit.source, span, ...details }));
}

function follow(loader: Loader, unit: Unit, statement: ast.ImportDeclaration): void {
  const found = open(loader, unit, statement);
  for (const { name, span } of statement.names) {
    const bound = unit.scope.lazy.get(name);
    if (bound !== undefined) {
      fault(loader.run, unit, "NN0209", span, { message: `\`${name}\` is imported twice` });
      continue;
    }
    const target = found?.scope.lazy.get(name);
    if (target !== undefined) {
      unit.scope.lazy.set(name, target);
      continue;
    }
    bindPoison(unit, name, span);
    if (found === undefined) continue;
    const models = found.tree.declarations.some(
      (declaration) => declaration.kind === "Model" && declaration.name === name,
    );
    fault(loader.run, unit, "NN0610", span, {
      message: `${statement.path} declares no \`${name}\``,
      notes: models ? ["it is a model there; models cannot be imported, layers can"] : [],
      hint: didYouMean(name, found.scope.lazy.keys()),
    });
  }
}

/** The imported file as a unit; undefined when a mistake was reported. */
function open(loader: Loader, unit: Unit, statement: ast.ImportDeclaration): Unit | undefined {
  const { run } = loader;
  const at = statement.pathSpan;
  const path = resolve(unit.source.name, statement.path);
  const wrong = wrongPath(statement.path, path, loader.root);
  if (wrong !== undefined || path === undefined) {
    fault(run, unit, "NN0608", at, {
      message: wrong ?? "this path leads nowhere",
      notes: ["imports are relative, end in `.nn`, and stay under the folder of the compiled file"],
      hint: 'write it like `import { block } from "./blocks.nn"`; `--root DIR` widens what may be read',
    });
    return undefined;
  }
  const circle = loader.path.indexOf(path);
  if (circle >= 0) {
    fault(run, unit, "NN0609", at, {
      message: "these files import each other in a circle",
      notes: [[...loader.path.slice(circle), path].join(" → ")],
      hint: "put what both need into a third file",
    });
    return undefined;
  }
  return loader.units.get(path) ?? read(loader, unit, path, at);
}

function read(loader: Loader, unit: Unit, path: string, at: ast.Span): Unit | undefined {
  const { run } = loader;
  if (loader.units.size >= importLimit) {
    fault(run, unit, "NN0608", at, { message: `a program has at most ${importLimit} files` });
    return undefined;
  }
  const text = loader.readImport(path);
  if (text === undefined) {
    fault(run, unit, "NN0608", at, {
      message: `the file ${path} cannot be read`,
      hint: "is it there? The path begins at the folder of the file that imports it",
    });
    return undefined;
  }
  const { file, diagnostics } = parse({ name: path, text });
  for (const found of diagnostics) add(run, found);
  return loadFile(loader, file);
}

/** The path from the root of names to an import, `.` and `..` resolved; undefined where it climbs above it. */
function resolve(from: string, path: string): string | undefined {
  const absolute = from.startsWith("/");
  const parts = from.split("/").slice(0, -1);
  for (const part of path.split("/")) {
    if (part === "." || part === "") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length === 0 || parts.at(-1) === "..") parts.push("..");
    else parts.pop();
  }
  const joined = parts.filter((part, index) => part !== "" || (absolute && index === 0));
  return joined.join("/");
}

function wrongPath(written: string, path: string | undefined, root: string): string | undefined {
  if (
    written.startsWith("/") ||
    /^[A-Za-z]:|^[a-z]+:\/\//.test(written) ||
    written.includes("\\")
  ) {
    return `${JSON.stringify(written)} is not a relative path`;
  }
  if (!/^\.\.?\//.test(written)) return `${JSON.stringify(written)} does not begin with \`./\``;
  if (!written.endsWith(".nn")) return `${JSON.stringify(written)} does not end in \`.nn\``;
  if (path === undefined || !under(path, root)) {
    return `${JSON.stringify(written)} climbs out of the folder of the compiled file`;
  }
  return undefined;
}

function under(path: string, root: string): boolean {
  if (root === "") return !path.startsWith("..");
  return path.startsWith(`${root}/`);
}
