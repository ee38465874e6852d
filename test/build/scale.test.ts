// Losses whose cotangents leave the range of half precision in; scales that follow them, and updates that are left out, out.
import { describe, expect, it } from "vitest";
import { readSafetensors, tensorFloats } from "../../runtime/safetensors.js";
import type { TrainingNet } from "../../runtime/index.js";
import { compileOne, open } from "../support/compiled.js";

const model = (factor: string, train: string): ReturnType<typeof compileOne> =>
  compileOne(`model M {
  input x: [batch]
  weight W: [] = 1
  state seen: [] = 0
  if training { seen <- seen + 1 }
  loss total = f32(f16(x) * W) * ${factor}
}
train M { minimize total with ${train}; batch 1; epochs 1 }`);

/** What is kept of a scale, by its last name. */
async function kept(net: TrainingNet, what: string): Promise<number | undefined> {
  const { tensors } = readSafetensors(await net.save({ optimizer: true }));
  const found = [...tensors].find(([name]) => name.includes("loss_scale") && name.endsWith(what));
  return found && tensorFloats(found[1])[0];
}

async function steps(net: TrainingNet, count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await net.step({ x: [1] });
}

describe("the scale of a loss", () => {
  it.each([
    ["", 1 - 1e-3],
    ["; loss_scale 1024", 1 - 1e-3],
    ["; loss_scale 1", 1],
  ])("keeps cotangents that half precision has not%s", async (setting, wanted) => {
    const net = await open(model("1e-8", `sgd(lr: 1e5)${setting}`), "f32");
    await steps(net, 1);
    expect((await net.read("W"))[0]).toBeCloseTo(wanted, 5);
    net.destroy();
  });

  it("halves at an overflow, whose update is left out and does not count", async () => {
    const net = await open(model("10", "adam(0.1)"), "f32");
    // 655360 in half precision, and half of it each time, until it is below 65520.
    for (const scale of [32768, 16384, 8192, 4096]) {
      await steps(net, 1);
      expect(await kept(net, ".scale")).toBe(scale);
      expect((await net.read("W"))[0]).toBe(1);
    }
    await steps(net, 1);
    expect(await kept(net, ".skipped")).toBe(4);
    expect(await kept(net, ".good")).toBe(1);
    // The first update of adam is its rate; as the fifth it would be another.
    expect((await net.read("W"))[0]).toBeCloseTo(0.9, 5);
    expect((await net.read("seen"))[0]).toBe(5);
    net.destroy();
  });

  it("leaves optimizers' states as they were where an update is left out", async () => {
    const scaled = compileOne(`model M {
      input x: [batch]
      input factor: [batch]
      weight W: [] = 1
      loss total = f32(f16(x) * W) * factor
    }
    train M { minimize total with adam(0.1); batch 1; epochs 1 }`);
    const net = await open(scaled, "f32");
    await net.step({ x: [1], factor: [0.1] });
    const states = async (): Promise<unknown[]> =>
      [...readSafetensors(await net.save({ optimizer: true })).tensors].filter(([name]) =>
        /^optimizer\/optimizer\..*\.[mv]$/.test(name),
      );
    const before = await states();
    expect(before).toHaveLength(2);
    await net.step({ x: [1], factor: [10] });
    expect(await kept(net, ".skipped")).toBe(1);
    expect(await states()).toEqual(before);
    net.destroy();
  });

  it("doubles when 2000 updates in a row were made", async () => {
    const net = await open(model("1e-3", "sgd(lr: 1e-6)"), "f32");
    await steps(net, 1999);
    expect(await kept(net, ".scale")).toBe(65536);
    await steps(net, 1);
    expect(await kept(net, ".scale")).toBe(131072);
    expect(await kept(net, ".good")).toBe(0);
    net.destroy();
  });

  it("is that of the batches of an update together, before norms are clipped", async () => {
    const net = await open(model("20", "sgd(lr: 1); clip_norm 0.5; accumulate 2"), "f32");
    for (let turn = 0; turn < 8; turn++) await net.step({ x: [1] });
    expect(await kept(net, ".skipped")).toBeGreaterThan(1);
    const before = (await net.read("W"))[0] ?? NaN;
    for (let turn = 0; turn < 4; turn++) await net.step({ x: [1] });
    expect(Math.abs(((await net.read("W"))[0] ?? NaN) - before)).toBeLessThan(2.01);
    net.destroy();
  });

  it("goes on in a resumed run where it was: with the scale, the updates left out and the count of good ones", async () => {
    const compiled = model("10", "adam(0.1)");
    const whole = await open(compiled, "f32");
    await steps(whole, 8);
    for (const cut of [2, 6]) {
      const before = await open(compiled, "f32");
      await steps(before, cut);
      const saved = await before.save({ optimizer: true });
      const after = await open(compiled, "f32", { weights: saved });
      await steps(after, 8 - cut);
      expect(await after.read("W")).toEqual(await whole.read("W"));
      for (const what of [".scale", ".skipped", ".good"])
        expect(await kept(after, what)).toBe(await kept(whole, what));
      for (const net of [before, after]) net.destroy();
    }
    expect(await kept(whole, ".skipped")).toBe(4);
    whole.destroy();
  });

  it("is none where nothing is rounded", () => {
    const { plan } = compileOne(`model M {
      input x: [batch]
      weight W: [] = 1
      loss total = x * W
    }
    train M { minimize total with adam(); batch 1; epochs 1 }`);
    expect(plan.storages.filter(({ name }) => name.includes("loss_scale"))).toEqual([]);
  });
});
