// A plan written by hand in; what each method of a net gives, on both backends, out.

import { expect, it } from "vitest";
import { lineData, lineModule, linePlan } from "./support/line.js";
import { onBothBackends } from "./support/open.js";

onBothBackends("a net", lineModule, (open, backend) => {
  it("predicts from weights that were written", async () => {
    const net = await open(linePlan());
    expect(net.backend).toBe(backend);
    await net.write("w", [2, -1]);
    await net.write("b", 0.5);
    const { y, twice } = (await net.predict({
      x: [
        [1, 2],
        [3, 4],
      ],
    })) as Record<string, Float32Array>;
    expect([...(y ?? [])]).toEqual([0.5, 2.5]);
    expect([...(twice ?? [])]).toEqual([1, 5]);
  });

  it("steps and reports", async () => {
    const net = await open(linePlan());
    await net.write("w", [0, 0]);
    await net.write("b", 0);
    await net.step({ x: [[1, 0]], t: [1] });
    const report = await net.report();
    expect(report).toMatchObject({ step: 1, loss: 1, losses: { error: 1 }, penalty: 0 });
    await net.step({ x: [[1, 0]], t: [1] });
    expect((await net.report()).loss).toBeLessThan(1);
  });

  it("fits a line", async () => {
    const net = await open(linePlan());
    const data = lineData(30);
    const history = await net.fit(data, { epochs: 40 });
    expect(history.epochs).toHaveLength(40);
    expect(history.steps).toBe(40 * 8);
    const { loss, examples, metrics } = await net.evaluate(data);
    expect(loss).toBeLessThan(0.01);
    expect(examples).toBe(30);
    expect(metrics["squared"]).toBeCloseTo(loss, 6);
  });
});
