// Takes WGSL that our printer wrote, gives the same shaders in fewer characters: short names, no spaces, values used once in their place.
import { inlineWgsl, isName } from "./inlineWgsl.js";
import { createNamer, type Namer } from "./likeNames.js";
import { isLineMark } from "./wgslWays.js";

/** Shaders of one file: they are named alike where they are alike. */
export function minifyShaders(shaders: readonly string[]): string[] {
  const namer = createNamer();
  return shaders.map((text) => {
    const texts = shortenStatements(shortenTypes(onOneLine(inlineWgsl(text))));
    return join(rename(withoutStorages(mergeConditions(withoutBlocks(texts))), namer));
  });
}

export function minifyWgsl(text: string): string {
  return minifyShaders([text]).join("");
}

/** Storages, which the runtime declares by the kernel's bindings, unless one has a type of its own (`half`, a fixed length), or directives have to come first. */
function withoutStorages(texts: readonly string[]): readonly string[] {
  const declaration =
    /@ group \( 0 \) @ binding \( \d+ \) var < storage , \w+ > \w+ : array < (?!half)\w+ > ; /g;
  const rest = `${texts.join(" ")} `.replace(declaration, "");
  const isWhole = rest.includes("< storage ,") || !rest.startsWith("@");
  return isWhole ? texts : rest.trim().split(" ");
}

/** What stands behind `//+` or `//*` in several lines (`wgslWays.ts`) does in one. */
function onOneLine(texts: readonly string[]): string[] {
  let mark: string | undefined;
  return texts.filter((text) => {
    const before = mark;
    if (isMark(text)) mark = text;
    return !isLineMark(text) || before !== text;
  });
}

function isMark(text: string): boolean {
  return text.startsWith("//");
}

const scalarLetters: Readonly<Record<string, string>> = { f32: "f", i32: "i", u32: "u" };

/** `vec4<f32>` has a name of its own. */
function shortenTypes(texts: readonly string[]): string[] {
  const short: string[] = [];
  for (let at = 0; at < texts.length; at++) {
    const [text = "", open, scalar = "", close] = texts.slice(at, at + 4);
    const letter = scalarLetters[scalar];
    const isVector = /^vec[234]$/.test(text) && open === "<" && close === ">" && letter;
    short.push(isVector ? `${text}${letter}` : text);
    if (isVector) at += 3;
  }
  return short;
}

/** `{{…}}` is one block. */
function withoutBlocks(texts: readonly string[]): string[] {
  const opened: number[] = [];
  const dropped = new Set<number>();
  const closedBy = new Map<number, number>();
  texts.forEach((text, at) => {
    if (text === "{") opened.push(at);
    if (text !== "}") return;
    const open = opened.pop() ?? at;
    closedBy.set(open, at);
    if (texts[open + 1] === "{" && closedBy.get(open + 1) === at - 1)
      dropped.add(open + 1).add(at - 1);
  });
  return texts.filter((_, at) => !dropped.has(at));
}

/** `var a: f32 = 0.0` tells its type twice; `a = a + b * c` its target. */
function shortenStatements(texts: readonly string[]): string[] {
  const short: string[] = [];
  let depth = 0;
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at] ?? "";
    if (text === "{") depth++;
    if (text === "}") depth--;
    short.push(text);
    if (depth > 0 && texts[at - 1] === "var" && texts[at + 1] === ":" && texts[at + 3] === "=")
      at += 2;
    const isSum = texts[at + 1] === "=" && texts[at + 2] === text && texts[at + 3] === "+";
    if (!isSum || !/^([;{}]|\/\/.)$/.test(texts[at - 1] ?? "") || !isTerm(texts, at + 4)) continue;
    short.push("+=");
    at += 3;
  }
  return short.map(shortNumber);
}

/** Whether nothing but a product stands from here to the end of the statement. */
function isTerm(texts: readonly string[], from: number): boolean {
  let depth = 0;
  for (let at = from; at < texts.length; at++) {
    const text = texts[at] ?? "";
    if (text === ";") return true;
    if (/^[([]$/.test(text)) depth++;
    if (/^[)\]]$/.test(text)) depth--;
    if (depth === 0 && !/^[\w.()[\]*]/.test(text)) return false;
  }
  return false;
}

function shortNumber(text: string): string {
  return /^\d+\.\d+/.test(text)
    ? text
        .replace(/^0(?=\.\d*[1-9])/, "")
        .replace(/^(\d+\.)0$/, "$1")
        .replace("e+", "e")
    : text;
}

/** `if(c){…}if(c){…}` is one, where c is a name: conditions are bound once. */
function mergeConditions(texts: readonly string[]): string[] {
  const merged: string[] = [];
  const open: string[] = [];
  for (let at = 0; at < texts.length; at++) {
    const text = texts[at] ?? "";
    if (text === "{") {
      const [word, , name, close] = texts.slice(at - 4, at);
      const isPlain = word === "if" && close === ")" && texts[at - 5] !== "else";
      open.push(isPlain && /^c\d+$/.test(name ?? "") ? (name ?? "") : "");
    }
    if (text === "}") {
      const condition = open.pop();
      const next = texts.slice(at + 1, at + 6).join("");
      if (condition !== "" && condition !== undefined && next === `if(${condition}){`) {
        open.push(condition);
        at += 5;
        continue;
      }
    }
    merged.push(text);
  }
  return merged;
}

/** What stands outside of functions, in one of them, or in a block of it. */
interface Scope {
  /** By the names of the source. */
  readonly names: Map<string, string>;
  readonly taken: Set<string>;
  readonly series: (index: number) => string;
  /** Of the series, all before are taken, here or around. */
  next: number;
}

function openScope(series: Scope["series"], next = 0): Scope {
  return { names: new Map(), taken: new Set(), series, next };
}

/** What stands outside of functions has names of its own kind, and the names of a block are free again behind it. */
function rename(texts: readonly string[], namer: Namer): string[] {
  const declared = outerNames(texts);
  const outer = openScope(outerName);
  for (const text of texts.filter(isBuffer)) addName(outer, text, bufferName(text));
  const scopes: Scope[] = [];
  const isFree = (name: string): boolean =>
    !outer.taken.has(name) && !scopes.some(({ taken }) => taken.has(name));
  const declare = (scope: Scope, text: string): string => {
    const fresh = (): string => {
      while (!isFree(scope.series(scope.next))) scope.next++;
      return scope.series(scope.next);
    };
    const name = namer.next({ kind: "declared", isFree, fresh });
    addName(scope, text, name);
    return name;
  };
  let isHead = false;
  return texts.map((text, at) => {
    const before = texts[at - 1];
    if (before === "fn") {
      scopes.push(openScope(shortName));
      isHead = true;
    }
    if (text === "{") {
      if (!isHead) scopes.push(openScope(shortName, scopes.at(-1)?.next));
      isHead = false;
    }
    if (text === "}") scopes.pop();
    const scope = scopes.at(-1);
    const isDeclared =
      ["let", "var"].includes(before ?? "") || (before !== ">" && texts[at + 1] === ":");
    if (scope && isDeclared && isName(text)) return declare(scope, text);
    const isForeign = foreign.has(before) || texts[at - 2] === "builtin";
    if (isForeign || !isName(text)) return namer.next({ kind: "word", as: text });
    const isCall = texts[at + 1] === "(";
    const known = isCall ? undefined : scopes.findLast(({ names }) => names.has(text));
    const as = known?.names.get(text) ?? outer.names.get(text);
    if (as !== undefined) return namer.next({ kind: "name", as });
    return declared.has(text) ? declare(outer, text) : namer.next({ kind: "word", as: text });
  });
}

function addName({ names, taken }: Scope, text: string, name: string): void {
  names.set(text, name);
  taken.add(name);
}

/** Functions, and variables that stand outside of them. */
function outerNames(texts: readonly string[]): ReadonlySet<string> {
  const isVariable = (at: number): boolean =>
    texts[at - 1] === ">" && [4, 6].some((before) => texts[at - before] === "var");
  return new Set(texts.filter((_, at) => isVariable(at) || texts[at - 1] === "fn"));
}

/** As the printer calls what stands at a binding. */
function isBuffer(text: string): boolean {
  return /^b\d+$/.test(text);
}

const bufferName = (text: string): string => text.replace("b", "_");

const outerName = (index: number): string => `_${shortName(index)}`;

/** What the language names follows these. */
const foreign = new Set<string | undefined>([".", "@", "enable", "requires"]);

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const following = "012345679ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** No word of the language is one letter, or a letter before a capital or a digit (but 8, of types to come). */
function shortName(index: number): string {
  if (index < letters.length) return letters.charAt(index);
  const rest = index - letters.length;
  const tail = Math.floor(rest / letters.length);
  const digits = tail < following.length ? following.charAt(tail) : `_${tail.toString(36)}`;
  return `${letters.charAt(rest % letters.length)}${digits}`;
}

/** A space stays where two tokens would become another one. */
function join(texts: readonly string[]): string {
  let joined = "";
  let last = "";
  for (const text of texts) {
    if (isMark(text) && !isLineMark(text)) {
      joined += `${text}\n`;
      last = "";
      continue;
    }
    const isWord = /\w/.test(last) && /^(\w|\.\d)/.test(text);
    const isSign = /[-+&|]/.test(last) && last === text.charAt(0);
    joined += isWord || isSign ? ` ${text}` : text;
    last = text.at(-1) ?? last;
  }
  return joined.replace(/,([)}])/g, "$1");
}
