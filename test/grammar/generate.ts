// A generator of random numbers comes in; the text of a random program, correct in its syntax, goes out.

import type { Random } from "./random.js";

const names = ["x", "y", "loss", "state", "batch", "input", "on", "new", "where", "W", "optimizer"];
const operators = ["+", "-", "*", "/", "%", "@", "^", "==", "<", "and", "or"];

function name(random: Random): string {
  return random.pick(names);
}

function list(random: Random, most: number, make: () => string): string {
  return Array.from({ length: random.below(most + 1) }, make).join(", ");
}

/** An expression, every operand in parentheses, so that the text says exactly which tree is meant. */
export function expression(random: Random, depth: number): string {
  if (depth <= 0) return random.pick([name(random), "1_000", "0.5", "1e-3", "true", '"a\\n"']);
  const inner = (): string => expression(random, depth - 1 - random.below(2));
  const group = (): string => `(${inner()})`;
  const argument = (): string => inner();
  const named = (): string => `${name(random)}: ${inner()}`;
  const kinds: (() => string)[] = [
    () => `${group()} ${random.pick(operators)} ${group()}`,
    () => `-${group()}`,
    () => `not ${group()}`,
    () => `if ${inner()} then ${inner()} else ${group()}`,
    () =>
      `f(${[list(random, 2, argument), list(random, 2, named)].filter((one) => one !== "").join(", ")})`,
    () =>
      `${group()}[${random.pick([":", "...", "new", `${inner()}:`, `::${inner()}`, inner()])}, ${inner()}]`,
    () => `${group()}.member`,
    () => `[${list(random, 3, () => random.pick([inner(), `...${inner()}`]))}]`,
    () => `${group()} |> m.f(${list(random, 2, argument)}) |> relu`,
    () =>
      `scan t, u in ${inner()}, ${inner()} along ${inner()}, reverse: true { ${block(random, depth - 2, "yield")} }`,
  ];
  return random.pick(kinds)();
}

function type(random: Random, depth: number): string {
  const dimension = (): string =>
    random.pick(["batch", "n", "2 * n", "...rest", expression(random, depth)]);
  return `${random.pick(["", "f16", "bool", "category(3)"])}[${list(random, 3, dimension)}]`;
}

function statement(random: Random, depth: number): string {
  const value = (): string => expression(random, depth);
  const kinds: (() => string)[] = [
    () => `${name(random)} = ${value()}`,
    () => `a, _ = ${value()}`,
    () => `z: ${type(random, depth - 1)} = ${value()}`,
    () => `keep: ${type(random, depth - 1)} ~ ${value()}`,
    () => `m <- ${value()}`,
    () => `h, _, c <- ${value()}`,
    () => `weight W: ${type(random, depth - 1)} ~ ${value()}`,
    () => `bias b: ${type(random, depth - 1)} = ${value()}`,
    () => `state s = ${value()}`,
    () => `shared e = ${value()}`,
    () => `regularize ${value()}`,
    () => `fn local(t, u = ${value()}) = ${value()} where k = ${value()}, l = 1`,
  ];
  if (depth > 0) {
    kinds.push(
      () =>
        `if ${value()} { ${block(random, depth - 1)} } else if y { } else { ${block(random, depth - 1)} }`,
      () => `for i in ${value()} { ${block(random, depth - 1)} }`,
    );
  }
  return random.pick(kinds)();
}

function block(random: Random, depth: number, last?: string): string {
  const statements = Array.from({ length: random.below(3) }, () => statement(random, depth));
  if (last !== undefined) statements.push(`${last} ${expression(random, depth)}`);
  return statements.join(random.pick(["\n", "  ", "\n\n\n"]));
}

/** A layer with a body of random statements. */
export function program(random: Random): string {
  const depth = 1 + random.below(4);
  const parameters = list(random, 3, () => random.pick(["x", "y: int", "z: [...s] = 1"]));
  return `layer f(${parameters}) {\n${block(random, depth, "return")}\n}\n`;
}
