// The documents of the project in; the files and folders that they name and that do not exist, and those that they leave out, out.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folders of which a document names every file and folder. */
const complete: Readonly<Record<string, readonly string[]>> = {
  "ARCHITECTURE.md": ["compiler"],
  "grammar/README.md": ["grammar"],
  "compiler/analyze/README.md": ["compiler/analyze"],
  "compiler/kernel/README.md": ["compiler/kernel"],
  "compiler/prelude/README.md": ["compiler/prelude"],
};

function readDocument(document: string): string {
  return readFileSync(join(root, document), "utf8");
}

/** What stands in backticks and reads as the path of a file or folder. */
function pathsIn(text: string): readonly string[] {
  const ends = /\.(?:ts|js|mjs|json|nn|py|md|css|html|csv|txt)$|\/$/;
  const quoted = text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/`([^`\n]+)`/g);
  return [...quoted]
    .map(([, path = ""]) => path)
    .filter((path) => /^\w[\w./-]*$/.test(path) && ends.test(path) && !/CODE|xx/.test(path));
}

/** What is no source, and may be there or not. */
const outputs = /^(?:\.git|\.cache|build|dist|coverage|shared)$|(?:^|\/)node_modules$/;

/** Every file and folder of the project, folders with a slash behind them. */
function allPaths(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !outputs.test(`${folder}${name}`))
    .flatMap((entry) => {
      const path = `${folder}${entry.name}`;
      return entry.isDirectory() ? [`${path}/`, ...allPaths(`${path}/`)] : [path];
    });
}

const paths = allPaths("");
/** The README at the top speaks of its readers' files. */
const documents = paths.filter((path) => path.endsWith("/README.md") || path === "ARCHITECTURE.md");

describe.each(documents)("%s", (document) => {
  it("names only files and folders that exist", () => {
    const named = pathsIn(readDocument(document));
    const missing = named.filter(
      (path) =>
        !outputs.test(path.split("/")[0] ?? "") &&
        !paths.some((one) => one === path || one.endsWith(`/${path}`)),
    );
    expect(missing).toEqual([]);
  });
});

describe.each(Object.entries(complete))("%s", (document, folders) => {
  it.each(folders)("names all that stands in %s", (folder) => {
    const named = new Set(pathsIn(readDocument(document)));
    const entries = readdirSync(join(root, folder), { withFileTypes: true })
      .filter(({ name }) => name !== "README.md" && !name.includes(".generated."))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
    expect(entries.length).toBeGreaterThan(0);
    const left = entries.filter((name) => !named.has(name) && !named.has(`${folder}/${name}`));
    expect(left).toEqual([]);
  });
});

it("there are documents, which name paths", () => {
  expect(documents.length).toBeGreaterThan(5);
  expect(pathsIn("`grammar/` and `a.ts`, not `a + b` or `*.ts`")).toEqual(["grammar/", "a.ts"]);
});

it("ARCHITECTURE.md names every folder at the top", () => {
  const named = pathsIn(readDocument("ARCHITECTURE.md"));
  const folders = paths.filter((path) => /^\w[^/]*\/$/.test(path));
  expect(folders.length).toBeGreaterThan(5);
  expect(folders.filter((folder) => !named.some((path) => path.startsWith(folder)))).toEqual([]);
});
