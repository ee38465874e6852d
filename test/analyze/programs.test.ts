// The example programs in; that each is analysed without a diagnostic, with the parameters that it should have, out.
import { countOf } from "../../runtime/dimensions.js";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { TypedModel } from "../../compiler/types/model.js";
import { renderAll } from "../../grammar/render.js";
import { check } from "./support.js";

const folder = join(import.meta.dirname, "../../examples/programs");
const files = readdirSync(folder).filter((name) => name.endsWith(".nn"));

function analyzed(file: string): readonly TypedModel[] {
  const { models, diagnostics } = check(readFileSync(join(folder, file), "utf8"), { name: file });
  expect(renderAll(diagnostics)).toBe("");
  return models;
}

function trained(model: TypedModel | undefined): number {
  return (model?.parameters ?? [])
    .filter(({ role }) => role !== "state" && role !== "fitted")
    .reduce((sum, { shape }) => sum + countOf(shape), 0);
}

describe("the example programs", () => {
  it.each(files)("%s has no diagnostics", (file) => {
    expect(analyzed(file).length).toBeGreaterThan(0);
  });

  it("count as many trained numbers as was published", () => {
    expect(trained(analyzed("alexnet.nn")[0])).toBe(60_965_224);
    expect(trained(analyzed("lenet.nn")[0])).toBe(7_434);
    expect(trained(analyzed("movies.nn")[0])).toBe(3);
    expect(trained(analyzed("own_parts.nn")[0])).toBe(1_396);
  });

  it("name their parameters by instance", () => {
    const names = (file: string): string[] =>
      (analyzed(file)[0]?.parameters ?? []).map(({ name }) => name);
    expect(names("movies.nn")).toEqual(["decision.W", "decision.b"]);
    expect(names("digits_mlp.nn")).toContain("head.W");
    expect(names("pretrain.nn")).toEqual([
      "encoder.W",
      "encoder.b",
      "decoder.W",
      "decoder.b",
      "head.W",
      "head.b",
    ]);
    expect(names("gan.nn")).toContain("critic.dense_3.b");
    expect(names("transformer.nn")).toContain("block_2.causal_attention_1.Wqkv");
    expect(names("susan.nn")).toContain("standardize_1.center");
  });
});
