// In: data that lack something; out: hints that say a line or a step which mends it.
import { expect, test } from "vitest";
import { bindData } from "../../../cli/data/bind.js";
import type { InputSpec } from "../../../cli/data/spec.js";
import { bytesOf, npy, pairs as x, temporaryFolder } from "./files.js";

const folder = temporaryFolder();
const y: InputSpec = { ...x, name: "digit", role: "target", shape: ["batch"] };

function floats(name: string, shape: readonly number[], values: readonly number[]): string {
  return folder.put(name, npy("<f4", shape, bytesOf(Float32Array.from(values))));
}

const measured: InputSpec = { ...x, shape: ["batch", 4] };
const flowers = (): string => folder.put("flowers.csv", "a,b,c,d,digit\n1,2,3,4,0\n5,6,7,8,1\n");
const flowersAndMore = (): string =>
  folder.put("more.csv", "a,b,c,d,e,digit\n1,2,3,4,5,0\n5,6,7,8,9,1\n");

const cases: [string, InputSpec[], () => string[], Record<string, unknown>][] = [
  [
    "a missing target",
    [y],
    () => [`digit=${floats("nan-target.npy", [2], [1, NaN])}`],
    {
      code: "data-value",
      row: 1,
      hint: "leave the row out: nothing can be learned from it; declared as target digit: … missing -1, it would be learned as if -1 stood there",
    },
  ],
  [
    "a missing class",
    [{ ...x, type: "category", categories: 3 }],
    () => [`x=${floats("nan-class.npy", [2, 2], [1, 0, 2, NaN])}`],
    { code: "data-value", row: 1, hint: "declare it: input x: … missing 0" },
  ],
  [
    "an empty text, where a shorter one is one window",
    [{ ...x, type: "category", categories: 9, shape: ["batch", "time"] }],
    () => [`x=${folder.put("empty.txt", "")}`],
    { code: "text-short", message: "found 0 characters, one window needs 1" },
  ],
  [
    "as many columns as are wanted",
    [measured, y],
    () => [flowers()],
    {
      code: "data-missing",
      hint: expect.stringMatching(/; pick 4 by --data x=\S*flowers\.csv:a,b,c,d; or/) as unknown,
    },
  ],
  [
    "more columns than are wanted",
    [measured, y],
    () => [flowersAndMore()],
    {
      code: "data-missing",
      hint: expect.stringMatching(
        /; pick 4 by --data x=\S*more\.csv:COLUMN,COLUMN,COLUMN,COLUMN; or/,
      ) as unknown,
    },
  ],
  [
    "one row without its axis of examples",
    [x],
    () => [`x=${floats("row.npy", [2], [1, 2])}`],
    {
      code: "data-shape",
      hint: "this is one example without an axis of examples in front: in NumPy, array[None] gives it one",
    },
  ],
];

test.each(cases)("%s", async (_what, specs, args, error) => {
  await expect(bindData(specs, args())).rejects.toMatchObject({ name: "DataError", ...error });
});
