// Kernels that run in parts in; the same bits, and timers that fire meanwhile, out.
import { afterEach, describe, expect, it, vi } from "vitest";
import { javascriptText } from "../../compiler/emit/plan.js";
import { load } from "../../runtime/index.js";
import type { CpuKernel, CpuModule, ScalarKernels } from "../../runtime/plan.js";
import { patience, runInSlices, type Pace } from "../../runtime/slices.js";
import { compileOne, importText, open } from "../support/compiled.js";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Calls and what each took, of a kernel whose turns take this many milliseconds. */
function callsOf(whole: readonly number[], cost: number, pace: Pace = { turns: 1 }): number[][] {
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const calls: number[][] = [];
  const call = (range: Int32Array): void => {
    calls.push([...range]);
    now +=
      range.reduce((size, end, at) => (at % 2 ? size * (end - (range[at - 1] ?? 0)) : size), 1) *
      cost;
  };
  Array.from(runInSlices(call, Int32Array.from(whole), pace));
  return calls;
}

/** The turns of calls, in their order, each as its place in the whole. */
function turnsOf(calls: readonly (readonly number[])[], whole: readonly number[]): number[] {
  const within = (range: readonly number[], at: number, before: number): number[] => {
    const [first = 0, end = 0] = range.slice(at, at + 2);
    if (at >= range.length) return [before];
    const turns = Array.from({ length: end - first }, (_, turn) => first + turn);
    return turns.flatMap((turn) => within(range, at + 2, before * (whole[at + 1] ?? 1) + turn));
  };
  return calls.flatMap((range) => within(range, 0, 0));
}

describe("slices", () => {
  const wholes = [
    [0, 4000],
    [0, 1, 0, 28, 0, 28],
    [0, 5, 0, 7, 0, 3, 0, 2],
    [0, 3, 0, 0],
    [0, 0, 0, 9],
  ];
  const costs = [0, 0.001, 0.7, 3, 20];

  it.each(wholes.map((whole) => [whole]))(
    "go through %j once and in order, whatever a turn takes",
    (whole) => {
      const count = turnsOf([whole], whole).length;
      for (const cost of costs) {
        for (const turns of [1, 13, 1e9]) {
          const visited = turnsOf(callsOf(whole, cost, { turns }), whole);
          expect(visited).toEqual(Array.from({ length: count }, (_, turn) => turn));
        }
      }
    },
  );

  it("take a few milliseconds each, one turn where that takes longer", () => {
    for (const cost of [0.001, 0.01, 0.7, 3, 20]) {
      const whole = [0, 4, 0, 25, 0, 50];
      const longest = Math.max(
        ...callsOf(whole, cost).map((range) => turnsOf([range], whole).length),
      );
      expect(longest * cost).toBeLessThanOrEqual(Math.max(patience, cost) * 1.001);
    }
  });

  it("are few where turns are short, and one once the pace is known", () => {
    const pace = { turns: 1 };
    expect(callsOf([0, 1000, 0, 50], 0.0001, pace).length).toBeLessThan(12);
    expect(callsOf([0, 1000, 0, 50], 0.0001, pace)).toEqual([[0, 1000, 0, 50]]);
  });
});

const network = `
model Network {
  input x: [batch, 12, 12, 2]
  target y: category(5)[batch]
  h = x |> conv2d(6, kernel: 3, padding: "same") |> batch_norm() |> relu() |> max_pool2d(2)
  logits = h |> flatten() |> dropout(0.3) |> dense(40, activation: tanh) |> dense(5)
  output probability = softmax(logits)
  loss cross_entropy(logits, y)
}
train Network { optimizer adam(lr: 0.01)  batch 6  epochs 1  seed 3  clip_norm 1 }
`;

const attention = `
model Attention {
  input x: [batch, time, 8]
  output y = attention(x |> dense(8), x |> dense(8), x, causal: true)
  output total = mean(y)
  output order = sort(y)
}
`;

/** Kernels that run in parts of so many turns. */
function cut(module: CpuModule, turns: number): { module: CpuModule; cuts: () => number } {
  let cuts = 0;
  const fixed: Pace = {
    get turns() {
      return turns;
    },
    set turns(_) {
      cuts++;
    },
  };
  const inParts = (kernel: CpuKernel): CpuKernel => {
    return (buffers, words, floats, given) => {
      if (!kernel.whole) {
        kernel(buffers, words, floats, given);
        return;
      }
      const call = (range: Int32Array): void => {
        kernel(buffers, words, floats, given, range);
      };
      Array.from(runInSlices(call, kernel.whole(words), fixed));
    };
  };
  const kernels = Object.entries(module.kernels as ScalarKernels).map(([name, kernel]) => [
    name,
    inParts(kernel),
  ]);
  return {
    module: { kernels: Object.fromEntries(kernels) as ScalarKernels },
    cuts: () => cuts,
  };
}

const wave = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, at) => Math.sin(at * 1.7) * 2);

describe("a kernel in parts", () => {
  it.each([1, 3, 17])(
    "of %i turns trains and predicts with the same bits as whole",
    async (turns) => {
      const model = compileOne(network);
      const module = await importText(javascriptText(model.training.planned.kernels, "f32"));
      const parts = cut(module, turns);
      const results: unknown[] = [];
      for (const cpu of [module, parts.module]) {
        const net = await load(model.plan, {
          backend: "cpu",
          cpu: () => Promise.resolve(cpu),
          seed: 5,
        });
        const x = wave(6 * 12 * 12 * 2);
        await net.step({ x, y: Uint32Array.of(0, 1, 2, 3, 4, 0) });
        results.push([await net.predict({ x }), await net.report(), await net.save()]);
        net.destroy();
      }
      expect(parts.cuts()).toBeGreaterThan(50);
      expect(results[1]).toEqual(results[0]);
    },
  );

  it("of several free dimensions gives the same bits as whole", async () => {
    const model = compileOne(attention);
    const module = await importText(javascriptText(model.training.planned.kernels, "f32"));
    const results: unknown[] = [];
    for (const cpu of [module, cut(module, 1).module, cut(module, 5).module]) {
      const net = await load(model.plan, {
        backend: "cpu",
        cpu: () => Promise.resolve(cpu),
        seed: 5,
      });
      results.push(await net.predict({ x: { data: wave(3 * 11 * 8), shape: [3, 11, 8] } }));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

describe("a kernel of WebAssembly", () => {
  it.each([
    ["network", network],
    ["attention", attention],
  ])("of the %s gives the same bits however long its parts take", async (_, source) => {
    const model = compileOne(source);
    const x = source === network ? wave(6 * 12 * 12 * 2) : { data: wave(88), shape: [1, 11, 8] };
    const results: unknown[] = [];
    for (const took of [0, 1, 50]) {
      let [now, asked] = [0, 0];
      vi.spyOn(performance, "now").mockImplementation(() => {
        asked++;
        return (now += took);
      });
      const net = await open(model, "f32", { seed: 5 });
      results.push(await net.predict({ x }));
      net.destroy();
      vi.restoreAllMocks();
      if (took === 50) expect(asked).toBeGreaterThan(source === network ? 100 : 20);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});

function sumOf(values: unknown): number {
  return (values as Float32Array).reduce((sum, value) => sum + value * value, 0);
}

/** How often a timer fires while a call runs. */
async function timersDuring(call: () => Promise<unknown>): Promise<number> {
  let fired = 0;
  const timer = setInterval(() => fired++, 1);
  await call();
  clearInterval(timer);
  return fired;
}

describe("timers fire during one long kernel", () => {
  const cases: readonly [string, string, readonly number[]][] = [
    ["over many examples", "input x: [batch, 700]  output y = x |> dense(700)", [1500, 700]],
    [
      "over one",
      "input x: [batch, 200, 200, 8]  output y = x |> conv2d(32, kernel: 5)",
      [1, 200, 200, 8],
    ],
    ["between two free extents", "input x: [rows, 700]  output y = x @ transpose(x)", [1000, 700]],
  ];
  it.each(cases)("%s", async (_, body, shape) => {
    const model = compileOne(`model Long { ${body} }`);
    const module = await importText(javascriptText(model.training.planned.kernels, "f32"));
    const net = await load(model.plan, {
      backend: "cpu",
      cpu: () => Promise.resolve(module),
      seed: 1,
    });
    const data = wave(shape.reduce((size, extent) => size * extent, 1));
    expect(await timersDuring(() => net.predict({ x: { data, shape } }))).toBeGreaterThan(5);
  });

  it("of a training step, whose update is seen by what is called meanwhile", async () => {
    const source = `model Long { input x: [batch, 700]  output y = x |> dense(700)  loss mean(y * y) }
train Long { optimizer sgd(lr: 0.1)  batch 500  epochs 1  seed 3 }`;
    const model = compileOne(source);
    const module = await importText(javascriptText(model.training.planned.kernels, "f32"));
    const [net, other] = await Promise.all(
      [0, 1].map(() =>
        load(model.plan, { backend: "cpu", cpu: () => Promise.resolve(module), seed: 1 }),
      ),
    );
    const x = wave(500 * 700);
    expect(await timersDuring(() => net?.step({ x }) ?? Promise.resolve())).toBeGreaterThan(10);
    const step = other?.step({ x });
    const during = await other?.predict({ x });
    await step;
    const after = await net?.predict({ x });
    expect(sumOf(during?.["y"])).toBe(sumOf(after?.["y"]));
  });
});
