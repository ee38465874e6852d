// Takes WGSL that our printer wrote, gives the same shader in fewer characters: short names, no spaces, values used once in their place.

/** A token of the shader, with the innermost loop that it stands in. */
interface Token {
  readonly text: string;
  readonly loop: number;
}

/** A value bound by `let`, as tokens `from` up to `to`. */
interface LetBinding {
  readonly from: number;
  readonly to: number;
  readonly loop: number;
  uses: number;
  /** Where it was used last. */
  use: number;
}

type Strength = "atom" | "product" | "sum" | "loose";

interface Shader {
  readonly tokens: readonly Token[];
  readonly bindings: ReadonlyMap<string, LetBinding>;
  /** Names that never change: of lets, loop counters and parameters, none of them declared anew. */
  readonly fixed: ReadonlySet<string>;
  readonly integers: ReadonlySet<string>;
  /** Bound values that stand where they are used. */
  readonly inlined: Map<string, { readonly strength: Strength; readonly loads: boolean }>;
}

const pattern =
  /\/\/[^\n]*|\s+|(0[xX][\da-fA-F]+u?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[uif]?|[A-Za-z_]\w*|->|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^<>=!]=|[^\s])/g;

export function minifyWgsl(text: string): string {
  const tokens = withLoops(
    [...text.matchAll(pattern)].flatMap(([, token]) => (token === undefined ? [] : [token])),
  );
  const shader = inlineValues(tokens);
  return join(rename(mergeConditions(shortenStatements(printTokens(shader)))));
}

function isName(text: string | undefined): boolean {
  return text !== undefined && /^[A-Za-z_]/.test(text);
}

/** Numbers every loop, its head included. */
function withLoops(texts: readonly string[]): Token[] {
  const open: { readonly loop: number; readonly depth: number }[] = [];
  let loops = 0;
  let depth = 0;
  return texts.map((text) => {
    if (["for", "while", "loop"].includes(text)) open.push({ loop: ++loops, depth });
    const loop = open.at(-1)?.loop ?? 0;
    if (text === "{") depth++;
    if (text === "}" && --depth === open.at(-1)?.depth) open.pop();
    return { text, loop };
  });
}

function inlineValues(tokens: readonly Token[]): Shader {
  const { bindings, fixed } = readDeclarations(tokens);
  const effects = countEffects(tokens);
  const integers = new Set<string>();
  const shader: Shader = { tokens, bindings, fixed, integers, inlined: new Map() };
  addCounters(shader, integers);
  for (const [name, bound] of bindings) {
    const expression = tokens.slice(bound.from, bound.to).map(({ text }) => text);
    const isInteger = isIntegral(expression, integers);
    if (isInteger) integers.add(name);
    const strength = strengthOf(shader, expression);
    const loads = expression.some(
      (text, at) =>
        (expression[at + 1] === "[" && text !== "words" && text !== "given") ||
        shader.inlined.get(text)?.loads,
    );
    const mayMove =
      bound.uses === 1 &&
      bound.loop === tokens[bound.use]?.loop &&
      // Where quads load together, all of a quad are to come.
      !expression.some((text) => text.startsWith("quad_")) &&
      expression.every((text, at) =>
        staysEqual(text, expression[at - 1], expression[at + 1], fixed),
      ) &&
      // A sum of floats stays a statement of its own: drivers may fuse within expressions only.
      (isInteger || strength === "atom" || isCondition(tokens, bound.use)) &&
      !(loads && effects[bound.to] !== effects[bound.use]);
    if (mayMove) shader.inlined.set(name, { strength, loads });
  }
  return shader;
}

function readDeclarations(tokens: readonly Token[]): Pick<Shader, "bindings" | "fixed"> {
  const bindings = new Map<string, LetBinding>();
  const declared = new Map<string, number>();
  const changing = new Set<string>();
  const text = (at: number): string => tokens[at]?.text ?? "";
  tokens.forEach(({ text: word, loop }, at) => {
    const name = text(at + 1);
    const isParameter = text(at + 1) === ":" && isName(word) && text(at - 1) !== "var";
    if (word === "let") {
      bindings.set(name, { from: at + 3, to: endOf(tokens, at), loop, uses: 0, use: 0 });
    }
    if (word === "let" || word === "var") declared.set(name, (declared.get(name) ?? 0) + 1);
    else if (isParameter) declared.set(word, (declared.get(word) ?? 0) + 1);
    if (word === "var" && text(at - 2) !== "for") changing.add(name);
  });
  tokens.forEach(({ text: name }, at) => {
    const bound = bindings.get(name);
    if (!bound || at === bound.from - 2 || text(at - 1) === ".") return;
    bound.uses++;
    bound.use = at;
  });
  for (const [name, times] of declared) {
    if (times > 1) bindings.delete(name);
  }
  const fixed = new Set([...declared.keys()].filter((name) => !changing.has(name)));
  return { bindings, fixed };
}

/** Where the statement ends that a token stands in. */
function endOf(tokens: readonly Token[], at: number): number {
  let end = at;
  while (end < tokens.length && tokens[end]?.text !== ";") end++;
  return end;
}

/** Counters of loops are integers. */
function addCounters({ tokens }: Shader, integers: Set<string>): void {
  tokens.forEach(({ text }, at) => {
    if (text === "for") integers.add(tokens[at + 3]?.text ?? "");
  });
}

/** Whole numbers wrap around: sums of them are the same in any order. */
function isIntegral(expression: readonly string[], integers: ReadonlySet<string>): boolean {
  if (expression[0] === "i32" && closes(expression, 1) === expression.length - 1) return true;
  return expression.every(
    (text) => /^(\d+u?|[-+*/%(),]|min|max)$/.test(text) || integers.has(text),
  );
}

/** Where the bracket at a position is closed. */
function closes(expression: readonly string[], open: number): number {
  let depth = 0;
  for (let at = open; at < expression.length; at++) {
    if (/^[([]$/.test(expression[at] ?? "")) depth++;
    if (/^[)\]]$/.test(expression[at] ?? "") && --depth === 0) return at;
  }
  return -1;
}

/** Whether a token means the same wherever its value is used. */
function staysEqual(
  text: string,
  before: string | undefined,
  after: string | undefined,
  fixed: ReadonlySet<string>,
): boolean {
  if (!isName(text) || before === ".") return true;
  return after === "(" || after === "[" || after === "<" || fixed.has(text);
}

/** How many tokens before each position change what a load may give. */
function countEffects(tokens: readonly Token[]): Uint32Array {
  const counts = new Uint32Array(tokens.length + 1);
  tokens.forEach(({ text }, at) => {
    const next = tokens[at + 1]?.text ?? "";
    const stores = text === "]" && next !== "==" && /^(=|.=|\+\+|--)$/.test(next);
    counts[at + 1] = (counts[at] ?? 0) + Number(stores || text.endsWith("Barrier"));
  });
  return counts;
}

/** `if (name)` */
function isCondition(tokens: readonly Token[], use: number): boolean {
  const [before, open, close] = [use - 2, use - 1, use + 1].map((at) => tokens[at]?.text);
  return before === "if" && open === "(" && close === ")";
}

/** How tightly an expression binds. */
function strengthOf({ inlined }: Shader, expression: readonly string[]): Strength {
  const [only] = expression;
  if (expression.length === 1) return inlined.get(only ?? "")?.strength ?? "atom";
  let depth = 0;
  let found: Strength = "atom";
  expression.forEach((text, at) => {
    if (/^[([]$/.test(text)) depth++;
    if (/^[)\]]$/.test(text)) depth--;
    if (depth > 0 || /^[\w.()[\]]/.test(text)) return;
    if (/^[*/%]$/.test(text)) found = found === "atom" ? "product" : found;
    else if (/^[-+]$/.test(text) && at > 0) found = found === "loose" ? found : "sum";
    else found = "loose";
  });
  return found;
}

/** Whether an expression may stand between its neighbours without parentheses. */
function standsAlone(strength: Strength, isInteger: boolean, left: string, right: string): boolean {
  const leftEnd = /^([([,=;]|return)$/.test(left);
  const rightEnd = /^[)\],;]$/.test(right);
  if (strength === "atom" || (leftEnd && rightEnd)) return true;
  if (!isInteger || strength === "loose") return false;
  const leftMost = leftEnd || /^([<>]=?|[!=]=|\+)$/.test(left);
  const rightMost = rightEnd || /^([<>]=?|[!=]=|[-+])$/.test(right);
  if (strength === "sum") return leftMost && rightMost;
  return (leftMost || left === "-") && (rightMost || /^[*/%]$/.test(right));
}

function printTokens(shader: Shader): string[] {
  const { tokens, bindings, inlined, integers } = shader;
  const print = (from: number, to: number): string[] => {
    const texts: string[] = [];
    for (let at = from; at < to; at++) {
      const text = tokens[at]?.text ?? "";
      if (text === "let" && inlined.has(tokens[at + 1]?.text ?? "")) {
        at = bindings.get(tokens[at + 1]?.text ?? "")?.to ?? at;
        continue;
      }
      const value = tokens[at - 1]?.text === "." ? undefined : inlined.get(text);
      const bound = bindings.get(text);
      if (!value || !bound) {
        texts.push(text);
        continue;
      }
      const [left = "", right = ""] = [tokens[at - 1]?.text, tokens[at + 1]?.text];
      const inner = print(bound.from, bound.to);
      const bare = standsAlone(value.strength, integers.has(text), left, right);
      texts.push(...(bare ? inner : ["(", ...inner, ")"]));
    }
    return texts;
  };
  return print(0, tokens.length);
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
