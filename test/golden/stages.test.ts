// Three small programs in; what every stage of the compiler makes of them, compared with files that reviewers read, out.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import { stageNames, stageText } from "../../compiler/stages.js";
import { compileOne } from "../support/compiled.js";
import { expectGolden } from "../support/golden.js";

describe.each([
  ["movies", "../../examples/programs/movies.nn"],
  ["convolution", "./stages/convolution.nn"],
  ["logarithms", "./stages/logarithms.nn"],
])("%s", (name, path) => {
  const model = compileOne(readFileSync(new URL(path, import.meta.url), "utf8"), `${name}.nn`);
  it.each(stageNames)("%s", (stage) => {
    const golden = new URL(`./stages/${name}/${stage}.txt`, import.meta.url);
    expectGolden(fileURLToPath(golden), stageText(model, stage));
  });
});
