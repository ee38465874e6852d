// Points from the origin to the ends of f32, and angles up to a million, in; the derivatives of a point's angle as the plane has them, and sines and cosines as mathematics does, out.
import { expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";
import { agrees } from "./samples.js";

const model = compileOne(`model Angles {
  input y: [batch]
  input x: [batch]
  angle = atan2(y, x)
  by_y = grad(angle, y)
  by_x = grad(angle, x)
  output first_y = by_y
  output first_x = by_x
  output second_y = grad(by_y, y)
  output second_x = grad(by_x, x)
  output mixed = grad(by_y, x)
  output mixed_too = grad(by_x, y)
}`);

const sizes = [0, 1e-30, 1e-25, 1e-12, 0.5, 1, 3, 1e12, 1e30].map(Math.fround);
const signed = sizes.flatMap((size) => (size === 0 ? [0] : [size, -size]));
const points = signed.flatMap((y) => signed.map((x) => [y, x] as const));

/** Of all orders 0 at the origin. */
function derivatives(y: number, x: number): Record<string, number> {
  const r = y * y + x * x;
  const [first_y, first_x] = r === 0 ? [0, 0] : [x / r, -y / r];
  const mixed = r === 0 ? 0 : (((y - x) / r) * (y + x)) / r;
  const second_x = -2 * first_y * first_x;
  return { first_y, first_x, second_y: -second_x, second_x, mixed, mixed_too: mixed };
}

it.each(["f64", "f32", "webgpu"] as const)("on %s", async (backend) => {
  const net = await open(model, backend);
  const found: Readonly<Record<string, ArrayLike<number>>> = await net.predict({
    y: points.map(([y]) => y),
    x: points.map(([, x]) => x),
  });
  net.destroy();
  const single = backend !== "f64";
  const wrong = points.flatMap(([y, x], at) =>
    Object.entries(derivatives(y, x)).flatMap(([name, want]) => {
      const have = found[name]?.[at] ?? NaN;
      if (agrees(have, want, single ? 2e-6 : 1e-12, single)) return [];
      return [`${name} at (${y}, ${x}) is ${want}, not ${have}`];
    }),
  );
  expect(wrong).toEqual([]);
});

it.each(["f64", "f32", "webgpu"] as const)(
  "up to a million have sines and cosines on %s",
  async (backend) => {
    const waves = compileOne(`model Waves {
    input x: [batch]
    output s = sin(x)
    output c = cos(x)
  }`);
    const angles = [1e-3, 0.7, 1, 30, 1e3, 3e4, 1e5, 3e5, 1e6].flatMap((size) =>
      Array.from({ length: 60 }, (_, n) =>
        Math.fround((n % 2 === 0 ? 1 : -1) * size * (1 - n / 97)),
      ),
    );
    const net = await open(waves, backend);
    const found: Readonly<Record<string, ArrayLike<number>>> = await net.predict({ x: angles });
    net.destroy();
    const most = (name: string, truth: (x: number) => number): number =>
      Math.max(...angles.map((x, at) => Math.abs((found[name]?.[at] ?? NaN) - truth(x))));
    const room = backend === "f64" ? 0 : 1.5e-7;
    expect(most("s", Math.sin)).toBeLessThanOrEqual(room);
    expect(most("c", Math.cos)).toBeLessThanOrEqual(room);
  },
);
