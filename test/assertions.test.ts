// The tests in; those that hold nothing to anything, out.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const folder = dirname(fileURLToPath(import.meta.url));

interface Named {
  readonly name: string;
  readonly uses: ReadonlySet<string>;
}

/** Functions by their names, and the bodies of tests by their places: what each names. */
interface Found {
  readonly functions: readonly Named[];
  readonly tests: readonly Named[];
}

function namesIn(node: ts.Node): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (inner: ts.Node): void => {
    if (ts.isIdentifier(inner)) names.add(inner.text);
    ts.forEachChild(inner, visit);
  };
  visit(node);
  return names;
}

const isFunction = (node: ts.Node): boolean =>
  ts.isArrowFunction(node) || ts.isFunctionExpression(node);

/** `it("…", …)`, `test.each(…)("…", …)`, `it.skipIf(…)("…", …)`. */
function isTest({ expression, arguments: [title] }: ts.CallExpression): boolean {
  return (
    /^(?:it|test)\b/.test(expression.getText()) &&
    title !== undefined &&
    (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))
  );
}

function read(file: string, text: string): Found {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const functions: Named[] = [];
  const tests: Named[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && node.name && node.body) {
      functions.push({ name: node.name.text, uses: namesIn(node.body) });
    } else if (
      (ts.isVariableDeclaration(node) || ts.isPropertyAssignment(node)) &&
      ts.isIdentifier(node.name) &&
      node.initializer &&
      isFunction(node.initializer)
    ) {
      functions.push({ name: node.name.text, uses: namesIn(node.initializer) });
    } else if (ts.isCallExpression(node) && isTest(node)) {
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
      const uses = new Set(node.arguments.slice(1).flatMap((given) => [...namesIn(given)]));
      tests.push({ name: `${file}:${line + 1}`, uses });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { functions, tests };
}

/** The tests that neither expect something nor call, by whatever way, what does. */
function withoutAssertion(files: readonly Found[]): string[] {
  const asserting = new Set(["expect"]);
  const functions = files.flatMap((file) => file.functions);
  for (let known = 0; known !== asserting.size;) {
    known = asserting.size;
    for (const { name, uses } of functions) {
      if ([...uses].some((used) => asserting.has(used))) asserting.add(name);
    }
  }
  return files
    .flatMap(({ tests }) => tests)
    .filter(({ uses }) => ![...uses].some((used) => asserting.has(used)))
    .map(({ name }) => name);
}

const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));

it("every test expects something", () => {
  const found = sources.map(({ file, text }) => read(file, text));
  expect(found.flatMap(({ tests }) => tests).length).toBeGreaterThan(700);
  expect(withoutAssertion(found)).toEqual([]);
  const made = `function holds() { expect(1).toBe(1); }
    it("a", () => { holds(); });
    it.each([1])("b", () => { run(); });`;
  expect(withoutAssertion([read("made.ts", made)])).toEqual(["made.ts:3"]);
});

it("none is left out or expects what is always so", () => {
  // Behind a condition that the machine decides, a test may be left out.
  const empty = /\b(?:it|test|describe)\.(?:skip|todo|only|fails)\b|\bexpect\((?:true|false|\d+)\)/;
  const wrong = sources.flatMap(({ file, text }) =>
    text
      .split("\n")
      .flatMap((line, index) =>
        empty.test(line) && !file.startsWith("assertions.") ? [`${file}:${index + 1}`] : [],
      ),
  );
  expect(wrong).toEqual([]);
});
