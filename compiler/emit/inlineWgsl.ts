// Takes WGSL that our printer wrote, gives its tokens, values that are used once in their place.

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
  /** Whether all its uses are in the loop that it is bound in. */
  isNear: boolean;
}

type Strength = "atom" | "product" | "sum" | "loose";

interface Shader {
  readonly tokens: readonly Token[];
  readonly bindings: ReadonlyMap<string, LetBinding>;
  /** Names that never change: of lets, loop counters and parameters, none of them declared anew. */
  readonly fixed: ReadonlySet<string>;
  /** Where other names are given values. */
  readonly changes: ReadonlyMap<string, readonly number[]>;
  readonly integers: ReadonlySet<string>;
  /** Bound values that stand where they are used. */
  readonly inlined: Map<string, { readonly strength: Strength; readonly loads: boolean }>;
}

const pattern =
  /\/\/(?![-+=*<>])[^\n]*|\s+|(\/\/[-+=*<>]|0[xX][\da-fA-F]+u?|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[uif]?|[A-Za-z_]\w*|->|\+\+|--|&&|\|\||<<|>>|[-+*/%&|^<>=!]=|[^\s])/g;

export function inlineWgsl(text: string): string[] {
  const tokens = withLoops(
    [...text.matchAll(pattern)].flatMap(([, token]) => (token === undefined ? [] : [token])),
  );
  return printTokens(inlineValues(tokens));
}

export function isName(text: string | undefined): boolean {
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
  const changes = findChanges(tokens);
  const shader: Shader = { tokens, bindings, fixed, changes, integers, inlined: new Map() };
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
      (bound.uses === 1 || isAlias(shader, expression)) &&
      bound.isNear &&
      // Where quads load together, or subgroups meet, all of them are to come.
      !expression.some((text) => /^(quad_|subgroup)/.test(text)) &&
      expression.every((text, at) => staysEqual(shader, text, expression, at, bound)) &&
      // A sum of floats stays a statement of its own: drivers may fuse within expressions only.
      (isInteger || strength === "atom" || isWhole(tokens, bound.use)) &&
      !(loads && effects[bound.to] !== effects[beforeStore(tokens, bound.use)]);
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
      bindings.set(name, {
        from: at + 3,
        to: endOf(tokens, at),
        loop,
        uses: 0,
        use: 0,
        isNear: true,
      });
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
    bound.isNear &&= tokens[at]?.loop === bound.loop;
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

/** Whether a bound value is a name itself, of what does not depend on how its parts are read. */
function isAlias({ fixed }: Shader, expression: readonly string[]): boolean {
  return expression.length === 1 && fixed.has(expression[0] ?? "");
}

/** Whether a token of a bound value means the same where that is used. */
function staysEqual(
  { fixed, changes }: Shader,
  text: string,
  expression: readonly string[],
  at: number,
  { to, use }: LetBinding,
): boolean {
  const [before, after] = [expression[at - 1], expression[at + 1]];
  if (!isName(text) || before === "." || fixed.has(text)) return true;
  if (after === "(" || after === "[" || after === "<") return true;
  const places = changes.get(text);
  return places !== undefined && !places.some((place) => place > to && place < use);
}

/** By name, where variables of functions are given values. */
function findChanges(tokens: readonly Token[]): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, number[]>();
  const text = (at: number): string => tokens[at]?.text ?? "";
  tokens.forEach(({ text: word }, at) => {
    // Those outside of functions have types in brackets before their names.
    if (word === "var" && isName(text(at + 1)))
      found.set(text(at + 1), found.get(text(at + 1)) ?? []);
    const next = text(at + 1) === "." ? at + 3 : at + 1;
    if (/^(=|[-+*/%&|^]=|\+\+|--)$/.test(text(next))) found.get(word)?.push(at);
  });
  return found;
}

/** `b[j] = name;` reads before it stores. */
function beforeStore(tokens: readonly Token[], use: number): number {
  return isWhole(tokens, use) && tokens[use - 2]?.text === "]" ? use - 2 : use;
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

/** `if (name)`, and `… = name;`: nothing is computed from it there. */
function isWhole(tokens: readonly Token[], use: number): boolean {
  const [word, before, after] = [use - 2, use - 1, use + 1].map((at) => tokens[at]?.text);
  return (word === "if" && before === "(" && after === ")") || (before === "=" && after === ";");
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
