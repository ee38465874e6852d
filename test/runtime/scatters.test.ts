// Many updates of many entries in; what the last, the smallest and the largest of each leave, and the derivatives that these pass on, out.

import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { generator } from "../support/sampleValues.js";

const [entries, updates] = [1100, 300];

/** Beyond the sizes up to which each entry looks at all updates. */
const source = `model M {
  input places: i32[batch, ${updates}]
  input x: [batch, ${updates}]
  input c: [batch, ${entries}]
  last = scatter_set(x, places[0], ${entries}, axis: 1)
  most = scatter_max_along(x, places, ${entries}, otherwise: -3)
  output last
  output most
  output last_slope = grad(last * c, x)
  output most_slope = grad(most * c, x)
}`;

it("updates that are sorted", async () => {
  const net = await open(compileOne(source), "f64", { seed: 1 });
  const next = generator(5);
  const places = Array.from({ length: 2 * updates }, () => Math.floor(next() ** 2 * entries));
  // Few values, so that equal ones meet.
  const x = places.map(() => Math.floor(next() * 4));
  const c = Array.from({ length: 2 * entries }, (_, n) => n + 1);
  const found = await net.predict({
    places: { data: Int32Array.from(places), shape: [2, updates] },
    x: { data: x, shape: [2, updates] },
    c: { data: c, shape: [2, entries] },
  });
  const winners = [new Map<number, number>(), new Map<number, number>()] as const;
  const [last, most] = winners;
  for (let n = 0; n < 2 * updates; n++) {
    const row = Math.floor(n / updates) * entries;
    last.set(row + (places[n % updates] ?? 0), n);
    const entry = row + (places[n] ?? 0);
    const best = most.get(entry);
    if (best === undefined || (x[n] ?? 0) > (x[best] ?? 0)) most.set(entry, n);
  }
  const values = (of: ReadonlyMap<number, number>, otherwise: number): number[] =>
    c.map((_, entry) => x[of.get(entry) ?? -1] ?? otherwise);
  const slopes = (of: ReadonlyMap<number, number>): number[] => {
    const slope = x.map(() => 0);
    for (const [entry, n] of of) slope[n] = entry + 1;
    return slope;
  };
  expect([...(found["last"] ?? [])]).toEqual(values(last, 0));
  expect([...(found["most"] ?? [])]).toEqual(values(most, -3));
  expect([...(found["last_slope"] ?? [])]).toEqual(slopes(last));
  expect([...(found["most_slope"] ?? [])]).toEqual(slopes(most));
  net.destroy();
});
