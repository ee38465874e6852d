// Programs whose terms are masked, padded or in blocks in; the operations that are counted of them at several sizes, beside closed forms, out.
import { describe, expect, test } from "vitest";
import { describeModel } from "../../../cli/inspection.js";
import { dispatchFacts } from "../../../cli/profile/dispatches.js";
import type { PlanProgram } from "../../../runtime/plan.js";
import { compileOne } from "../../support/compiled.js";

/** Of each dispatch of a program of a kind, in their order. */
function operations(
  source: string,
  batch: number,
  wanted: PlanProgram["kind"] = "predict",
): readonly number[] {
  const model = compileOne(source);
  const program = model.plan.programs.findIndex(({ kind }) => kind === wanted);
  return dispatchFacts(model, program, { batch }, "cpu").map(({ flops }) => flops);
}

/** How many pairs of two indices there are for which it holds. */
function pairs(
  rows: number,
  columns: number,
  holds: (row: number, column: number) => boolean,
): number {
  let count = 0;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) if (holds(row, column)) count++;
  return count;
}

describe("operations at sizes other than trained", () => {
  test.each([1, 7, 70, 700])("of running sums in blocks of 64, along %s examples", (batch) => {
    const columns = 300;
    const source = `model M { input x: [batch, ${columns}]  output c = cumsum(x, axis: 0) }`;
    const blocks = Math.ceil(batch / 64);
    expect(blocks).toBeLessThan(64);
    const before = pairs(batch, 64, (row, term) => term <= row % 64);
    expect(operations(source, batch)).toEqual([
      columns * batch,
      columns * pairs(64, 64, (row, term) => term <= row && term < blocks),
      columns * blocks,
      columns,
      // What a block sums itself, and what comes from those before it.
      columns * (before + batch + Math.max(0, batch - 64)),
    ]);
  });

  test.each([1, 5000])("of searches: as many steps as halve what is searched", (batch) => {
    const counts = operations("model M { input x: [batch]  output c = sort(x, axis: 0) }", batch);
    const run = Math.floor((batch + 1023) / 1024);
    const steps = [2, 4, 8, 16, 32].map((runs) => batch * Math.ceil(Math.log2(runs * run + 1)));
    for (const count of steps) expect(counts).toContain(count);
  });
});

describe("operations of terms that are left out", () => {
  const batch = 3;

  test("behind several conditions, of which one is where a stride leaves places out", () => {
    const source = `model M {
      input x: [batch, 6, 6, 1]
      output y = conv2d_transpose(x, 3, kernel: 4, stride: 2)
    }`;
    const inside = pairs(14, 4, (place, tap) => {
      const from = place - tap;
      return from >= 0 && from < 12 && from % 2 === 0;
    });
    const products = 2 * batch * 3 * inside ** 2;
    expect(operations(source, batch)).toEqual([products + batch * 3 * 14 ** 2]);
  });

  test("by a choice of 0 in a sum", () => {
    const source = `model M {
      input x: [batch, 12]
      i: [12] = range(12)
      output y = sum(if i[:, new] >= i[new, :] then exp(x[:, new, :]) else 0.0, axis: 2)
    }`;
    const chosen = pairs(12, 12, (i, j) => i >= j);
    // Chosen and summed where the mask lets it; exponentials are there once for all rows, positions are cast.
    expect(operations(source, batch)).toEqual([batch * (12 + 2 * chosen) + 12 + 12]);
  });

  const attention = (more: string): readonly number[] =>
    operations(
      `model M {
        input x: [batch, 64, 4]
        target y: [batch, 64, 4]
        q = x |> dense(4)
        loss mse(attention(q, x, x, causal: true${more}), y)
      }
      train M { optimizer sgd(lr: 0.1)  batch 8  epochs 1  seed 1 }`,
      batch,
      "step",
    );
  const seen = pairs(64, 64, (query, key) => key <= query);

  test("by a mask that knows positions: a gradient behind causal attention", () => {
    // Four operations of each score, and a product and a sum for each of its four columns.
    expect(attention("")).toContain(batch * seen * (4 + 2 * 4));
  });

  test("by a mask that knows the turn of a loop: the same in blocks of queries", () => {
    // Weights are computed again: eight operations of each score.
    expect(attention(", block: 16")).toContain(batch * seen * (8 + 2 * 4));
  });

  test("by the other branch; not of a term that is another number than what a reduction begins with", () => {
    const source = `model M {
      input x: [batch, 12]
      input z: [batch, 5]
      output y = sum(exp(concat([x, tanh(z)], axis: 1)), axis: 1)
      output w = max(pad(x, [[0, 0], [3, 3]]), axis: 1)
    }`;
    expect(operations(source, batch)).toEqual([batch * (5 + 17 + 17), batch * 18]);
  });
});

test("operations of a program are those of its dispatches, turns of loops included", () => {
  const model = compileOne("model M { input x: [batch, 5, 3]  output y = x |> lstm(units: 4) }");
  const [predict] = describeModel(model, 7).programs.filter(({ kind }) => kind === "predict");
  const program = model.plan.programs.findIndex(({ kind }) => kind === "predict");
  const facts = dispatchFacts(model, program, { batch: 7 }, "cpu");
  expect(predict?.flops).toBe(facts.reduce((sum, { flops }) => sum + flops, 0));
  // The products with the carries: four gates of four units each from four.
  expect(predict?.flops).toBeGreaterThan(7 * 5 * 2 * (4 * 4 * (3 + 4)));
});
