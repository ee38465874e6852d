// The prelude's entries that draw, called under `training: true`, in; what each draw must leave of its tensor, from the definitions, out.

import { describe, expect, it } from "vitest";
import { describeGpu } from "../support/adapter.js";
import { compileOne, open } from "../support/compiled.js";
import { betaShare, gammaShare } from "./reference/special.js";

/** One image of one channel for each example. */
interface Images {
  readonly height: number;
  readonly width: number;
  readonly pixels: readonly (readonly number[])[];
}

const height = 5;
const width = 6;

/** Many copies of one image, whose pixels are a function of their places. */
function copies(count: number, pixel: (row: number, column: number) => number): Images {
  const one = Array.from({ length: height * width }, (_, i) =>
    pixel(Math.floor(i / width), i % width),
  );
  return { height, width, pixels: Array.from({ length: count }, () => one) };
}

async function changed(call: string, { pixels }: Images): Promise<number[][]> {
  const shape = [pixels.length, height, width, 1];
  const model = compileOne(`model M {
    input x: [batch, ${height}, ${width}, 1]
    output y = x |> ${call}
  }`);
  const net = await open(model, "f64", { seed: 3 });
  const { y = [] } = await net.predict({ x: { data: pixels.flat(), shape } });
  net.destroy();
  const all = Array.from(y as ArrayLike<number>);
  const size = all.length / pixels.length;
  return pixels.map((_, i) => all.slice(i * size, (i + 1) * size));
}

/** An image of distinct pixels, none of them 0. */
const distinct = (row: number, column: number): number => 1 + row * width + column;

/** Of images of `distinct` and a crop's size: the part that begins at a row and a column; outside the image it is 0. */
function cropped(tall: number, wide: number, top: number, left: number): string {
  return Array.from({ length: tall * wide }, (_, i) => {
    const [row, column] = [top + Math.floor(i / wide), left + (i % wide)];
    const within = row >= 0 && row < height && column >= 0 && column < width;
    return within ? distinct(row, column) : 0;
  }).join();
}

/** The image whose pixel at a place is the given one's at another; outside it is 0. */
function moved(from: (row: number, column: number) => readonly [number, number]): string {
  return copies(1, (row, column) => {
    const [r, c] = from(row, column);
    return r >= 0 && r < height && c >= 0 && c < width ? distinct(r, c) : 0;
  }).pixels.join();
}

/** Each of the expected images comes up about as often as the others, and nothing else does. */
function expectEvenly(found: readonly (readonly number[])[], expected: readonly string[]): void {
  const counts = new Map(expected.map((image) => [image, 0]));
  for (const image of found) {
    expect(expected).toContain(image.join());
    counts.set(image.join(), (counts.get(image.join()) ?? 0) + 1);
  }
  const share = found.length / expected.length;
  for (const count of counts.values()) {
    expect(Math.abs(count - share)).toBeLessThan(5 * Math.sqrt(share));
  }
}

describe("images", () => {
  it("random_flip mirrors every other one, left to right or top to bottom", async () => {
    const images = copies(400, distinct);
    const same = moved((row, column) => [row, column]);
    expectEvenly(await changed("random_flip(training: true)", images), [
      same,
      moved((row, column) => [row, width - 1 - column]),
    ]);
    expectEvenly(await changed("random_flip(vertical: true, training: true)", images), [
      same,
      moved((row, column) => [height - 1 - row, column]),
    ]);
  });

  it("random_shift moves by whole pixels along both axes, zeros coming in", async () => {
    const steps = [-2, -1, 0, 1, 2];
    const all = steps.flatMap((down) =>
      steps.map((right) => moved((row, column) => [row - down, column - right])),
    );
    expectEvenly(await changed("random_shift(2, training: true)", copies(1500, distinct)), all);
  });

  it("random_rotate turns about the middle by up to its degrees", async () => {
    // Linear interpolation leaves a slope as it is: that along the rows turns into (cos, -sin) of the angle.
    const slope = copies(300, (row) => row - (height - 1) / 2);
    const at = (row: number, column: number): number => row * width + column;
    const angles = (await changed("random_rotate(20, training: true)", slope)).map((image) => {
      const sine = (image[at(2, 2)] ?? NaN) - (image[at(2, 3)] ?? NaN);
      const cosine = (image[at(3, 2)] ?? NaN) - (image[at(2, 2)] ?? NaN);
      expect(sine ** 2 + cosine ** 2).toBeCloseTo(1, 9);
      for (const [row, column] of [
        [1, 2],
        [2, 1],
        [3, 3],
      ] as const) {
        const expected = cosine * (row - 2) - sine * (column - 2.5);
        expect(image[at(row, column)]).toBeCloseTo(expected, 9);
      }
      return (Math.atan2(sine, cosine) * 180) / Math.PI;
    });
    expect(Math.max(...angles.map(Math.abs))).toBeLessThanOrEqual(20);
    expect(Math.max(...angles)).toBeGreaterThan(17);
    expect(Math.min(...angles)).toBeLessThan(-17);
  });

  it("random_crop takes a part from anywhere, zeros around the image included", async () => {
    const all = (tall: number, wide: number, padding: number): string[] =>
      Array.from({ length: height + 2 * padding - tall + 1 }, (_, down) =>
        Array.from({ length: width + 2 * padding - wide + 1 }, (__, right) =>
          cropped(tall, wide, down - padding, right - padding),
        ),
      ).flat();
    const images = copies(1000, distinct);
    expectEvenly(await changed("random_crop([3, 5], training: true)", images), all(3, 5, 0));
    const padded = "random_crop(6, padding: 1, training: true)";
    expectEvenly(await changed(padded, images), all(6, 6, 1));
  });

  it("random_crop takes the middle otherwise", async () => {
    const [found] = await changed("random_crop([2, 3])", copies(1, distinct));
    expect(found?.join()).toBe(cropped(2, 3, 1, 1));
    const [wider] = await changed("random_crop(7, padding: 1)", copies(1, distinct));
    expect(wider?.join()).toBe(cropped(7, 7, -1, -1));
  });

  it("random_crop takes images of any size", async () => {
    const image = { data: Array.from({ length: 30 }, (_, i) => i + 1), shape: [1, 5, 6, 1] };
    for (const [training, expected] of [
      [false, [cropped(2, 3, 1, 1)]],
      [
        true,
        [0, 1, 2, 3].flatMap((down) => [0, 1, 2, 3].map((right) => cropped(2, 3, down, right))),
      ],
    ] as const) {
      const model = compileOne(`model M {
        input x: [batch, h, w, 1]
        output y = x |> random_crop([2, 3], training: ${String(training)})
      }`);
      const net = await open(model, "f64", { seed: 3 });
      const { y } = await net.predict({ x: image });
      net.destroy();
      expect(expected).toContain(Array.from(y as ArrayLike<number>).join());
    }
  });

  it("cutout makes a square about any pixel zero", async () => {
    const centres = Array.from({ length: height }, (_, row) =>
      Array.from({ length: width }, (__, column) => [row, column] as const),
    ).flat();
    for (const size of [2, 3]) {
      const first = (centre: number): number => centre - Math.floor(size / 2);
      const all = centres.map(([down, right]) =>
        copies(1, (row, column) => {
          const hidden =
            row >= first(down) &&
            row < first(down) + size &&
            column >= first(right) &&
            column < first(right) + size;
          return hidden ? 0 : distinct(row, column);
        }).pixels.join(),
      );
      const found = await changed(`cutout(${size}, training: true)`, copies(1500, distinct));
      expectEvenly(found, all);
    }
  });

  it.each([
    "random_flip()",
    "random_crop([5, 6], padding: 2)",
    "cutout(3)",
    "stochastic_depth(0.5)",
    "random_shift(2)",
    "random_rotate(20)",
    "random_rotate(0, training: true)",
  ])("%s leaves them as they are", async (call) => {
    const images = copies(20, distinct);
    expect(await changed(call, images)).toEqual(images.pixels);
  });
});

describe("disturbances", () => {
  it("dropout makes a share zero and the rest larger", async () => {
    const images = copies(100, distinct);
    const found = await changed("dropout(0.2, training: true)", images);
    const kept = found.flat().filter((entry, i) => {
      const before = images.pixels.flat()[i] ?? NaN;
      if (entry !== 0) expect(entry).toBeCloseTo(before / 0.8, 12);
      return entry !== 0;
    });
    expect(kept.length / found.flat().length).toBeCloseTo(0.8, 1);
    expect(new Set(found.map((image) => image.map(Math.sign).join())).size).toBeGreaterThan(90);
  });

  it("stochastic_depth makes a share of the examples zero and the rest larger", async () => {
    const images = copies(400, distinct);
    const whole = moved((row, column) => [row, column]);
    const found = await changed("stochastic_depth(0.5, training: true)", images);
    expectEvenly(
      found.map((image) => image.map((one) => one * 0.5)),
      [whole, copies(1, () => 0).pixels.join()],
    );
    const seldom = await changed("stochastic_depth(0.1, training: true)", images);
    const kept = seldom.filter((image) => image.some((one) => one !== 0));
    expect(kept.length / images.pixels.length).toBeCloseTo(0.9, 1);
    for (const image of kept) expect(image[0]).toBeCloseTo(1 / 0.9, 12);
  });

  it("transformer_block drops what it adds, both times", async () => {
    const call = "transformer_block(2, rate: 1, training: true)";
    const model = compileOne(`model M {
      input x: [batch, 3, 4]
      output y = x |> ${call}
      output other = x |> transformer_block(2, training: true)
    }`);
    const net = await open(model, "f64", { seed: 3 });
    const x = Array.from({ length: 24 }, (_, index) => Math.sin(index));
    const { y, other } = await net.predict({ x: { data: x, shape: [2, 3, 4] } });
    net.destroy();
    expect(Array.from(y as ArrayLike<number>)).toEqual(x);
    expect(other).not.toEqual(y);
  });

  it("gaussian_noise adds normal numbers of its deviation", async () => {
    const images = copies(200, distinct);
    const noise = (await changed("gaussian_noise(0.3, training: true)", images)).map((image, i) =>
      image.map((entry, j) => entry - (images.pixels[i]?.[j] ?? NaN)),
    );
    const all = noise.flat();
    const mean = (power: number): number =>
      all.reduce((sum, one) => sum + (one / 0.3) ** power, 0) / all.length;
    // The first four moments of the normal distribution: 0, 1, 0, 3.
    expect([mean(1), mean(2), mean(3), mean(4)].map((one) => Math.round(one * 5) / 5)).toEqual([
      0, 1, 0, 3,
    ]);
  });
});

describe("distributions of the library", () => {
  const count = 4000;

  async function numbers(call: string): Promise<number[]> {
    const model = compileOne(`model M {
      input x: [batch]
      y: [batch] ~ ${call}
      output z = y + 0 * x
    }`);
    const net = await open(model, "f64", { seed: 5 });
    const { z = [] } = await net.predict({ x: Array<number>(count).fill(0) });
    net.destroy();
    return Array.from(z as ArrayLike<number>);
  }

  const mean = (list: readonly number[]): number =>
    list.reduce((sum, one) => sum + one, 0) / list.length;

  /** Held to its first two moments, and to its distribution function by the test of Kolmogorov and Smirnov, which 1 of 1000 fails. */
  async function expectDistribution(
    call: string,
    [expected, variance]: readonly [number, number],
    share: (x: number) => number,
  ): Promise<void> {
    const found = (await numbers(call)).sort((a, b) => a - b);
    const [first, second] = [mean(found), mean(found.map((one) => one ** 2))];
    expect(Math.abs(first - expected)).toBeLessThan(4 * Math.sqrt(variance / count));
    expect(Math.abs((second - first ** 2) / variance - 1)).toBeLessThan(0.12);
    const apart = found.map((one, at) =>
      Math.max(Math.abs(share(one) - at / count), Math.abs(share(one) - (at + 1) / count)),
    );
    expect(Math.max(...apart)).toBeLessThan(1.95 / Math.sqrt(count));
  }

  it.each([
    ["gamma(0.3)", 0.3, 1],
    ["gamma(1)", 1, 1],
    ["gamma(2.5, rate: 2)", 2.5, 2],
    ["gamma(40, rate: 0.1)", 40, 0.1],
  ] as const)("%s", async (call, concentration, rate) => {
    const moments = [concentration / rate, concentration / rate ** 2] as const;
    await expectDistribution(call, moments, (x) => gammaShare(concentration, rate * x));
  });

  it.each([
    ["beta(0.2, 0.5)", 0.2, 0.5],
    ["beta(2, 5)", 2, 5],
    ["beta(30, 0.7)", 30, 0.7],
  ] as const)("%s", async (call, a, b) => {
    const moments = [a / (a + b), (a * b) / ((a + b) ** 2 * (a + b + 1))] as const;
    await expectDistribution(call, moments, (x) => betaShare(a, b, x));
  });

  it("are the same in each precision, of parameters that differ, in loops and of inputs", async () => {
    const model = compileOne(`model M {
      input x: [batch]
      input w: [batch, 2] ~ gamma(2)
      z: [batch, 2] ~ beta(0.3, x[:, new] + 2)
      s = scan t in range(3) {
        a: [batch] ~ gamma(x + 0.4, 2)
        yield a
      }
      output all = concat([w, z, transpose(s, [1, 0])], axis: 1)
    }`);
    const [exact = [], single = []] = await Promise.all(
      (["f64", "f32"] as const).map(async (backend) => {
        const net = await open(model, backend, { seed: 7 });
        const x = Array.from({ length: 200 }, (_, at) => at / 50);
        const { all = [] } = await net.predict({ x });
        net.destroy();
        return Array.from(all as ArrayLike<number>);
      }),
    );
    expect(new Set(exact).size).toBe(200 * 7);
    const apart = exact.map((one, at) => Math.abs((single[at] ?? NaN) - one) / (one + 1e-30));
    expect(Math.max(...apart)).toBeLessThan(1e-4);
  });

  it("no derivative passes what they draw", async () => {
    const model = compileOne(`model M {
      input x: [batch]
      y: [batch] ~ gamma(exp(x), exp(x))
      z: [batch] ~ truncated_normal(x, exp(x))
      output slope = grad(y, x)
      output moved = grad(z, x) - 1 - (z - x)
    }`);
    const net = await open(model, "f64", { seed: 5 });
    const { slope = [], moved = [] } = await net.predict({ x: [0.5, 2, -1] });
    net.destroy();
    expect(Array.from(slope as ArrayLike<number>)).toEqual([0, 0, 0]);
    // The formula of a normal that is cut has one: the mean's is 1, the deviation's the distance from the mean over it.
    for (const one of Array.from(moved as ArrayLike<number>)) expect(one).toBeCloseTo(0, 12);
  });
});

describeGpu("distributions of the library in WGSL", () => {
  it("are those of double precision", async () => {
    const model = compileOne(`model M {
      input x: [batch]
      y: [batch] ~ beta(0.3, x)
      output z = y
    }`);
    const found = await Promise.all(
      (["f64", "any adapter"] as const).map(async (backend) => {
        const net = await open(model, backend, { seed: 7 });
        const { z = [] } = await net.predict({ x: Array<number>(300).fill(2) });
        net.destroy();
        return Array.from(z as ArrayLike<number>);
      }),
    );
    const [exact = [], single = []] = found;
    expect(exact).toHaveLength(300);
    const apart = exact.map((one, at) => Math.abs((single[at] ?? NaN) - one) / (one + 1e-30));
    expect(Math.max(...apart)).toBeLessThan(2e-4);
  });
});
