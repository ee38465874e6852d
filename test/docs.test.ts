// The README, LANGUAGE.md and the guide in; that every program in them compiles, that every fragment parses, and that the site's pages
// are made and listed, out.

import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { guide } from "../docs/guide/pages.mjs";
import { check } from "../compiler/compile.js";
import { preludeFiles } from "../compiler/prelude/prelude.generated.js";
import { parse } from "../grammar/parse.js";
import { renderAll } from "../grammar/render.js";
import { withOutputs } from "../scripts/docs/commands.mjs";
import { fencesOf, type Fence } from "../scripts/docs/fences.mjs";
import { documentPages } from "../scripts/docs/documents.mjs";
import { referencePages } from "../scripts/docs/reference.mjs";

const root = join(import.meta.dirname, "..");
const guidePages = readdirSync(join(root, "docs/guide")).filter((name) => name.endsWith(".md"));
const documents = ["README.md", "LANGUAGE.md", "docs/index.md"].concat(
  guidePages.map((name) => `docs/guide/${name}`),
);
const readDocument = (path: string): string => readFileSync(join(root, path), "utf8");

/** What a fragment may be a part of. */
const around: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `model M {\n${text}\n}`,
  (text) => `train M {\n${text}\n}`,
  (text) => `search M {\n${text}\n}`,
  (text) => `fn f(x) = ${text}`,
];

const parses = (text: string): boolean =>
  around.some((put) => parse({ name: "fragment.nn", text: put(text) }).diagnostics.length === 0);

/** What is wrong with a block; nothing where all is well. A block of declarations alone has nothing to compile but is checked. */
function mistakesOf({ text, words, name }: Fence, document: readonly Fence[]): string {
  if (words.includes("fragment")) return parses(text) ? "" : "this does not parse";
  const files = new Map(document.flatMap((one) => (one.name ? [[one.name, one.text]] : [])));
  const { models, diagnostics } = check(text, {
    file: name ?? "page.nn",
    readImport: (path) => files.get(path.replace(/^\.\//, "")),
  });
  // Words of the fence may say which mistake it shows.
  const told = diagnostics.filter(({ code }) => !words.includes(code));
  const shown = words.filter((word) => word.startsWith("NN"));
  const missing = shown.filter((code) => diagnostics.every((one) => one.code !== code));
  if (missing.length > 0) return `this is no ${missing.join(", ")}`;
  if (told.length > 0) return renderAll(told);
  return models.length === 0 && shown.length === 0 && /^model /m.test(text) ? "no model" : "";
}

describe.each(documents)("%s", (path) => {
  const blocks = fencesOf(readDocument(path));

  it("says of each block what it is", () => {
    const known = ["nn", "sh", "console", "ts", "js", "html", "json", "text", "csv"];
    expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
  });

  it("has programs that compile and fragments that parse", () => {
    const wrong = blocks
      .filter(({ language }) => language === "nn")
      .flatMap((block) => {
        const mistakes = mistakesOf(block, blocks);
        return mistakes === "" ? [] : [`line ${block.line}: ${mistakes}`];
      });
    expect(wrong).toEqual([]);
  });
});

describe("the guide", () => {
  it("lists every page once", () => {
    const listed = guide.flatMap(({ pages }) => pages.map(({ page }) => `${page}.md`));
    expect([...listed].sort()).toEqual([...guidePages].sort());
  });

  it("has a program on every page, and what it prints", () => {
    const without = guidePages.filter((name) => {
      const languages = fencesOf(readDocument(`docs/guide/${name}`)).map((one) => one.language);
      return !languages.includes("nn") || !languages.includes("console");
    });
    expect(without).toEqual([]);
  });

  // The others take longer: `node scripts/guide.mjs` runs them all.
  it("prints what its first page says", () => {
    const page = readDocument("docs/guide/neuron.md");
    expect(withOutputs(page.replace(/loss \d/, "loss 9"))).toBe(page);
  });
});

describe("the reference", () => {
  const pages = referencePages(root);

  it("has every file of the library, and each entry with its text", () => {
    const text = pages.map((page) => page.text).join("\n");
    const entries = preludeFiles.flatMap((file) =>
      parse(file).file.declarations.filter((one) => "doc" in one && "name" in one),
    );
    expect(entries.length).toBeGreaterThan(150);
    for (const entry of entries) {
      if (!("name" in entry)) continue;
      expect(text).toContain(`\n## ${entry.name} {#${entry.name.replaceAll("_", "-")}}\n`);
    }
  });

  it("tells of an entry all that its declaration says", () => {
    const dense = pages.find(({ path }) => path === "reference/dense.md")?.text ?? "";
    const [, section = ""] = /\n## dense \{#dense\}\n([\s\S]*?)\n## /.exec(dense) ?? [];
    expect(section).toContain("layer dense(\n  x: [...rest, n],\n  units: int,\n");
    expect(section).toContain("<code v-pre>glorot&#95;uniform()</code>");
    expect(section).toContain("weight W: &#91;n, units&#93; ~ init");
    expect(section).toContain("Dense, Linear, fully&#95;connected");
  });
});

it("documents are pages of the site, their links to its pages", () => {
  const pages = documentPages(root);
  expect(pages.map(({ path }) => path)).toContain("language.md");
  const links = pages.flatMap(({ text }) => [...text.matchAll(/\]\(([^)\s]+)\)/g)]);
  expect(links.map(([, link]) => link).filter((link) => !link?.startsWith("/"))).toEqual([]);
});
