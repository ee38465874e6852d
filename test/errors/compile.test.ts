// What analysis accepts and compiling refuses in; rendered diagnostics out, golden, with a fixture for every code of the range.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { check, compile } from "../../compiler/compile.js";
import { data } from "../../grammar/catalogue/data.js";
import { renderAll } from "../../grammar/render.js";
import { expectGolden } from "../support/golden.js";

const folder = new URL("./compile/", import.meta.url);
const fixtures = readdirSync(folder).filter((name) => name.endsWith(".nn"));

function readImport(path: string): string | undefined {
  const file = new URL(path, folder);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

describe("diagnostics of compiling", () => {
  it("have a fixture for every code", () => {
    const codes = new Set(fixtures.map((name) => name.slice(0, 6)));
    expect([...codes].sort()).toEqual(Object.keys(data).sort());
  });

  it.each(fixtures)("%s", (name) => {
    const source = readFileSync(new URL(name, folder), "utf8");
    expect(check(source, { file: name, readImport }).diagnostics).toEqual([]);
    // A code that only who asks for streams meets.
    const stream = name.startsWith("NN0703");
    const { models, diagnostics } = compile(source, { file: name, readImport, stream });
    expect(models).toEqual([]);
    expect(diagnostics.map(({ code }) => code)).toContain(name.slice(0, 6));
    expectGolden(`test/errors/compile/${name.replace(/nn$/, "txt")}`, renderAll(diagnostics));
  });
});
