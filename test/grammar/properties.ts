// How long to look comes in; tests go out of what holds of every text (nothing is fatal) and of every program (formatting keeps it).

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lex } from "../../grammar/lexer.js";
import { parse } from "../../grammar/parse.js";
import { format } from "../../grammar/prettier/format.js";
import { printAst } from "../../grammar/printAst.js";
import { renderAll } from "../../grammar/render.js";
import { contextualWords, reservedWords } from "../../grammar/tokens.js";
import { program } from "./generate.js";
import { type Random, randomFrom } from "./random.js";
import { processorTime } from "../support/processorTime.js";

const folder = "examples/programs";
const programs = [
  ...readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`, "utf8")),
  readFileSync("test/grammar/fixtures/everything.nn", "utf8"),
];

/** Runs a property for a share of the time that the whole file may take, and for so many seeds at most. */
function forSeeds(seconds: number, most: number, property: (random: Random) => void): void {
  const end = performance.now() + 1000 * seconds;
  for (let seed = 1; seed <= most && performance.now() < end; seed++) property(randomFrom(seed));
}

/** Parses and renders; says which text it was where that throws, takes long or forgets a mistake. */
function survives(text: string): void {
  const start = processorTime();
  let diagnosed = 0;
  try {
    const { file, diagnostics } = parse({ name: "a.nn", text });
    diagnosed = diagnostics.length;
    printAst(file);
    renderAll(diagnostics.slice(0, 5));
  } catch (error) {
    throw new Error(`not survived: ${JSON.stringify(text.slice(0, 2000))}`, { cause: error });
  }
  expect(diagnosed).toBeLessThanOrEqual(100);
  expect(processorTime() - start, text.slice(0, 200)).toBeLessThan(1000);
}

const soup = [
  ...reservedWords,
  ...contextualWords,
  ...'x y 1 0.5 1e-3 "s" ( ) [ ] { } , : ; ~ = <- - + * / % @ ^ == != < <= > >= . ... |> // /// \n'.split(
    " ",
  ),
  ..."\n \t \0 \ufeff é ' # && || ! ** += /* */ \ud800 \" 1.2.3 3x \u2028 😀".split(" "),
];

function mutate(random: Random, text: string): string {
  const start = random.below(text.length);
  const end = start + random.below(30);
  const piece = random.pick([
    () => "",
    () => random.pick(soup),
    () => text.slice(random.below(text.length)).slice(0, random.below(60)),
    () => random.pick(["(", "{", "[", ")", "}", "]", "\n"]),
  ])();
  return text.slice(0, start) + piece + text.slice(random.next() < 0.5 ? start : end);
}

function treeOf(text: string): string {
  const { file, diagnostics } = parse({ name: "a.nn", text });
  expect(
    diagnostics.filter((one) => !one.code.startsWith("NN011")),
    text,
  ).toEqual([]);
  return printAst(file);
}

function commentsOf(text: string): string[] {
  const { file } = parse({ name: "a.nn", text });
  return file.comments.map((comment) => comment.text.trim()).sort();
}

async function checkFormat(text: string): Promise<void> {
  const once = await format(text);
  expect(treeOf(once), text).toBe(treeOf(text));
  expect(commentsOf(once), text).toEqual(commentsOf(text));
  expect(await format(once), text).toBe(once);
}

/** Puts comments between tokens, some at the end of a line and some on lines of their own. */
function commented(random: Random, text: string): string {
  const { tokens } = lex({ name: "a.nn", text });
  let result = text;
  const count = 1 + random.below(4);
  const places = Array.from({ length: count }, () => random.pick(tokens).startOffset);
  for (const [index, place] of places.sort((a, b) => b - a).entries()) {
    const comment = random.pick([`// c${index}\n`, `\n// c${index}\n`, `\n\n// c${index}\n\n`]);
    result = result.slice(0, place) + comment + result.slice(place);
  }
  return result;
}

/** Declares the tests; each looks at as many seeds as fit into its share of `seconds`, and at `most`, which are the same on any machine. */
export function grammarProperties(seconds: number, most = Infinity): void {
  describe("no text is fatal", () => {
    test("random words and signs", () => {
      forSeeds(0.2 * seconds, 10 * most, (random) => {
        const length = random.below(120);
        survives(
          Array.from({ length }, () => random.pick(soup)).join(random.pick([" ", "", "\n"])),
        );
      });
    });

    test("programs with random damage", () => {
      forSeeds(0.3 * seconds, 5 * most, (random) => {
        let text = random.pick(programs);
        for (let turn = random.below(6); turn >= 0; turn--) text = mutate(random, text);
        survives(text);
      });
    });
  });

  describe("formatting", () => {
    test("keeps random programs", async () => {
      const end = performance.now() + 200 * seconds;
      for (let seed = 1; seed <= most && performance.now() < end; seed++) {
        const text = program(randomFrom(seed));
        if (parse({ name: "a.nn", text }).diagnostics.length > 0) continue;
        await checkFormat(text);
      }
    });

    test("keeps comments wherever they stand", async () => {
      const end = performance.now() + 300 * seconds;
      for (let seed = 1; seed <= most && performance.now() < end; seed++) {
        const random = randomFrom(seed);
        await checkFormat(commented(random, random.pick(programs)));
      }
    });
  });
}
