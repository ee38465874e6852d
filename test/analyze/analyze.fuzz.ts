// The example programs with tokens dropped, doubled, swapped and replaced in; that analysis never throws, out.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { renderAll } from "../../grammar/render.js";
import { check } from "./support.js";

const folder = join(import.meta.dirname, "../../examples/programs");
const sources = readdirSync(folder)
  .filter((name) => name.endsWith(".nn"))
  .map((name) => readFileSync(join(folder, name), "utf8"));
const token = /\/\/[^\n]*|"[^"]*"|[A-Za-z_]\w*|\d[\w.]*|\s+|\|>|<-|\.\.\.|\S/g;
const pool =
  '0 -1 1e9 2.5 x batch true relu [1,2] "s" dense(3) normal(0,1) training step grad(x,x) [...rest] flatten adam weights split(x,2) i32 time n'.split(
    " ",
  );

/** Numbers in [0, 1), the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function mutated(random: () => number): string {
  const pick = (list: { readonly length: number }): number => Math.floor(random() * list.length);
  const tokens = (sources[pick(sources)] ?? "").match(token) ?? [];
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
    const at = pick(tokens);
    const other = pick(tokens);
    const choice = random();
    const here = tokens[at] ?? "";
    if (choice < 0.25) tokens[at] = "";
    else if (choice < 0.4) tokens.splice(at, 0, tokens[other] ?? "");
    else if (choice < 0.75) tokens[at] = pool[pick(pool)] ?? "";
    else {
      tokens[at] = tokens[other] ?? "";
      tokens[other] = here;
    }
  }
  return tokens.join("");
}

it("gives diagnostics for whatever is wrong", () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 1e6);
  const random = generator(seed);
  const end = Date.now() + Number(process.env["FUZZ_SECONDS"] ?? 120) * 1000;
  while (Date.now() < end) {
    const text = mutated(random);
    const { diagnostics } = check(text);
    expect(() => renderAll(diagnostics), `seed ${seed}:\n${text}`).not.toThrow();
  }
});
