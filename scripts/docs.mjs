// The guide, the standard library, LANGUAGE.md and README.md in; the site, in dist/site, out. `--serve` shows it and follows changes.

import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, createServer } from "vitepress";
import { documentPages } from "./docs/documents.mjs";
import { referencePages } from "./docs/reference.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const docs = join(root, "docs");
const pages = join(root, ".cache/docs");

rmSync(pages, { recursive: true, force: true });
cpSync(docs, pages, {
  recursive: true,
  filter: (path) => !path.startsWith(join(docs, ".vitepress")),
});
for (const { path, text } of [...referencePages(root), ...documentPages(root)]) {
  const file = join(pages, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (process.argv.includes("--serve")) {
  const server = await createServer(docs);
  await server.listen();
  server.printUrls();
} else {
  await build(docs);
  console.log("the site is in dist/site; npm run docs -- --serve shows it");
}
