// Takes WGSL that our printer wrote, gives the same shader in fewer characters: short names, no spaces, values used once in their place.
import { inlineWgsl, isName } from "./inlineWgsl.js";

export function minifyWgsl(text: string): string {
  const texts = shortenStatements(shortenTypes(inlineWgsl(text)));
  return join(rename(mergeConditions(withoutBlocks(texts))));
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
    if (!isSum || !/^[;{}]$/.test(texts[at - 1] ?? "") || !isTerm(texts, at + 4)) continue;
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

/** Names that stand in a function, or in a block of it, and how many are taken there. */
interface Scope {
  readonly names: Map<string, string>;
  taken: number;
}

/**
 * Names by order of their declaration, so that shaders alike stay alike: what stands outside of functions has names of its own
 * kind, and the names of a block are free again behind it.
 */
function rename(texts: readonly string[]): string[] {
  const outer = outerNames(texts);
  const scopes: Scope[] = [];
  let isHead = false;
  return texts.map((text, at) => {
    const before = texts[at - 1];
    if (before === "fn") {
      scopes.push({ names: new Map(), taken: 0 });
      isHead = true;
    }
    if (text === "{") {
      if (!isHead) scopes.push({ names: new Map(), taken: scopes.at(-1)?.taken ?? 0 });
      isHead = false;
    }
    if (text === "}") scopes.pop();
    const scope = scopes.at(-1);
    const isDeclared =
      ["let", "var"].includes(before ?? "") || (before !== ">" && texts[at + 1] === ":");
    if (scope && isDeclared && isName(text)) scope.names.set(text, shortName(scope.taken++));
    const isCall = texts[at + 1] === "(" && !outer.has(text);
    if (isCall || foreign.has(before) || texts[at - 2] === "builtin") return text;
    const known = scopes.findLast(({ names }) => names.has(text));
    return known?.names.get(text) ?? outer.get(text) ?? text;
  });
}

/** Functions, and variables that stand outside of them. */
function outerNames(texts: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  texts.forEach((text, at) => {
    const isVariable =
      texts[at - 1] === ">" && [4, 6].some((before) => texts[at - before] === "var");
    if ((isVariable || texts[at - 1] === "fn") && !names.has(text))
      names.set(text, `_${shortName(names.size)}`);
  });
  return names;
}

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
    const isWord = /\w/.test(last) && /^(\w|\.\d)/.test(text);
    const isSign = /[-+&|]/.test(last) && last === text.charAt(0);
    joined += isWord || isSign ? ` ${text}` : text;
    last = text.at(-1) ?? last;
  }
  return joined.replace(/,([)}])/g, "$1");
}
