// The fixtures and example programs in, each with one thing more that is right or one name that is wrong; that no second mistake is told of out.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check } from "../../compiler/compile.js";
import type { NameExpression, TensorType } from "../../grammar/ast.js";
import { parse } from "../../grammar/parse.js";
import { walk } from "../../compiler/analyze/calls/syntax.js";

const folder = import.meta.dirname;
const examples = join(folder, "../../examples/programs");

function diagnose(text: string, name: string, base: string) {
  const readImport = (path: string): string | undefined => {
    const file = join(base, path);
    return existsSync(file) ? readFileSync(file, "utf8") : undefined;
  };
  return check(text, { file: name, readImport }).diagnostics;
}

const nnFiles = (path: string): string[] => readdirSync(path).filter((name) => /\.nn$/.test(name));
const codesOf = (text: string, name: string): string[] => [
  ...new Set(diagnose(text, name, folder).map(({ code }) => code)),
];

const untrained = [...nnFiles(folder), ...nnFiles(join(folder, "syntax")).map((n) => `syntax/${n}`)]
  .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }))
  .filter(({ text }) => /^ *model \w/m.test(text) && !/^ *(train|search) /m.test(text));

describe("a train block behind a mistake", () => {
  const blocks = [
    "optimizer adam(lr: 1e-3)",
    "optimizer adam(lr: 1e-3) on weights\n  optimizer sgd(lr: 0.1) on biases, params",
  ];

  it.each(untrained)("of $name tells of nothing that the mistake hides", ({ name, text }) => {
    const model = /^ *model (\w+)/m.exec(text)?.[1] ?? "";
    const known = codesOf(text, name);
    const [all = "", some = ""] = blocks.map((block) => `${text}\ntrain ${model} {\n  ${block}\n}\n`);
    const fresh = codesOf(all, name).filter((code) => !known.includes(code));
    // A model without a loss cannot be trained, whatever else is wrong with it.
    expect(fresh).toEqual(/^ *loss (?!=)/m.test(text) || fresh.length === 0 ? [] : ["NN0508"]);
    const late = codesOf(some, name).filter((code) => !known.includes(code) && code !== "NN0508");
    // Selectors say what there is to select: models without parameters of a role have none.
    expect(late.filter((code) => code !== "NN0501")).toEqual([]);
  });
});

interface Use {
  readonly name: string;
  readonly start: number;
}

/** Every name that an expression uses; those in the shapes of inputs and signatures bind what they name. */
function usesIn(text: string): readonly Use[] {
  // What a search minimizes and draws from are words of its own.
  const declarations = parse({ name: "program.nn", text }).file.declarations.filter(
    ({ kind }) => kind !== "Search",
  );
  const shapes: unknown[] = [];
  walk(declarations, (node) => {
    if (!["Input", "Target", "Parameter", "ResultType"].includes(node.kind)) return;
    walk(node, (inner) => {
      if (inner.kind === "TensorType") shapes.push((inner as TensorType).dimensions);
    });
  });
  const binding = new Set(namesIn(shapes).map(({ start }) => start));
  return namesIn(declarations).filter(({ start }) => !binding.has(start));
}

function namesIn(tree: unknown): readonly Use[] {
  const found: Use[] = [];
  walk(tree, (node) => {
    if (node.kind !== "Name") return;
    const { name, span } = node as NameExpression;
    found.push({ name, start: span.start });
  });
  return found;
}

describe("one misspelt name", () => {
  it.each(nnFiles(examples))("in %s is told of once, where it is", (program) => {
    const text = readFileSync(join(examples, program), "utf8");
    for (const { name, start } of usesIn(text)) {
      const wrong = `${text.slice(0, start)}${name}_q${text.slice(start + name.length)}`;
      const told = diagnose(wrong, program, examples).map(
        ({ code, span }) => `${code} at ${span.start}: ${wrong.slice(span.start, span.end)}`,
      );
      expect(told).toEqual([`NN0201 at ${start}: ${name}_q`]);
    }
  });
});

describe("one misspelt type", () => {
  it.each(nnFiles(examples))("in %s is told of alone", (program) => {
    const text = readFileSync(join(examples, program), "utf8");
    const code = text.replace(/\/\/.*/g, (comment) => " ".repeat(comment.length));
    for (const { index } of code.matchAll(/(?<=: )(?:category|int)\b/g)) {
      const wrong = `${text.slice(0, index)}q${text.slice(index)}`;
      const told = diagnose(wrong, program, examples);
      expect(told.map((one) => `${one.code} at ${one.span.start}`)).toEqual([`NN0113 at ${index}`]);
    }
  });
});
