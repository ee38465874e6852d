// A seed in; a text that is a program with damage, or random statements, and what is wrong with how the compiler takes it, out.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { renderAll } from "../../grammar/render.js";
import { program } from "../grammar/generate.js";
import { randomFrom } from "../grammar/random.js";
import type { Random } from "../grammar/random.js";
import { randomProgram } from "../property/randomPrograms.js";
import { processorTime } from "../support/processorTime.js";
import { check } from "./support.js";

const folder = join(import.meta.dirname, "../../examples/programs");
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".nn"))
  .map((name) => readFileSync(join(folder, name), "utf8"));
const token = /\/\/[^\n]*|"[^"]*"|[A-Za-z_]\w*|\d[\w.]*|\s+|\|>|<-|\.\.\.|\S/g;
const pool =
  '0 -1 1e9 2.5 x batch true relu [1,2] "s" dense(3) normal(0,1) training step grad(x,x) [...rest] flatten adam weights split(x,2) i32 time n ( ) { } [ ] , : = ~ <- |> @ scan carry yield if for in state loss input target shared where return on with jacobian(x,x) stop_gradient(x) ensemble search minimize freeze project'.split(
    " ",
  );

/** A program of the examples, or one of many small ones. */
function whole(random: Random): string {
  return random.next() < 0.2 ? random.pick(sources) : randomProgram(random.below(2 ** 31));
}

/** With tokens left out, doubled, replaced and exchanged. */
function damaged(random: Random): string {
  const tokens: string[] = whole(random).match(token) ?? [""];
  for (let left = 1 + random.below(4); left > 0; left--) {
    const [at, other] = [random.below(tokens.length), random.below(tokens.length)];
    const [here = "", there = ""] = [tokens[at], tokens[other]];
    const choice = random.next();
    if (choice < 0.25) tokens[at] = "";
    else if (choice < 0.4) tokens.splice(at, 0, there);
    else if (choice < 0.75) tokens[at] = random.pick(pool);
    else {
      tokens[at] = there;
      tokens[other] = here;
    }
  }
  return tokens.join("");
}

/** Lines of a program exchanged and left out, which leaves more of them without a mistake of syntax. */
function shuffled(random: Random): string {
  const lines = whole(random).split("\n");
  for (let left = 1 + random.below(3); left > 0; left--) {
    const [at, other] = [random.below(lines.length), random.below(lines.length)];
    const [line = ""] = lines.splice(at, 1);
    if (random.next() < 0.6) lines.splice(other, 0, line);
  }
  return lines.join("\n");
}

export function damagedText(seed: number): string {
  const random = randomFrom(seed);
  const choice = random.next();
  if (choice < 0.6) return damaged(random);
  return choice < 0.85 ? shuffled(random) : program(random);
}

/** Milliseconds of processor time that a text may take. */
const limit = 1000;

/** Undefined where the compiler gives diagnostics or a model, soon. */
export function damageProblem(seed: number): string | undefined {
  const text = damagedText(seed);
  const begin = processorTime();
  try {
    const { models, diagnostics } = check(text);
    renderAll(diagnostics);
    const hasErrors = diagnostics.some(({ severity }) => severity === "error");
    const isSilent = !hasErrors && models.length === 0 && /^\s*model\s/m.test(text);
    if (isSilent) return `text ${seed}: neither a model nor a mistake\n${text}`;
  } catch (error) {
    return `text ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n${text}`;
  }
  const spent = processorTime() - begin;
  return spent > limit ? `text ${seed}: ${Math.round(spent)} ms\n${text}` : undefined;
}
