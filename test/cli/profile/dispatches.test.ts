// Programs with fused layers and with loops in; the source lines that a profile names for each of their dispatches, out.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { dispatchFacts } from "../../../cli/profile/dispatches.js";
import type { DispatchFacts } from "../../../cli/profile/dispatches.js";
import { compileOne } from "../../support/compiled.js";

function factsOf(name: string): readonly DispatchFacts[] {
  const model = compileOne(readFileSync(`examples/programs/${name}.nn`, "utf8"));
  const index = model.plan.programs.findIndex(({ kind }) => kind === "step");
  const sizes = Object.fromEntries(
    model.plan.dimensions.map((dimension) => [dimension.name, dimension.trained]),
  );
  return dispatchFacts(model, index, sizes, "cpu");
}

it("names the lines of all that a dispatch computes: a pooling with the dropout behind it", () => {
  const places = factsOf("lenet").map((facts) => facts.places);
  expect(places.some((own) => own.includes("test.nn:10") && own.includes("test.nn:12"))).toBe(true);
  // The lines of inputs compute nothing.
  expect(places.flat()).not.toContain("test.nn:2");
});

it("names a line for what only fills the beginnings of loops", () => {
  const facts = factsOf("adding_gru");
  expect(facts.filter(({ name }) => name.includes("start")).length).toBeGreaterThan(0);
  expect(facts.filter(({ places }) => places.length === 0)).toEqual([]);
});
