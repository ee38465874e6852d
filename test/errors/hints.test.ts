// The fixtures of this folder and the compiler's own texts in; that the code which their hints tell to write can be written out.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createBuiltins } from "../../compiler/analyze/builtins/index.js";
import { walk } from "../../compiler/analyze/calls/syntax.js";
import { check, compile } from "../../compiler/compile.js";
import { preludeFiles } from "../../compiler/prelude/prelude.generated.js";
import type { Argument, CallExpression, Expression, PipelineStage } from "../../grammar/ast.js";
import { parse } from "../../grammar/parse.js";

const root = join(import.meta.dirname, "../..");

/** A piece of code that a text names, and all that its reader sees beside it. */
interface Advice {
  readonly code: string;
  readonly text: string;
  /** The program that it is told of; nothing where the text stands in the compiler. */
  readonly program: string;
}

const codesOf = (text: string): string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);

function fixtures(folder: string): Advice[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".nn"));
  return names.flatMap((name) => {
    const program = readFileSync(join(folder, name), "utf8");
    const readImport = (path: string): string | undefined => {
      const file = join(folder, path);
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    };
    const run = folder.endsWith("/compile") ? compile : check;
    const { diagnostics } = run(program, { file: name, readImport });
    return diagnostics.flatMap(({ hint: text = "" }) =>
      codesOf(text).map((code) => ({ code, text, program })),
    );
  });
}

/** Hints that stand whole in the compiler, whether or not a fixture meets them. */
function written(): Advice[] {
  const files = ["compiler/analyze", "grammar"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(root, folder, name)),
  );
  return files.flatMap((file) => {
    const source = readFileSync(file, "utf8").replace(/^\s*(?:\/\/|\/?\*).*/gm, "");
    const strings = [...source.matchAll(/"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'/g)];
    return strings.flatMap(([, double, single]) => {
      const text = double ?? single ?? "";
      return codesOf(text).map((code) => ({ code, text, program: "" }));
    });
  });
}

const folders = ["", "syntax", "compile"].map((name) => join(import.meta.dirname, name));
const advice = distinct([...folders.flatMap(fixtures), ...written()]);

function distinct(all: readonly Advice[]): readonly Advice[] {
  return [...new Map(all.map((one) => [`${one.code} ${one.text}`, one])).values()];
}

/** Where a piece of code may stand: as a whole, or as what its first sign says it is a part of. */
const places: readonly ((code: string) => string)[] = [
  (code) => `const q = ${code}`,
  (code) => code,
  (code) => `model M { ${code} }`,
  (code) => `layer q(x: [n]) { ${code} return x }`,
  (code) => `layer q(x: [n]) { ${code} }`,
  (code) => `optimizer q() { ${code} w <- w }`,
  (code) => `optimizer q() { ${code} }`,
  (code) => `train M { ${code} }`,
  (code) => `train M { freeze ${code} }`,
  (code) => `search M { ${code} }`,
  (code) => `fn q(x: ${code}) = x`,
  (code) => `fn q(${code}) = x`,
  (code) => `const q = f(${code})`,
  (code) => `model M { weight W: [4] ${code} }`,
  (code) => `const q = scan x_t in x { ${code} yield 1 }`,
  (code) => `const q = scan x_t in x { ${code} }`,
  (code) => `const q = ${code} { yield 1 }`,
  (code) => `const q = a ${code}`,
  (code) => `const q = ${code} then a else b`,
  (code) => `const q = if a then b ${code}`,
  (code) => `const q = ${code} else b`,
  (code) => `layer q(x: [n]) { if a { } ${code} b { } return x }`,
  (code) => `fn q(x) ${code}`,
  (code) => `const q = [${code}]`,
];

/** What stands for the reader's own code, in the same way. */
const ellipses = ["x", "1", "return x", "", "x: [n]", "loss x", "f(x)", "output y = x", "optimizer f(1)"];

const parses = (text: string): boolean => parse({ name: "advice.nn", text }).diagnostics.length === 0;

const programs = new Map<string, string | undefined>();

/** The program that a piece of code makes, once there is a place where it can stand. */
function programOf(code: string): string | undefined {
  if (programs.has(code)) return programs.get(code);
  const fillings = code.includes("…") ? ellipses : [""];
  const program = places
    .flatMap((place) => fillings.map((own) => place(code.replaceAll("…", own))))
    .find(parses);
  programs.set(code, program);
  return program;
}

/** A word, a sign, an option or a command: what it is a part of is not said. */
const isFragment = (code: string): boolean =>
  /^(?:\w+:?|[^\w\s]+|\\.+|--\w+.*|nnc .+)$/.test(code);

interface Signature {
  /** Names as declared, and whether a call has to give each. */
  readonly parameters: readonly { readonly name: string; readonly required: boolean }[];
  readonly layer: boolean;
}

const declarations = preludeFiles.flatMap(({ name, text }) => parse({ name, text }).file.declarations);
const signatures = new Map<string, Signature>();
for (const { name, parameters } of createBuiltins().values()) {
  const own = parameters.map((one) => ({
    name: one.replace("?", ""),
    required: !one.endsWith("?"),
  }));
  signatures.set(name, { parameters: own, layer: false });
}
for (const declared of declarations) {
  if (!("parameters" in declared)) continue;
  const own = declared.parameters.map((one) => ({
    name: one.name,
    required: one.default === undefined,
  }));
  signatures.set(declared.name, { parameters: own, layer: declared.kind === "Layer" });
}

/** What a call gives that its callee does not take, or leaves out that it needs; `first` is given from elsewhere. */
function misfit(name: string, given: readonly Argument[], first: boolean): string | undefined {
  const signature = signatures.get(name);
  if (signature === undefined) return undefined;
  const { parameters, layer } = signature;
  const open = new Map(parameters.slice(first ? 1 : 0).map((one) => [one.name, one.required]));
  if (layer) for (const own of ["name", "training"]) open.set(own, false);
  for (const argument of given) {
    const next = argument.name ?? open.keys().next().value ?? "";
    if (!open.delete(next)) return `${name} takes no ${next === "" ? "more" : next}`;
  }
  const left = [...open].filter(([, required]) => required).map(([own]) => own);
  return left.length === 0 ? undefined : `${name} needs ${left.join(", ")}`;
}

interface Use {
  readonly name: string;
  readonly misfit: string | undefined;
}

/** Every call that a piece of code holds; of one that leaves its arguments to the reader the name alone is held to anything. */
function callsIn(code: string): Use[] {
  const found: Use[] = [];
  const use = (callee: Expression, given: readonly Argument[], piped: boolean): void => {
    if (callee.kind !== "Name") return;
    const { name } = callee;
    // `l2(1e-4) on weights` and "a layer like `dense(10)`" leave out what they work on.
    const wrong = misfit(name, given, piped) && misfit(name, given, true);
    found.push({ name, misfit: code.includes("…") ? undefined : wrong });
  };
  walk(parse({ name: "advice.nn", text: programOf(code) ?? "" }).file, (node) => {
    if (node.kind === "Call") {
      const call = node as CallExpression;
      use(call.callee, call.arguments, false);
    } else if (node.kind === "Stage") {
      const stage = node as PipelineStage;
      use(stage.callee, stage.arguments, true);
    }
  });
  return found;
}

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.match(/\w+/g));
const language = wordsOf(readFileSync(join(root, "LANGUAGE.md"), "utf8"));
const parameterNames = new Set(
  [...signatures.values()].flatMap(({ parameters }) => parameters.map(({ name }) => name)),
);

/** Whether a reader can know a word: the language's, the library's, or one of their own program. */
function isKnown(word: string, { program }: Advice): boolean {
  if (signatures.has(word) || parameterNames.has(word)) return true;
  if (language.has(word)) return true;
  const own = wordsOf(program);
  return own.has(word) || own.has(word.replace(/_$/, ""));
}

const told = ({ code, text }: Advice, wrong: string): string => `${wrong}: \`${code}\` in "${text}"`;

describe("code in hints", () => {
  it("is found", () => {
    expect(new Set(advice.map(({ code }) => code)).size).toBeGreaterThan(150);
  });

  it("can be written", () => {
    const wrong = advice.filter(({ code }) => !isFragment(code) && programOf(code) === undefined);
    expect(wrong.map((one) => told(one, "does not parse"))).toEqual([]);
  });

  it("calls what there is, with the arguments that it takes", () => {
    const wrong = advice.flatMap((one) =>
      callsIn(one.code).flatMap((use) => {
        if (use.misfit !== undefined) return [told(one, use.misfit)];
        return isKnown(use.name, one) ? [] : [told(one, `there is no ${use.name}`)];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it("names what there is", () => {
    const words = advice.filter(({ code }) => /^[A-Za-z]\w*$/.test(code));
    const wrong = words.filter((one) => !isKnown(one.code, one));
    expect(wrong.map((one) => told(one, "is not known"))).toEqual([]);
  });

  it("is held to all of this", () => {
    expect(programOf("fitted middle: [4]")).toBeUndefined();
    expect(callsIn("x |> dense(rate: 1)")).toEqual([
      { name: "dense", misfit: "dense takes no rate" },
    ]);
    expect(callsIn("huber()")).toEqual([{ name: "huber", misfit: "huber needs target" }]);
    const gelux = { code: "gelux", text: "", program: "x |> gelu" };
    expect(isKnown("gelux", gelux)).toBe(false);
  });
});
