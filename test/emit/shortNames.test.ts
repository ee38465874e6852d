// The runtime's sources, with their types, in; that each property which minified bundles shorten is our own, out.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { internalNames } from "../../scripts/generate.mjs";

const root = join(import.meta.dirname, "../..");
const names = new Set(internalNames);

/** Names of these files are read by apps, or written into plans by the compiler. */
const outward = ["runtime/api.ts", "runtime/plan.ts"].map((name) => join(root, name));

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
      if (name !== undefined && !isOwn(checker, node, name)) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${file.slice(root.length + 1)}:${line + 1} ${name}`);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
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
  if (!ts.isObjectLiteralElement(node)) return !outward.includes(node.getSourceFile().fileName);
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
    places.every((file) => file.startsWith(join(root, "runtime/")) && !outward.includes(file))
  );
}

describe("names that minified bundles shorten", () => {
  it("are declared by the runtime itself, wherever it uses them", () => {
    expect(foreignNames(bundles)).toEqual([]);
  }, 60_000);

  it("are found where platforms, plans or apps read them", () => {
    const file = join(root, "runtime/example.ts");
    const text = `
      import type { Plan } from "./plan.js";
      import type { LoadOptions } from "./api.js";
      const count = 1;
      const memory = { free: count };
      export const own = memory.free;
      void WebAssembly.instantiate(new Uint8Array(0), { host: { count } });
      export const limits = (set: GPUQuerySetDescriptor): unknown => [set.type, set.count];
      export const read = (plan: Plan, loaded: LoadOptions, list: Record<string, number>): unknown =>
        [plan.model, loaded.seed, list.count, console.count, "free" in memory, memory["free"]];
      const { options } = new HTMLSelectElement();
      export { options };
    `;
    const host = ts.createCompilerHost(options);
    const { getSourceFile, fileExists } = host;
    host.fileExists = (path) => path === file || fileExists.call(host, path);
    host.getSourceFile = (path, ...rest) =>
      path === file
        ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
        : getSourceFile.call(host, path, ...rest);
    expect(foreignNames([file], host).map((place) => place.replace(/.*:/, ""))).toEqual([
      "7 count",
      "8 count",
      "10 count",
      "10 count",
      "10 free",
      "10 free",
      "11 options",
    ]);
  }, 60_000);
});
