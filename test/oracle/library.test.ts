// The prelude's entries in; that the language's section 9 lists each of them, and that tests hold each to numbers made elsewhere, out.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createBuiltins } from "../../compiler/analyze/builtins/index.js";
import { walk } from "../../compiler/analyze/calls/syntax.js";
import { preludeFiles } from "../../compiler/prelude/prelude.generated.js";
import type {
  Argument,
  CallExpression,
  Expression,
  NameExpression,
  PipelineStage,
} from "../../grammar/ast.js";
import { parse } from "../../grammar/parse.js";
import { readRecords, runFiles, valueFiles } from "./records.js";

const declarations = preludeFiles.flatMap(
  ({ name, text }) => parse({ name, text }).file.declarations,
);
const declared = declarations.flatMap((one) => ("name" in one ? [one.name] : []));

/** Entries are what stands below a doc comment; the others are parts of them, which nobody is told of. */
const isEntry = (name: string): boolean =>
  declarations.some((one) => "name" in one && one.name === name && documentOf(one) !== undefined);
function documentOf(one: (typeof declarations)[number]): string | undefined {
  return "doc" in one ? one.doc : undefined;
}
const parts = declared.filter((name) => !isEntry(name));
const entries = declared.filter(isEntry);

/** The lists of section 9: `max_pool1d/2d/3d` are three names. */
function listedNames(): readonly string[] {
  const language = readFileSync(new URL("../../LANGUAGE.md", import.meta.url), "utf8");
  const [, section = ""] = /^## 9\..*\n([\s\S]*?)\n\*\*Definitions/m.exec(language) ?? [];
  const code = [...section.matchAll(/`([^`]*)`/g)].map(([, text = ""]) =>
    text.replace(/\(.*?\)/g, ""),
  );
  return code.flatMap((text) =>
    text.split(/[\s,()]+/).flatMap((word) => {
      const [first = "", ...others] = word.split("/");
      return [first, ...others.map((end) => first.slice(0, -end.length) + end)];
    }),
  );
}

/** Of the records. */
const programs = [...valueFiles, ...runFiles, "schedules" as const].flatMap((file) =>
  readRecords(file).map(({ source }) => source),
);

/** Names that the records' programs use. */
function namesInRecords(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const text of programs) {
    walk(parse({ name: "record.nn", text }).file, (node) => {
      if (node.kind === "Name") found.add((node as NameExpression).name);
    });
  }
  return found;
}

/** What draws has a distribution, not numbers: these tests call it and compare what it gives with closed forms. */
const [ofInitializers, ofDrawn, ofMixup, ofCarried] = [
  "initializers",
  "drawn",
  "mixup",
  "carried",
].map((name) => readFileSync(new URL(`./${name}.test.ts`, import.meta.url), "utf8")) as [
  string,
  string,
  string,
  string,
];

/** Calls in the strings of a test. */
const calledIn = (text: string): string[] =>
  [...text.matchAll(/"[^"\n]*"/g)].flatMap(([string]) =>
    [...string.matchAll(/\b(\w+)\(/g)].map(([, name = ""]) => name),
  );

interface Declared {
  readonly name: string;
  /** What it is where a call leaves it out. */
  readonly text: string | undefined;
}

/** By entry, in their order. */
const parametersOf = new Map<string, readonly Declared[]>(
  preludeFiles.flatMap(({ name, text }) =>
    parse({ name, text }).file.declarations.flatMap((one): [string, Declared[]][] => {
      if (!("parameters" in one)) return [];
      const own = one.parameters.map(({ name: parameter, default: value }) => ({
        name: parameter,
        text: value && text.slice(value.span.start, value.span.end),
      }));
      return [[one.name, own]];
    }),
  ),
);

/** Whole strings of a test that are calls, as programs: with what the test has before each. */
const programsOf = (text: string, before: string): string[] =>
  [...text.matchAll(/"((?:x \|> )?\w+\([^"\n]*\))"/g)].map(
    ([, call = ""]) => `model M {\n  input x: [batch]\n  output y = ${before}${call}\n}`,
  );

/** `entry(parameter)` for all that calls give, unless as the default has it. */
function givenIn(texts: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const text of texts) {
    const note = (callee: Expression, given: readonly Argument[], first: number): void => {
      if (callee.kind !== "Name") return;
      const parameters = parametersOf.get(callee.name) ?? [];
      given.forEach(({ name, value }, index) => {
        const parameter = parameters.find((one, at) =>
          name === undefined ? at === index + first : one.name === name,
        );
        const own = text.slice(value.span.start, value.span.end);
        if (parameter && own !== parameter.text) found.add(`${callee.name}(${parameter.name})`);
      });
    };
    walk(parse({ name: "record.nn", text }).file, (node) => {
      const { kind } = node;
      if (kind === "Call") {
        const { callee, arguments: given } = node as CallExpression;
        note(callee, given, 0);
      } else if (kind === "Stage") {
        const { callee, arguments: given } = node as unknown as PipelineStage;
        note(callee, given, 1);
      }
    });
  }
  return found;
}

describe("the standard library", () => {
  it("parses: of what has a mistake nothing below would be looked at", () => {
    expect(preludeFiles.flatMap((file) => parse(file).diagnostics)).toEqual([]);
  });

  it("is what section 9 lists, and the compiler's own", () => {
    const listed = listedNames();
    const known = [...declared, ...createBuiltins().keys()];
    expect(listed.length).toBeGreaterThan(100);
    expect(listed.filter((name) => !known.includes(name))).toEqual([]);
    expect(entries.filter((name) => !listed.includes(name))).toEqual([]);
  });

  it("declares each name once", () => {
    expect(declared.filter((name, index) => declared.indexOf(name) !== index)).toEqual([]);
  });

  it("has parts that its entries use", () => {
    const used = new Set<string>();
    walk(declarations, (node) => {
      if (node.kind === "Name") used.add((node as NameExpression).name);
    });
    expect(parts.length).toBeGreaterThan(10);
    expect(parts.filter((name) => !used.has(name))).toEqual([]);
  });

  it("says of each entry what goes in and comes out, and the formula or what it does", () => {
    // These work on a parameter, or on none, in the shape that is there.
    const shapeless = ["Init", "Optimizer", "Projection", "Const"];
    const schedules = preludeFiles.find(({ name }) => name.endsWith("schedules.nn"));
    const ofSchedules = schedules ? parse(schedules).file.declarations : [];
    const wrong = declarations.flatMap((one) => {
      const doc = documentOf(one);
      if (doc === undefined || !("name" in one)) return [];
      const isShapeless =
        shapeless.includes(one.kind) ||
        ofSchedules.some((other) => "name" in other && other.name === one.name);
      const says = isShapeless ? doc.length > 10 : /^[^:]*\bto\b[^:]*: \S[\s\S]{9}/.test(doc);
      return says ? [] : [one.name];
    });
    expect(wrong).toEqual([]);
  });

  it("is held to numbers made elsewhere, every entry of it", () => {
    const held = new Set([
      ...namesInRecords(),
      ...[ofInitializers, ofDrawn, ofMixup].flatMap(calledIn),
    ]);
    const constants = declarations.flatMap((one) => (one.kind === "Const" ? [one.name] : []));
    const left = entries.filter((name) => !held.has(name) && !constants.includes(name));
    expect(left).toEqual([]);
  });

  it("is held to them with other values than the defaults, every parameter of it", () => {
    const held = givenIn([
      ...programs,
      ...programsOf(ofInitializers, ""),
      ...programsOf(ofDrawn, "x |> "),
      ...programsOf(ofMixup, ""),
      ...programsOf(ofCarried, "x |> "),
    ]);
    const optional = entries.flatMap((entry) =>
      (parametersOf.get(entry) ?? []).flatMap(({ name, text }) =>
        text ? [`${entry}(${name})`] : [],
      ),
    );
    expect(optional.length).toBeGreaterThan(100);
    expect(optional.filter((one) => !held.has(one))).toEqual([]);
  });

  it("has constants of all digits", () => {
    const values = declarations.flatMap((one) =>
      one.kind === "Const" && one.value.kind === "Float" ? [[one.name, one.value.value]] : [],
    );
    expect(values).toEqual([["pi", Math.PI]]);
  });
});
