// Pages of the guide in (all, unless some are named); whether their commands print what the pages say, out. `--update` writes what they print.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { withOutputs } from "./docs/commands.mjs";

const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), "docs/guide");
const given = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const isUpdate = process.argv.includes("--update");
const pages = readdirSync(folder)
  .filter((name) => name.endsWith(".md"))
  .filter((name) => given.length === 0 || given.includes(basename(name, ".md")));
if (pages.length === 0) fail(`no page of the guide is called ${given.join(" or ")}`);

for (const name of pages) {
  const file = join(folder, name);
  const page = readFileSync(file, "utf8");
  const now = withOutputs(page);
  const isSame = now === page;
  console.log(
    `${isSame ? "as it stands" : isUpdate ? "written" : "prints something else"}: ${name}`,
  );
  if (isSame) continue;
  if (isUpdate) writeFileSync(file, now);
  else fail(firstDifference(page, now));
}

function firstDifference(page, now) {
  const lines = now.split("\n");
  const at = page.split("\n").findIndex((line, index) => line !== lines[index]);
  return `line ${at + 1} says\n  ${page.split("\n")[at]}\nand it is\n  ${lines[at]}\nnode scripts/guide.mjs --update writes it so`;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
