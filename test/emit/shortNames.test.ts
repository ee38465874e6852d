// The runtime's sources, with their types, in; that each property which minified bundles shorten is our own, out.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { internalNames, planNames } from "../../scripts/names.mjs";

const root = join(import.meta.dirname, "../..");
const ofPlans = new Set(planNames);
const names = new Set([...internalNames, ...planNames]);

/** Names of these files are read by apps, or written into plans by the compiler. */
const outward = ["api", "errors", "plan"].map((name) => join(root, `runtime/${name}.ts`));

/** Small bundles shorten names of their plans too. */
function isOutward(file: string, name: string): boolean {
  return outward.includes(file) && !(ofPlans.has(name) && file.endsWith("/plan.ts"));
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ["lib.es2023.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  types: ["@webgpu/types"],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

const bundles = readdirSync(join(root, "runtime/bundle")).map((name) =>
  join(root, "runtime/bundle", name),
);

/** Properties in these files, and in what they import, whose names are shortened but are not the runtime's own. */
function foreignNames(files: readonly string[], host = ts.createCompilerHost(options)): string[] {
  const program = ts.createProgram(files, options, host);
  const checker = program.getTypeChecker();
  expect(program.getGlobalDiagnostics().map(({ messageText }) => messageText)).toEqual([]);
  const found: string[] = [];
  for (const source of program.getSourceFiles()) {
    const file = source.fileName;
    if (!file.startsWith(join(root, "runtime/"))) continue;
    const visit = (node: ts.Node): void => {
      const name = shortened(node);
      const own = name === undefined || isOwn(checker, node, name);
      for (const foreign of new Set([...(own ? [] : [name]), ...readByName(checker, node)])) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${file.slice(root.length + 1)}:${line + 1} ${foreign}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}

/** Names that are shortened of an object whose names a node reads as strings. */
function readByName(checker: ts.TypeChecker, node: ts.Node): string[] {
  const object = objectReadByName(node);
  if (!object) return [];
  const properties = checker.getTypeAtLocation(object).getProperties();
  return properties.map((property) => property.name).filter((name) => names.has(name));
}

function objectReadByName(node: ts.Node): ts.Node | undefined {
  if (ts.isElementAccessExpression(node)) return node.expression;
  if (!ts.isCallExpression(node)) return undefined;
  const reads = /^(Object\.(keys|entries|hasOwn)|Reflect\.\w+|JSON\.stringify)$/;
  return reads.test(node.expression.getText()) ? node.arguments[0] : undefined;
}

/** Members of what WebGPU takes: literals of it may have no other type than their own. */
function webGpuNames(): Set<string> {
  const file = join(root, "node_modules/@webgpu/types/dist/index.d.ts");
  const found = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isTypeElement(node) && node.name && ts.isIdentifier(node.name))
      found.add(node.name.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true));
  return found;
}

/** The name that is shortened at a node, which may stand in strings too. */
function shortened(node: ts.Node): string | undefined {
  const name = nameOf(node);
  const isText = name !== undefined && ts.isStringLiteral(name);
  if (!isText && !(name && ts.isIdentifier(name) && !isComputed(node))) return undefined;
  return names.has(name.text) ? name.text : undefined;
}

/** Where an identifier would be a variable. */
function isComputed(node: ts.Node): boolean {
  return ts.isElementAccessExpression(node) || ts.isBinaryExpression(node);
}

function nameOf(node: ts.Node): ts.Node | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name;
  if (ts.isElementAccessExpression(node)) return node.argumentExpression;
  if (ts.isBinaryExpression(node))
    return node.operatorToken.kind === ts.SyntaxKind.InKeyword ? node.left : undefined;
  if (ts.isBindingElement(node) && ts.isObjectBindingPattern(node.parent))
    return node.propertyName ?? node.name;
  if (ts.isObjectLiteralElement(node) || ts.isTypeElement(node)) return node.name;
  return undefined;
}

function isOwn(checker: ts.TypeChecker, node: ts.Node, name: string): boolean {
  // What a string asks for is not shortened.
  if (isComputed(node)) return false;
  if (ts.isPropertyAccessExpression(node))
    return isDeclaredHere(checker.getSymbolAtLocation(node.name));
  if (ts.isBindingElement(node))
    return isDeclaredHere(checker.getTypeAtLocation(node.parent).getProperty(name));
  if (!ts.isObjectLiteralElement(node)) return !isOutward(node.getSourceFile().fileName, name);
  if (!ts.isObjectLiteralExpression(node.parent)) return true;
  const expected = checker.getContextualType(node.parent);
  return !expected || isExpectedHere(checker, expected, name);
}

/** Whether an object literal of an expected type may shorten a name of it. */
function isExpectedHere(checker: ts.TypeChecker, expected: ts.Type, name: string): boolean {
  if (expected.flags & ts.TypeFlags.Any || expected.getStringIndexType()) return false;
  const parts = expected.isUnion() ? expected.types : [expected];
  return parts.every((type) => {
    const property = checker.getPropertyOfType(type, name);
    return property === undefined ? !type.getStringIndexType() : isDeclaredHere(property);
  });
}

function isDeclaredHere(symbol: ts.Symbol | undefined): boolean {
  const places = symbol?.declarations?.map((node) => node.getSourceFile().fileName) ?? [];
  return (
    places.length > 0 &&
    places.every(
      (file) => file.startsWith(join(root, "runtime/")) && !isOutward(file, symbol?.name ?? ""),
    )
  );
}

describe("names that minified bundles shorten", () => {
  it("are declared by the runtime itself, wherever it uses them", () => {
    expect(foreignNames(bundles)).toEqual([]);
  }, 60_000);

  it("are none that WebGPU reads", () => {
    const read = webGpuNames();
    expect(read.size).toBeGreaterThan(200);
    expect([...names].filter((name) => read.has(name))).toEqual([]);
  });

  it("are found where platforms, plans or apps read them", () => {
    const file = join(root, "runtime/example.ts");
    const text = `
      import type { Plan } from "./plan.js";
      import type { LoadOptions } from "./api.js";
      const ready = 1;
      const memory = { free: ready };
      export const own = memory.free;
      void WebAssembly.instantiate(new Uint8Array(0), { host: { ready } });
      export const limits = (set: FontFaceSet): unknown => [set.status, set.ready];
      export const read = (plan: Plan, loaded: LoadOptions, list: Record<string, number>): unknown =>
        [plan.model, loaded.seed, list.ready, navigator.serviceWorker.ready, "free" in memory, memory["free"]];
      export const wished = (name: string): unknown => [({ free: 1 })[name as "free"], Object.keys({ ready })];
      const { options } = new HTMLSelectElement();
      export { options };
    `;
    const disk = ts.createCompilerHost(options);
    const host: ts.CompilerHost = {
      ...disk,
      fileExists: (path) => path === file || disk.fileExists(path),
      getSourceFile: (path, ...rest) =>
        path === file
          ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
          : disk.getSourceFile(path, ...rest),
    };
    expect(foreignNames([file], host).map((place) => place.replace(/.*:/, ""))).toEqual([
      "7 ready",
      "8 ready",
      "10 ready",
      "10 ready",
      "10 free",
      "10 free",
      "11 free",
      "11 ready",
      "12 options",
    ]);
  }, 60_000);
});
