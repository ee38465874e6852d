// The functions that the compiler knows in; that section 4 of the language names each with its parameters and defaults out.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createBuiltins } from "../compiler/analyze/builtins/index.js";
import { distributions, primitives } from "../compiler/ops/primitives.js";

const language = readFileSync(new URL("../LANGUAGE.md", import.meta.url), "utf8");
const [, section = ""] = /^\*\*Primitives\*\*([\s\S]*?)^\*\*/m.exec(language) ?? [];
const code = [...section.matchAll(/`([^`]*)`/g)].map(([, text = ""]) => text);
const known = [...createBuiltins().values()];

/** `sum(x, axis?, keep = false)` as the compiler has it; `undefined` where the default is made from the other arguments. */
function signatureOf(name: string, parameters: readonly string[]): string {
  const own = primitives[name] ?? Object.entries(distributions).find(([one]) => one === name)?.[1];
  const defaults = new Map(own?.parameters.map((one) => [one.name, one.default]));
  const texts = parameters.map((parameter) => {
    const value = defaults.get(parameter.replace("?", ""));
    return value === undefined
      ? parameter
      : `${parameter.replace("?", "")} = ${JSON.stringify(value)}`;
  });
  return `${name}(${texts.join(", ")})`;
}

/** Those whose parameters are told once for a family, and those of one tensor, stand in lists of names. */
const families: Readonly<Record<string, readonly string[]>> = {
  sum: ["mean", "prod", "max", "min", "any", "all", "argmax", "argmin"],
  cumsum: ["cummax", "cummin", "cumprod", "cumlogsumexp"],
};
const isOfFamily = (name: string): boolean =>
  Object.values(families).some((names) => names.includes(name));

/** Its defaults are the analysis' own. */
const asWritten: Readonly<Record<string, string>> = {
  plateau: "plateau(factor = 0.1, patience = 10)",
};

describe("section 4 of the language", () => {
  it("names every function that a program can call, and no other", () => {
    const listed = new Set(
      code.filter((text) => /^[a-z0-9_ ]+$/.test(text)).flatMap((text) => text.split(" ")),
    );
    const signed = new Set(
      code.flatMap((text) => /^(?:\w+, \w+ = )?(\w+)\(/.exec(text)?.[1] ?? []),
    );
    const names = known.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(70);
    expect(names.filter((name) => !listed.has(name) && !signed.has(name))).toEqual([]);
    expect([...signed].filter((name) => !names.includes(name))).toEqual([]);
  });

  it("has their parameters and defaults", () => {
    const wanted = known
      .filter(({ name }) => !isOfFamily(name))
      .map(({ name, parameters }) => asWritten[name] ?? signatureOf(name, parameters))
      .filter((text) => !text.endsWith("(x)"));
    expect(wanted.length).toBeGreaterThan(40);
    expect(wanted.filter((text) => !code.some((one) => one.endsWith(text)))).toEqual([]);
  });

  it.each(Object.entries(families))("may tell those of %s once for its family", (name, family) => {
    const parametersOf = (one: string): string | undefined => {
      const own = known.find((each) => each.name === one);
      // `max(x, y)` is told apart.
      const kept = own?.parameters.filter((parameter) => parameter !== "y?");
      return kept && signatureOf(one, kept).slice(one.length);
    };
    expect(family.map(parametersOf)).toEqual(family.map(() => parametersOf(name)));
  });
});
