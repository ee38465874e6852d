// Every source file in; what the architecture forbids in them, by file and line, out.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Which layers each layer may import, itself included. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  grammar: ["grammar"],
  compiler: ["compiler", "grammar"],
  runtime: ["runtime"],
  cli: ["cli", "compiler", "grammar", "runtime"],
};

/** The contract between compiler and runtime: what plans are made of, the numbers that both compute alike, and how memory is shared. */
const contract: readonly string[] = ["runtime/plan.ts", "runtime/scalars.ts", "runtime/layout.ts"];

interface Import {
  readonly target: string;
  readonly line: number;
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  readonly imports: readonly Import[];
}

function readSources(): readonly Source[] {
  return Object.keys(allowed).flatMap(sourcesOf);
}

function sourcesOf(folder: string): readonly Source[] {
  return listFiles(join(root, folder))
    .filter((path) => path.endsWith(".ts"))
    .map((path) => {
      const file = relative(root, path).split("\\").join("/");
      const text = readFileSync(path, "utf8");
      const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
      return { file, text, tree, imports: importsOf(tree) };
    });
}

function listFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? listFiles(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

/** Static imports, those of types alone included, re-exports, `import()` of a literal, and `import("…").T` types. */
function importsOf(tree: ts.SourceFile): readonly Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    const line = lineOf(tree, specifier);
    const target = specifier.text.startsWith(".")
      ? posix
          .normalize(posix.join(posix.dirname(tree.fileName), specifier.text))
          .replace(/\.js$/, ".ts")
      : specifier.text;
    found.push({ target, line });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node.moduleSpecifier);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
}

function layerOf(path: string): string {
  return path.split("/")[0] ?? "";
}

const sources = readSources();
const written = sources.filter(({ file }) => !file.endsWith(".generated.ts"));

/** The nodes of every written source that `select` names, as `file:line what`. */
function offences(select: (node: ts.Node, source: Source) => string | undefined): string[] {
  return written.flatMap((source) => {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      const what = select(node, source);
      if (what !== undefined) found.push(`${source.file}:${lineOf(source.tree, node)} ${what}`);
      ts.forEachChild(node, visit);
    };
    visit(source.tree);
    return found;
  });
}

function importOffences(forbidden: (source: Source, target: Import) => boolean): string[] {
  return written.flatMap((source) =>
    source.imports
      .filter((target) => forbidden(source, target))
      .map((target) => `${source.file}:${target.line} imports ${target.target}`),
  );
}

describe("layers", () => {
  it("import one way: grammar ← compiler ← cli → runtime", () => {
    const wrong = importOffences((source, { target }) => {
      if (!(layerOf(target) in allowed)) return target.startsWith("..");
      return (
        !contract.includes(target) && !allowed[layerOf(source.file)]?.includes(layerOf(target))
      );
    });
    expect(wrong).toEqual([]);
  });

  it("leave Node and every package out of the runtime", () => {
    const wrong = importOffences(
      (source, { target }) => layerOf(source.file) === "runtime" && layerOf(target) !== "runtime",
    );
    expect(wrong).toEqual([]);
  });

  it("leave Node out of what runs in a browser", () => {
    const wrong = importOffences(
      (source, { target }) => layerOf(source.file) !== "cli" && target.startsWith("node:"),
    );
    expect(wrong).toEqual([]);
  });

  it("keep ops to itself: compiler/ops imports only compiler/types and compiler/scalars", () => {
    const wrong = importOffences(
      (source, { target }) =>
        source.file.startsWith("compiler/ops/") &&
        !target.startsWith("compiler/ops/") &&
        !target.startsWith("compiler/types/") &&
        !target.startsWith("compiler/scalars/"),
    );
    expect(wrong).toEqual([]);
  });

  it("have no import cycles, those of types included", () => {
    expect(findCycles(sources)).toEqual([]);
  });

  it("have none among the tests either", () => {
    expect(findCycles(sourcesOf("test"))).toEqual([]);
  });
});

/** Each cycle of imports once, as `a → b → a`: files that want each other's types are one part in two pieces. */
function findCycles(files: readonly Source[]): string[] {
  const edges = new Map(
    files.map(({ file, imports }) => [file, imports.map(({ target }) => target)]),
  );
  const finished = new Set<string>();
  const cycles: string[] = [];
  const walk = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file].join(" → "));
      return;
    }
    if (finished.has(file)) return;
    for (const target of edges.get(file) ?? []) walk(target, [...path, file]);
    finished.add(file);
  };
  for (const file of edges.keys()) walk(file, []);
  return cycles;
}

/** What a file declares and exports itself: types, interfaces and classes. */
function exportedTypes(tree: ts.SourceFile): readonly string[] {
  return tree.statements.flatMap((statement) => {
    const declares =
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isClassDeclaration(statement);
    if (!declares || statement.name === undefined) return [];
    const exported = statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    return exported === true ? [statement.name.text] : [];
  });
}

describe("every source file", () => {
  it("opens with a comment that says what comes in and what goes out", () => {
    const wrong = written.filter(({ text }) => !/^(#!.*\n)?(\/\/ \S|\/\*\*? ?\S?)/.test(text));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it("has at most 400 lines, tests and examples too", () => {
    const files = ["test", "examples"].flatMap((folder) => listFiles(join(root, folder)));
    const beside = files
      .filter((path) => /\.(ts|js|mjs|nn|css|html)$/.test(path))
      // What the build writes, and what `npm start` compiles.
      .filter((path) => !/\.generated\.|[/\\]examples[/\\]\w+[/\\]bundle[/\\]/.test(path))
      .map((path) => ({ file: relative(root, path), text: readFileSync(path, "utf8") }));
    const long = [...written, ...beside]
      .map(({ file, text }) => ({ file, lines: text.trimEnd().split("\n").length }))
      .filter(({ lines }) => lines > 400);
    expect(long).toEqual([]);
  });

  it("exports types of compiler and runtime under names that have one meaning each", () => {
    const places = new Map<string, string[]>();
    for (const { file, tree } of written) {
      if (layerOf(file) !== "compiler" && layerOf(file) !== "runtime") continue;
      for (const name of exportedTypes(tree)) places.set(name, [...(places.get(name) ?? []), file]);
    }
    expect([...places].filter(([, files]) => files.length > 1)).toEqual([]);
  });

  it("keeps no state in its module", () => {
    const wrong = offences((node) => {
      if (!ts.isVariableStatement(node) || !ts.isSourceFile(node.parent)) return undefined;
      return (node.declarationList.flags & ts.NodeFlags.Const) === 0 ? "let or var" : undefined;
    });
    expect(wrong).toEqual([]);
  });

  it("knows nothing of the standard library by name", () => {
    const folder = join(root, "compiler", "prelude");
    const texts = listFiles(folder).filter((path) => path.endsWith(".nn"));
    const declared = texts.flatMap((path) =>
      [
        ...readFileSync(path, "utf8").matchAll(
          /^(?:const|fn|init|layer|optimizer|projection) (\w+)/gm,
        ),
      ].map(([, name = ""]) => name),
    );
    expect(declared.length).toBeGreaterThan(100);
    // A node of graphs and a kind of lowering are called so too.
    const names = new Set(declared.filter((name) => name !== "constant" && name !== "identity"));
    const wrong = offences((node, { file }) => {
      if (!file.startsWith("compiler/") && !file.startsWith("grammar/")) return undefined;
      if (ts.isStringLiteralLike(node) && names.has(node.text)) return node.text;
      const isKey = ts.isPropertyAssignment(node) && ts.isIdentifier(node.name);
      return isKey && file.startsWith("compiler/analyze/") && names.has(node.name.getText())
        ? node.name.getText()
        : undefined;
    });
    expect(wrong).toEqual([]);
  });

  it("runs no text as code", () => {
    const wrong = offences((node) => {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
      const callee = node.expression.getText();
      return ["eval", "Function", "globalThis.eval", "globalThis.Function"].includes(callee)
        ? callee
        : undefined;
    });
    expect(wrong).toEqual([]);
  });

  it("says no more than it means: no any, no silenced rule without a reason", () => {
    const wrong = written.flatMap(({ file, text }) =>
      text
        .split("\n")
        .map((line, index) => ({ line, place: `${file}:${index + 1}` }))
        .filter(
          ({ line }) =>
            /@ts-(ignore|nocheck|expect-error)/.test(line) ||
            (line.includes("eslint-disable") && !line.includes("--")),
        )
        .map(({ place }) => place),
    );
    expect(wrong).toEqual([]);
  });
});
