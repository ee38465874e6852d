// Attention over more and more positions in; what a training step takes for it, whole and in blocks of queries, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { drawnData } from "../support/drawnData.js";
import { temporaryBytes } from "../support/temporaryBytes.js";

const attending = (time: number, block: number): string => `
model Net {
  input x: [batch, ${time}, 8]
  target y: [batch, ${time}, 8]
  output o = x |> transformer_block(2, causal: true, block: ${block})
  loss mean((o - y) ^ 2)
}
train Net { optimizer sgd(lr: 0.5)  batch 2  epochs 1 }
`;

it("in blocks takes memory for as many positions as there are, whole for the square of them", () => {
  const bytes = (time: number, block: number): number =>
    temporaryBytes(compileOne(attending(time, block)));
  expect(bytes(2048, 32) / bytes(512, 32)).toBeLessThan(4.2);
  expect(bytes(2048, 0) / bytes(512, 0)).toBeGreaterThan(10);
  expect(bytes(2048, 0) / bytes(2048, 32)).toBeGreaterThan(20);
});

it("in blocks trains to the same numbers", async () => {
  const trained = async (block: number): Promise<Record<string, number[]>> => {
    const model = compileOne(attending(64, block));
    const net = await open(model, "f64", { seed: 3 });
    for (let step = 0; step < 3; step++) await net.step(drawnData(model.plan, { batch: 2 }));
    const values: Record<string, number[]> = {};
    for (const { name } of model.plan.parameters) values[name] = [...(await net.read(name))];
    net.destroy();
    return values;
  };
  const [whole, found] = [await trained(0), await trained(4)];
  for (const [name, values] of Object.entries(whole))
    values.forEach((value, at) => {
      expect(found[name]?.[at], name).toBeCloseTo(value, 9);
    });
});
