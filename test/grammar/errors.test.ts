// Fixtures of mistakes in; that every lexical and syntactic code has one, rendered as its golden text, out.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lexical } from "../../grammar/catalogue/lexical.js";
import { syntax } from "../../grammar/catalogue/syntax.js";
import { parse } from "../../grammar/parse.js";
import { renderAll } from "../../grammar/render.js";
import { expectGolden } from "../support/golden.js";

const folder = "test/errors/syntax";

/** Sources that are too large for a fixture, or that no UTF-8 file can hold. */
const generated: Readonly<Record<string, string>> = {
  NN0001: `const a = 1\n${"// filler\n".repeat(110_000)}`,
  NN0005: '// half a pair: \ud83d\nconst a = "\udc00"\n',
};

function sourceOf(code: string): string | undefined {
  const path = `${folder}/${code}.nn`;
  return existsSync(path) ? readFileSync(path, "utf8") : generated[code];
}

describe("each code has a fixture", () => {
  test.each(Object.keys({ ...lexical, ...syntax }))("%s", (code) => {
    const text = sourceOf(code);
    if (text === undefined) throw new Error(`${folder}/${code}.nn is missing`);
    const { diagnostics } = parse({ name: `${code}.nn`, text });
    expect(diagnostics.map((one) => one.code)).toContain(code);
    expectGolden(`${folder}/${code}.txt`, renderAll(diagnostics));
  });

  test("and no fixture is left over", () => {
    const known = new Set(Object.keys({ ...lexical, ...syntax }));
    const files = readdirSync(folder).filter((name) => !known.has(name.replace(/\.(nn|txt)$/, "")));
    expect(files).toEqual([]);
  });
});
