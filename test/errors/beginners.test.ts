// Mistakes that beginners make, a program each, in; that each is told once, as its golden text says, out.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { check } from "../../compiler/compile.js";
import { renderAll } from "../../grammar/render.js";
import { expectGolden } from "../support/golden.js";

const folder = "test/errors/beginners";
const fixtures = readdirSync(folder).filter((name) => name.endsWith(".nn"));

/** Of these the line has two mistakes, each with its own message. */
const twice = new Set(["activation_in_single_quotes.nn"]);

test.each(fixtures)("%s", (name) => {
  const text = readFileSync(join(folder, name), "utf8");
  const { diagnostics } = check(text, { file: name });
  expect(diagnostics).toHaveLength(twice.has(name) ? 2 : 1);
  expectGolden(join(folder, name.replace(/\.nn$/, ".txt")), `${renderAll(diagnostics)}\n`);
});
