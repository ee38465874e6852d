// The fixtures of this folder in; that each is reported as its golden text says, and that every code has one, out.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { check, type CompileOptions } from "../../compiler/compile.js";
import type { CompileTimeData } from "../../compiler/types/model.js";
import { evaluation } from "../../grammar/catalogue/evaluation.js";
import { models } from "../../grammar/catalogue/models.js";
import { names } from "../../grammar/catalogue/names.js";
import { shapes } from "../../grammar/catalogue/shapes.js";
import { training } from "../../grammar/catalogue/training.js";
import { renderAll } from "../../grammar/render.js";

const folder = import.meta.dirname;
const fixtures = readdirSync(folder).filter((name) => /^NN\d{4}_\w+\.nn$/.test(name));
const update = process.env["UPDATE_GOLDEN"] === "1";

/** What a first line such as `// set: classes = 3` or `// model: Other` asks for. */
function optionsOf(text: string): CompileOptions {
  const [, word, rest = ""] = /^\/\/ (set|model): (.*)/.exec(text) ?? [];
  if (word === "model") return { model: rest.trim() };
  if (word !== "set") return {};
  const [name = "", value = ""] = rest.split("=");
  return { set: { [name.trim()]: JSON.parse(value) as CompileTimeData } };
}

function rendered(name: string): { readonly text: string; readonly codes: readonly string[] } {
  const text = readFileSync(join(folder, name), "utf8");
  const { diagnostics } = check(text, {
    ...optionsOf(text),
    file: name,
    readImport: (path) => {
      const file = join(folder, path);
      return existsSync(file) ? readFileSync(file, "utf8") : undefined;
    },
  });
  return { text: `${renderAll(diagnostics)}\n`, codes: diagnostics.map(({ code }) => code) };
}

describe("mistakes in programs", () => {
  it.each(fixtures)("%s", (name) => {
    const { text, codes } = rendered(name);
    expect(codes).toContain(name.slice(0, 6));
    expect(text).not.toMatch(/undefined|\[object |NaN|\n\s+at /);
    const golden = join(folder, name.replace(/\.nn$/, ".txt"));
    if (update) writeFileSync(golden, text);
    expect(text).toBe(existsSync(golden) ? readFileSync(golden, "utf8") : "");
  });

  it("have a fixture for every code", () => {
    const codes = [names, shapes, models, training, evaluation].flatMap((range) =>
      Object.keys(range),
    );
    const without = codes.filter((code) => !fixtures.some((name) => name.startsWith(code)));
    expect(without).toEqual([]);
  });
});
