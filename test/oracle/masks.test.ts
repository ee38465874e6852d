// The prelude's entries with a mask, and one that is known while compiling, in; the numbers of the tensor that says the same, out.

import { describe, expect, it } from "vitest";
import { compileOne, open } from "../support/compiled.js";

const batch = 2;
const time = 3;
const width = 4;
const sequence = Array.from({ length: batch * time * width }, (_, i) => Math.sin(i + 1));

/** What a call gives whose `mask` is this. */
async function masked(call: string, mask: string): Promise<number[]> {
  const model = compileOne(`model M {
    input x: [batch, ${time}, ${width}]
    output y = ${call.replace("MASK", mask)}
  }`);
  const net = await open(model, "f64", { seed: 3 });
  const { y } = await net.predict({ x: { data: sequence, shape: [batch, time, width] } });
  net.destroy();
  return Array.from(y as ArrayLike<number>);
}

const recurrent = [
  "x |> rnn(2, mask: MASK)",
  "x |> gru(2, mask: MASK)",
  "x |> lstm(2, mask: MASK)",
  "x |> bidirectional(lstm(2, mask: MASK))",
];
const attending = [
  "attention(x, x, x, mask: MASK)",
  "attention(x, x, x, mask: MASK, causal: true)",
  "attention(x, x, x, mask: MASK, block: 1)",
  "memory_read(x[:, 0], x, x, mask: MASK)",
  "x |> multi_head_attention(2, mask: MASK)",
  "x |> multi_head_attention(2, memory: x[:, 0:2], mask: MASK)",
  "x |> transformer_block(2, mask: MASK)",
];

describe.each([...recurrent, ...attending])("%s", (call) => {
  const length = call.includes("0:2") ? 2 : time;
  const shape = call.startsWith("attention") ? `[batch, ${time}, ${time}]` : `[batch, ${length}]`;

  it.each(["false", "true"])("takes %s for a tensor of it", async (value) => {
    const tensor = `full(${shape}, ${value === "true" ? 1 : 0}) > 0`;
    expect(await masked(call, value)).toEqual(await masked(call, tensor));
  });

  it("takes a list for the mask of every example", async () => {
    const list = `[${[false, true, true].slice(-length).join(", ")}]`;
    const tensor = `zeros(${shape}) + range(${length}) >= ${length - 2}`;
    expect(await masked(call, list)).toEqual(await masked(call, tensor));
    expect(await masked(call, list)).not.toEqual(await masked(call, "false"));
  });
});

it.each(attending.filter((call) => call.startsWith("attention")))(
  "%s: the mean of all values where none may be read",
  async (call) => {
    const rows = Array.from({ length: batch * time }, (_, at) => Math.floor(at / time));
    const mean = (example: number, column: number): number =>
      [0, 1, 2].reduce(
        (sum, at) => sum + (sequence[(example * time + at) * width + column] ?? 0),
        0,
      ) / time;
    const wanted = rows.flatMap((example) => [0, 1, 2, 3].map((column) => mean(example, column)));
    (await masked(call, "false")).forEach((value, at) => {
      expect(value).toBeCloseTo(wanted[at] ?? NaN, 12);
    });
  },
);

it.each(recurrent)("%s: states that pass unchanged stay zero", async (call) => {
  expect(new Set(await masked(call, "false"))).toEqual(new Set([0]));
});

describe("a scan of one's own that passes its carry over padding", () => {
  const lengths = [4, 1, 0, 3];
  const steps = 4;
  const [w, u, start] = [0.7, -0.4, 0.2];
  // What lies in the padding reaches neither values nor derivatives.
  const x = lengths.flatMap((length, example) =>
    Array.from({ length: steps }, (_, t) => (t < length ? Math.sin(3 * example + t) : 0.9)),
  );

  /** The last state of each example over its own steps alone, with its derivatives, by hand. */
  const expected = lengths.map((length, example) => {
    let [h, byW, byU] = [start, 0, 0];
    const byX = new Array<number>(steps).fill(0);
    for (let t = 0; t < length; t++) {
      const given = x[example * steps + t] ?? 0;
      const next = Math.tanh(w * given + u * h);
      const slope = 1 - next * next;
      [byW, byU, h] = [slope * (given + u * byW), slope * (h + u * byU), next];
      for (let before = 0; before < t; before++) byX[before] = (byX[before] ?? 0) * slope * u;
      byX[t] = slope * w;
    }
    return { h, byW, byU, byX };
  });
  const total = (of: "byW" | "byU"): number => expected.reduce((sum, one) => sum + one[of], 0);

  it.each(["", "[:, new]"])("has the numbers of the steps that there are: m_t%s", async (axes) => {
    const wide = axes !== "";
    const model = compileOne(`model M {
      input x: [batch, time${wide ? ", 1" : ""}]
      input length: i32[batch]
      param w: [] = ${w}
      param u: [] = ${u}
      states = scan x_t, m_t in x, range(time) < length[:, new] along 1 {
        carry h: [batch${wide ? ", 1" : ""}] = ${start}
        h <- if m_t${axes} then tanh(w * x_t + u * h) else h
        yield h
      }
      last = states[:, -1]
      by_w, by_u, by_x = grad(last, [w, u, x])
      output last
      output by_w
      output by_u
      output by_x
    }`);
    const net = await open(model, "f64", { seed: 1 });
    const found = await net.predict({
      x: { data: x, shape: [lengths.length, steps, ...(wide ? [1] : [])] },
      length: { data: lengths, shape: [lengths.length] },
    });
    net.destroy();
    const close = (name: string, numbers: readonly number[]): void => {
      const given = Array.from(found[name] as ArrayLike<number>);
      expect(given).toHaveLength(numbers.length);
      for (const [at, number] of numbers.entries()) expect(given[at]).toBeCloseTo(number, 12);
    };
    close(
      "last",
      expected.map(({ h }) => h),
    );
    close("by_w", [total("byW")]);
    close("by_u", [total("byU")]);
    close(
      "by_x",
      expected.flatMap(({ byX }) => byX),
    );
  });
});
