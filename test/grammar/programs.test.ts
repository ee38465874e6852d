// Every example program in; that it parses without a mistake, into the tree that its golden file shows, out.

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "../../grammar/parse.js";
import { printAst } from "../../grammar/printAst.js";
import { expectGolden } from "../support/golden.js";

const folder = "examples/programs";

describe("the example programs", () => {
  test.each(readdirSync(folder))("%s", (name) => {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    const { file, diagnostics } = parse({ name, text });
    expect(diagnostics).toEqual([]);
    expectGolden(`test/golden/ast/${name.replace(".nn", ".txt")}`, printAst(file));
  });
});
