// The parser's rules in; that Chevrotain accepts them, and that `cst.ts` holds the types of their trees, out.

import { readFileSync, writeFileSync } from "node:fs";
import { generateCstDts } from "chevrotain";
import { format } from "prettier";
import { expect, test } from "vitest";
import { NetworkParser } from "../../grammar/parser/index.js";

const path = "grammar/parser/cst.ts";
const header =
  "// The rules of the parser come in; the types of its concrete trees, derived from them, go out: UPDATE_GOLDEN=1 writes them anew.\n\n";

test("the grammar passes Chevrotain's own validation, and the tree's types are those of the rules", async () => {
  const parser = new NetworkParser(true);
  const productions = parser.getGAstProductions();
  const declarations = generateCstDts(productions, { includeVisitorInterface: false }).replace(
    "ICstVisitor, ",
    "",
  );
  const text = await format(header + declarations, { parser: "typescript", printWidth: 100 });
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  expect(readFileSync(path, "utf8")).toBe(text);
});
