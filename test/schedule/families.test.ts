// The op table and the sources of scheduling in; that no op which computes or moves is scheduled by its name, out.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createBuilder } from "../../compiler/graph/builder.js";
import { opTable } from "../../compiler/ops/table.js";
import {
  isRearrangement,
  keepsPositions,
  piecesAxis,
  runOf,
  usesEachOnce,
} from "../../compiler/schedule/families.js";
import type { Node, OpName } from "../../compiler/types/graph.js";

const folder = join(dirname(fileURLToPath(import.meta.url)), "../../compiler/schedule");

describe("scheduling", () => {
  it("goes by what the op table says of lowering, not by names of ops", () => {
    const kinds = new Set<string>(Object.values(opTable).map(({ lowering }) => lowering.kind));
    const named = (Object.keys(opTable) as OpName[]).filter((name) => {
      const { kind } = opTable[name].lowering;
      return kind !== "leaf" && kind !== "pointwise";
    });
    const found = readdirSync(folder).flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      return named.filter(
        (name) =>
          new RegExp(String.raw`\.op\s*[!=]==\s*"${name}"`).test(text) ||
          (!kinds.has(name) && new RegExp(String.raw`case "${name}":`).test(text)),
      );
    });
    expect(found).toEqual([]);
    expect(named).toContain("concat");
  });

  it("names no op at all where costs are weighed and families told apart", () => {
    const found = ["cost.ts", "families.ts", "spare.ts"].flatMap((file) => {
      const text = readFileSync(join(folder, file), "utf8");
      const kinds = new Set<string>(Object.values(opTable).map(({ lowering }) => lowering.kind));
      return Object.keys(opTable).filter(
        (name) =>
          !kinds.has(name) &&
          (text.includes(`"${name}"`) || new RegExp(String.raw`^  ${name}:`, "m").test(text)),
      );
    });
    expect(found).toEqual([]);
  });

  const b = createBuilder();
  const x = b.input("x", { type: "f32", shape: [4, 6] });
  const flat = b.input("f", { type: "f32", shape: [24] });
  it.each<[string, Node, readonly unknown[]]>([
    ["a reshaped tensor", b.reshape(x, [6, 4]), [undefined, false, true, true, undefined]],
    ["a transposed one", b.transpose(x, [1, 0]), [undefined, false, false, true, undefined]],
    ["one backwards", b.flip(x, [0]), [undefined, false, false, true, undefined]],
    ["one repeated", b.broadcast(x, [2, 4, 6]), [undefined, false, false, false, undefined]],
    ["two side by side", b.concat([x, x], 1), [1, true, false, false, undefined]],
    [
      "a part of a flat one",
      b.slice(flat, [3], [5]),
      [undefined, false, false, false, { start: 3, count: 5 }],
    ],
    ["every second", b.slice(flat, [3], [5], [2]), [undefined, false, false, false, undefined]],
    ["rows of another", b.slice(x, [1, 0], [2, 6]), [undefined, false, false, false, undefined]],
    ["a sum", b.sum(x, [0]), [undefined, false, false, false, undefined]],
  ])("of %s knows how it uses its operand", (_, node, expected) => {
    const found = [
      piecesAxis(node),
      usesEachOnce(node),
      keepsPositions(node),
      isRearrangement(node),
      runOf(node),
    ];
    expect(found).toEqual(expected);
  });
});
