// Programs in; that the formatter keeps the tree and every comment, and formatting twice changes nothing, out.

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "../../grammar/parse.js";
import { format } from "../../grammar/prettier/format.js";
import { printAst } from "../../grammar/printAst.js";
import { expectGolden } from "../support/golden.js";

const folder = "examples/programs";

function treeOf(text: string): string {
  const { file, diagnostics } = parse({ name: "a.nn", text });
  expect(diagnostics).toEqual([]);
  return printAst(file);
}

function commentsOf(text: string): string[] {
  const { file } = parse({ name: "a.nn", text });
  return file.comments.map((comment) => comment.text.trim()).sort();
}

async function checked(text: string): Promise<string> {
  const once = await format(text);
  expect(treeOf(once)).toBe(treeOf(text));
  expect(commentsOf(once)).toEqual(commentsOf(text));
  expect(await format(once)).toBe(once);
  return once;
}

describe("the example programs", () => {
  test.each(readdirSync(folder))("%s", async (name) => {
    const text = readFileSync(`${folder}/${name}`, "utf8");
    expectGolden(`test/golden/format/${name}`, await checked(text));
  });
});

test("every form of the language, once", async () => {
  const text = readFileSync("test/grammar/fixtures/everything.nn", "utf8");
  expectGolden("test/golden/format/everything.nn", await checked(text));
  expectGolden("test/golden/ast/everything.txt", treeOf(text));
});
