// Conditions of nested choices in; that what is said of where a value is used agrees with all their truth values, out.
import { describe, expect, it } from "vitest";
import {
  conditionsOf,
  either,
  literal,
  mapConditions,
  maskOf,
  restrictedTo,
  within,
} from "../../compiler/autodiff/reach.js";
import type { Reach } from "../../compiler/autodiff/reach.js";
import { createBuilder } from "../../compiler/graph/builder.js";
import type { Node } from "../../compiler/types/graph.js";
import { interpretOne } from "../support/interpret.js";

const b = createBuilder();
const names = ["p", "q", "r"];
const conditions = names.map((name) => b.input(name, { type: "bool", shape: [] }));
const [p, q, r] = conditions as [Node, Node, Node];
const literals = conditions.flatMap((one) => [literal(one, true), literal(one, false)]);

type Worlds = readonly boolean[];

/** Whether it is used, for each of the eight truth values of p, q, r. */
function usedIn(reach: Reach): Worlds {
  const mask = maskOf(b, reach);
  return Array.from({ length: 8 }, (_, world) => {
    if (mask === undefined) return true;
    const values = names.map((name, n): [string, { shape: number[]; data: number[] }] => [
      name,
      { shape: [], data: [(world >> n) & 1] },
    ]);
    return interpretOne(mask, { leaves: Object.fromEntries(values) }).data[0] === 1;
  });
}

const holdsIn = (world: number, node: Node): boolean =>
  ((world >> conditions.indexOf(node)) & 1) === 1;

/** Reaches of up to two choices, and some that several paths make. */
const once = literals.map((one) => within("everywhere", one));
const twice = once.flatMap((reach) => literals.map((one) => within(reach, one)));
const reaches: readonly Reach[] = ["everywhere", [], ...once, ...twice];

describe("where a value is used", () => {
  it("within a further choice: where both hold, though it repeats or contradicts one before", () => {
    for (const reach of reaches) {
      for (const added of literals) {
        const before = usedIn(reach);
        const expected = before.map(
          (used, world) => used && holdsIn(world, added.condition) === added.holds,
        );
        expect(usedIn(within(reach, added))).toEqual(expected);
      }
    }
  });
  it("is told once of a condition that repeats, and nowhere of one that contradicts", () => {
    const there = within("everywhere", literal(p, true));
    expect(within(there, literal(p, true))).toEqual(there);
    expect(within(there, literal(p, false))).toEqual([]);
    expect(within(there, literal(b.not(p), true))).toEqual([]);
    expect(within(there, literal(b.not(p), false))).toEqual(there);
    expect(within(within(there, literal(q, false)), literal(p, false))).toEqual([]);
    expect(conditionsOf(within(there, literal(q, true)))).toEqual([p, q]);
  });
  it("by one path or another: where one of both is", () => {
    for (const left of reaches) {
      for (const right of reaches) {
        const [a, c] = [usedIn(left), usedIn(right)];
        const expected = a.map((used, world) => used || c[world] === true);
        expect(usedIn(either(b, left, right))).toEqual(expected);
      }
    }
  });
  it("in both branches of a choice is everywhere, in nested ones too", () => {
    const both = (reach: Reach, condition: Node): Reach =>
      either(b, within(reach, literal(condition, true)), within(reach, literal(condition, false)));
    expect(both("everywhere", p)).toBe("everywhere");
    const there = within("everywhere", literal(p, true));
    expect(both(there, q)).toEqual(there);
    expect(either(b, both(there, q), within("everywhere", literal(p, false)))).toBe("everywhere");
  });
  it("in more ways than are kept apart is one condition, which means the same", () => {
    const many = Array.from({ length: 20 }, (_, n) =>
      b.input(`c${n}`, { type: "bool", shape: [] }),
    );
    const all = many.reduce<Reach>(
      (sum, one) => either(b, sum, within("everywhere", literal(one, true))),
      [],
    );
    expect(conditionsOf(all).length).toBeLessThan(20);
    const mask = maskOf(b, all);
    for (const on of [undefined, 0, 7, 19]) {
      const leaves = many.map((_, n): [string, { shape: number[]; data: number[] }] => [
        `c${n}`,
        { shape: [], data: [n === on ? 1 : 0] },
      ]);
      const used = mask && interpretOne(mask, { leaves: Object.fromEntries(leaves) }).data[0];
      expect(used).toBe(on === undefined ? 0 : 1);
    }
  });
  it("reaches further without some conditions, and as far over others in their place", () => {
    const there = within(within("everywhere", literal(p, true)), literal(q, false));
    expect(restrictedTo(b, there, (one) => one !== q)).toEqual(
      within("everywhere", literal(p, true)),
    );
    expect(restrictedTo(b, there, () => false)).toBe("everywhere");
    const changed = mapConditions(there, (one) => (one === p ? r : one));
    expect(changed).toEqual(within(within("everywhere", literal(r, true)), literal(q, false)));
  });
});
