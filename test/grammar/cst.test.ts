// The parser's rules in; that Chevrotain accepts them, and that `cst.ts` holds the types of their trees, out.

import { readFileSync, writeFileSync } from "node:fs";
import { generateCstDts } from "chevrotain";
import { format } from "prettier";
import { expect, test } from "vitest";
import { NetworkParser } from "../../grammar/parser/index.js";

const path = "grammar/parser/cst.ts";
const header = `// The rules of the parser come in; the types of its concrete trees, derived from them, go out: UPDATE_GOLDEN=1 writes them anew.

import type { CstNode, IToken } from "chevrotain";

interface Tree<Name extends string, Children> extends CstNode {
  readonly name: Name;
  readonly children: Children & CstNode["children"];
}
type Tokens<Kind extends string> = Record<Kind, IToken[]>;
type Optional<Kind extends string> = Partial<Tokens<Kind>>;

`;

/** A rule's node and its children as Chevrotain writes them: an interface and a type of eight lines or more. */
const written =
  /export interface (\w+) extends CstNode \{\s*name: "(\w+)";\s*children: \w+;\s*\}\s*export type \w+ = \{([^}]*)\};/g;

/** Many children are tokens: their kinds stand together. */
function childrenText(fields: string): string {
  const tokens = (mark: string): string =>
    Array.from(fields.matchAll(/(\w+)(\??): \(?IToken\)?\[\];/g))
      .flatMap(([, kind = "", optional]) => (optional === mark ? [`"${kind}"`] : []))
      .join(" | ");
  const [always, sometimes] = [tokens(""), tokens("?")];
  const trees = fields.replace(/\w+\??: \(?IToken\)?\[\];/g, "").replace(/\s+/g, " ");
  const parts = [
    ...(always === "" ? [] : [`Tokens<${always}>`]),
    ...(sometimes === "" ? [] : [`Optional<${sometimes}>`]),
    ...(trees.trim() === "" ? [] : [`{${trees}}`]),
  ];
  return parts.join(" & ");
}

test("the grammar passes Chevrotain's own validation, and the tree's types are those of the rules", async () => {
  const productions = new NetworkParser(true).getGAstProductions();
  const declarations = generateCstDts(productions, { includeVisitorInterface: false });
  const trees = Array.from(
    declarations.matchAll(written),
    ([, node = "", rule = "", children = ""]) =>
      `export type ${node} = Tree<"${rule}", ${childrenText(children)}>;`,
  );
  expect(trees.length).toBe(Object.keys(productions).length);
  const text = await format(header + trees.join("\n"), { parser: "typescript", printWidth: 100 });
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
  expect(readFileSync(path, "utf8")).toBe(text);
});
