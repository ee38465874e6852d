// In: functions with right, wrong and missing derivatives; out: that central differences tell them apart.
import { describe, expect, test } from "vitest";
import {
  addComparison,
  compareAlong,
  directionsFor,
  errorLimit,
  nothingMeasured,
  slopeAlong,
} from "../../cli/gradcheck/measure.js";
import type { Direction, Line, Measured } from "../../cli/gradcheck/measure.js";
import { runProgram } from "../../cli/program.js";
import { temporaryFolder } from "./data/files.js";
import { recorder } from "./terminals.js";

type Objective = (w: readonly number[]) => number;

function lineOf(
  f: Objective,
  gradient: readonly number[],
  at: readonly number[],
  direction: Direction,
): Line {
  return {
    value: (step) => {
      const values = [...at];
      for (const [index, weight] of direction.entries)
        values[index] = (values[index] ?? 0) + step * weight;
      return Promise.resolve(f(values));
    },
    atBase: f(at),
    slope: slopeAlong(direction, gradient),
  };
}

async function measure(
  f: Objective,
  gradient: readonly number[],
  at: readonly number[],
  seed = 1,
): Promise<Measured> {
  let measured = nothingMeasured;
  for (const direction of directionsFor(at.length, seed)) {
    const comparison = await compareAlong(lineOf(f, gradient, at, direction));
    if (comparison) measured = addComparison(measured, comparison);
  }
  return measured;
}

/** Of a function of one number, at a point, with the slope claimed. */
const verdictOf = async (f: (w: number) => number, at: number, slope: number): Promise<string> => {
  const direction = { entries: [[0, 1]] as const };
  return (await compareAlong(lineOf(([w = 0]) => f(w), [slope], [at], direction)))?.verdict ?? "";
};

const base = [0.3, -1.2, 2];
const smooth: Objective = (w) => Math.sin(w[0] ?? 0) + Math.exp(w[1] ?? 0) * (w[2] ?? 0);
const derivative = [Math.cos(0.3), 2 * Math.exp(-1.2), Math.exp(-1.2)];

describe("central differences", () => {
  test("a right gradient passes along every direction", async () => {
    const result = await measure(smooth, derivative, base);
    expect(result.comparisons).toBe(5);
    expect(result.kinks).toBe(0);
    expect(result.error).toBeLessThan(1e-7);
  });
  test.each([0, 1, 2])("entry %i wrong by a thousandth is found", async (at) => {
    const wrong = derivative.map((value, index) => (index === at ? value * 1.001 : value));
    const result = await measure(smooth, wrong, base);
    expect(result.error).toBeGreaterThan(errorLimit);
  });
  test("a gradient that is NaN or of the wrong sign is found", async () => {
    for (const wrong of [[NaN, 0, 0], derivative.map((value) => -value)]) {
      const result = await measure(smooth, wrong, base);
      expect(result.error).toBeGreaterThan(1);
    }
  });
  test("a kink is told apart, at the base point and near it, however small its jump", async () => {
    const relu = (w: number): number => Math.max(0, w);
    expect(await verdictOf(relu, 0, 0)).toBe("kink");
    // Within the first step of the kink, but not within the last.
    expect(await verdictOf(relu, 3e-5, 1)).toBe("right");
    expect(await verdictOf(relu, 3e-5, 0)).toBe("wrong");
    expect(await verdictOf(relu, 3e-8, 1)).toBe("kink");
    // The slope is exactly 20; a jump of half a percent lies within every step.
    expect(await verdictOf((w) => 20 * w + 0.1 * Math.min(0, w - 1e-9), 0, 20)).toBe("kink");
  });
  test("what is curved, steep or far from 0 has no kink, and is right or wrong", async () => {
    for (const [f, at, slope] of [
      [(w: number) => Math.exp(1000 * w), 0, 1000],
      [(w: number) => 1e4 + 20 * w, 0, 20],
      [(w: number) => Math.tanh(1e3 * w), 1e-4, 1e3 / Math.cosh(0.1) ** 2],
      [(w: number) => 1e6 * w ** 2, 0, 0],
    ] as const) {
      expect(await verdictOf(f, at, slope)).toBe("right");
      expect(await verdictOf(f, at, slope * 1.01 + 0.1)).toBe("wrong");
    }
  });
  test("nothing is said where rounding hides the slope or the function is not finite beside", async () => {
    expect(await verdictOf((w) => 1e15 + 2e-3 * w, 0, 2e-3)).toBe("undecided");
    expect(await verdictOf((w) => (w === 0 ? 0 : NaN), 0, 1)).toBe("undecided");
  });
  test("large and tiny objectives keep their scale", async () => {
    for (const scale of [1e6, 1e-3]) {
      const scaled = derivative.map((value) => scale * value);
      const result = await measure((w) => scale * smooth(w), scaled, base, 2);
      expect(result.comparisons).toBe(5);
      expect(result.error).toBeLessThan(errorLimit);
    }
  });
  test("directions: two projections of unit length, eight distinct entries", () => {
    const directions = directionsFor(100, 3);
    expect(directions).toHaveLength(10);
    const [first] = directions;
    expect(first?.entries.reduce((sum, [, weight]) => sum + weight ** 2, 0)).toBeCloseTo(1, 12);
    expect(new Set(directions.slice(2).map(({ entries }) => entries[0]?.[0])).size).toBe(8);
    expect(directionsFor(1, 3)).toHaveLength(1);
    expect(directionsFor(40_000_000, 3)[0]?.entries).toHaveLength(65_536);
  });
  test("what does not settle is not called wrong, and what is wrong finely still is", async () => {
    const steep = (w: number): number => Math.sin(1e12 * w);
    expect(await verdictOf(steep, 0.3, 1e12 * Math.cos(0.3e12))).not.toBe("wrong");
    expect(await verdictOf((w) => Math.sin(1e7 * w), 0, 1e7)).toBe("right");
    expect(await verdictOf((w) => Math.sin(1e7 * w), 0, 1.01e7)).toBe("wrong");
  });
  test("out of time, nothing more is compared", async () => {
    const line = lineOf(smooth, derivative, base, { entries: [[0, 1]] });
    expect(await compareAlong(line, () => true)).toBe(undefined);
  });
});

describe("nnc gradcheck", () => {
  const folder = temporaryFolder();
  interface Found {
    readonly code: number;
    readonly result: {
      readonly ok: boolean;
      readonly parameters: readonly { readonly name: string; readonly verdict: string }[];
      readonly unchecked: readonly string[];
      readonly notFinite: readonly string[];
    };
    readonly notes: string;
  }
  const check = async (body: string, ...args: readonly string[]): Promise<Found> => {
    const file = folder.put("m.nn", `model M {\n${body}\noutput one = 1\n}\n`);
    const terminal = recorder();
    const given = ["gradcheck", file, "--json", ...args];
    const code = await runProgram(given, { terminal, version: "0" });
    const result = JSON.parse(terminal.written.join("") || "{}") as Found["result"];
    return { code, result, notes: terminal.notes.join("\n") };
  };
  test("kinks that turn opposite ways at weights of 0 are not called wrong", async () => {
    const { code, result } = await check(
      "input x: [batch]\nweight W: [] = 0\nloss max(0, x * W) - max(0, -x * W) + W",
    );
    expect(result.parameters.map(({ verdict }) => verdict)).not.toContain("wrong");
    expect(code).toBe(result.ok ? 0 : 1);
  });
  test.each([
    ["input x: [batch, 3]\nweight W: [3] = 1e-4\nloss sum(x * sin(W * 1e5), axis: 1)"],
    ["input x: [batch]\nweight W: [] = 1e-9\nloss x + W ^ 2 * 1e18"],
    ["input x: [batch]\nweight W: [] = 1e-30\nloss x + (W * 1e30) ^ 2"],
    ["input x: [batch]\nweight W: [] = 1e6\nloss x + (W * 1e-6) ^ 2"],
  ])("steps follow the scale of what moves: %j", async (body) => {
    const { code, result } = await check(body);
    expect(result.parameters.map(({ verdict }) => verdict)).toEqual(["ok"]);
    expect(code).toBe(0);
  });
  test.each([
    ["a batch of 4", "input x: [batch]\nweight W: [] = 1\nloss mean((x[0:4] * W) ^ 2)"],
    ["a batch of 900", "input x: [batch]\nweight W: [] = 1\nloss mean((x[899:] * W) ^ 2)"],
    ["one example", "input x: [batch]\nweight W: [2] = 1\nloss sum(W[0:(2 - batch + 1)] ^ 2)"],
    [
      "a window",
      "input x: [batch, time, 2]\nloss mean(conv1d(x, 2, kernel: 9, init: normal(0, 1)) ^ 2, axis: [1, 2])",
    ],
    [
      "a table of 4 places",
      "input x: [batch, time]\nweight W: [4] ~ normal(0, 1)\nloss mean((x * W[0:time]) ^ 2, axis: 1)",
    ],
    [
      "one length above another",
      "input x: [batch, a]\ninput z: [batch, b]\nweight W: [] = 1\nloss mean((x[:, 7:a] * W) ^ 2, axis: 1) + sum(z[:, (2 * b - a):], axis: 1)",
    ],
    [
      "a computed length",
      "input x: [batch, 2 * n]\ninput z: [batch, n]\nweight W: [] = 1\nloss mean(x ^ 2 * W, axis: 1) + sum(z, axis: 1)",
    ],
  ])("free dimensions are as the program asks: %s", async (_, body) => {
    const { code, result, notes } = await check(body);
    expect(notes).toBe("");
    expect(result.parameters.map(({ verdict }) => verdict)).toEqual(
      result.parameters.map(() => "ok"),
    );
    expect(code).toBe(0);
  });
  test("as many rows are taken of the data as the program asks for", async () => {
    const rows = (count: number): string =>
      folder.put(`x${count}.csv`, `x\n${Array.from({ length: count }, () => 1).join("\n")}\n`);
    const body = "input x: [batch]\nweight W: [] = 1\nloss mean((x[0:6] * W) ^ 2)";
    expect((await check(body, "--data", rows(9))).code).toBe(0);
    expect((await check(body, "--data", rows(6))).code).toBe(0);
    const few = await check(body, "--data", rows(5));
    expect(few.notes).toContain("batch is 5: it has to be at least 6");
  });
  test("a comparison is not called an entry", async () => {
    const file = folder.put("m.nn", "model M {\nweight W: [2] = 1\nloss sum(W ^ 2)\noutput W\n}\n");
    const terminal = recorder();
    await runProgram(["gradcheck", file], { terminal, version: "0" });
    expect(terminal.written.join("")).not.toContain("entries");
    expect(terminal.written.join("")).toContain("comparisons");
  });
  test("a terminal shows what is at work, a log nothing of what is quickly done", async () => {
    const file = folder.put("m.nn", "model M {\nweight W: [2] = 1\nloss sum(W ^ 2)\noutput W\n}\n");
    const [terminal, log] = [recorder(true), recorder()];
    for (const one of [terminal, log])
      await runProgram(["gradcheck", file], { terminal: one, version: "0" });
    expect(terminal.updates).toEqual([
      "M: compiling in double precision",
      "M: comparing the derivative of loss by 1 parameter, for 20 s at most",
    ]);
    expect(log.notes).toEqual([]);
  });
  test("without a loss or a parameter there is nothing to check, which is not right", async () => {
    for (const body of ["input x: [batch]\noutput y = x", "input x: [batch]\nloss x ^ 2"]) {
      const { code, result } = await check(body);
      expect(result.ok).toBe(false);
      expect(code).toBe(1);
    }
  });
  test("logarithms of negative numbers, whose value is held, are unchecked", async () => {
    for (const loss of ["mean(log(W + 0 * x))", "mean(log1p(W + 0 * x))"]) {
      const { code, result } = await check(`input x: [batch]\nweight W: [] = -2\nloss ${loss}`);
      expect(result.parameters).toMatchObject([{ verdict: "unchecked", outside: 3 }]);
      expect(code).toBe(1);
    }
    const inside = await check("input x: [batch]\nweight W: [] = 2\nloss mean(log(W + 0 * x))");
    expect(inside.result.parameters).toMatchObject([{ verdict: "ok", outside: 0 }]);
  });
  test("an objective that is not finite at the drawn point says so", async () => {
    const { code, result } = await check("input x: [batch]\nweight W: [] = 0\nloss x / W");
    expect(result).toMatchObject({ ok: false, notFinite: ["M loss"] });
    expect(result.parameters[0]?.verdict).toBe("not finite");
    expect(code).toBe(1);
  });
  test("an infinite derivative is compared with nothing, and one that should be finite is wrong", async () => {
    const body = "input x: [batch, 4]\nweight W: [4] = 0\ny = x @ W\nloss log(y)";
    const { code, result } = await check(body);
    expect(result.parameters).toMatchObject([{ verdict: "unchecked", infinite: 4 }]);
    expect(code).toBe(1);
    const mixed = await check(
      "input x: [batch]\nweight W: [3] = [0, 1, 2]\nloss sum(log(W + 0 * mean(x)))",
    );
    expect(mixed.result.parameters).toMatchObject([{ verdict: "ok", infinite: 1 }]);
    expect(mixed.code).toBe(0);
    for (const slope of [NaN, Infinity, -Infinity]) {
      const line = lineOf(([w = 0]) => w ** 2 + w, [slope], [0.5], { entries: [[0, 1]] });
      expect((await compareAlong(line))?.verdict).toBe("wrong");
      const steep = lineOf(([w = 0]) => Math.log(Math.max(w, 1e-308)), [slope], [0], {
        entries: [[0, 1]],
      });
      expect((await compareAlong(steep))?.verdict).not.toBe("wrong");
    }
  });
  test("what was not compared is not called right", async () => {
    const { code, result } = await check(
      "input x: [batch]\nweight W: [] = 1\nloss 1e14 + x + 1e-4 * W",
    );
    expect(result).toMatchObject({ ok: false, unchecked: ["M W"] });
    expect(code).toBe(1);
  });
  test("values fitted to a set are those of the data drawn", async () => {
    const { code, result } = await check(
      "input x: [batch]\nfitted m: [] = mean(x ^ 2)\nweight W: [] = 1\nloss W ^ 2 * x / m",
    );
    expect(result.ok).toBe(true);
    expect(code).toBe(0);
  });
  test("half precision is checked in double precision", async () => {
    const { code, result } = await check(
      "input x: f16[batch, 2]\nloss mean(f32(tanh(x |> dense(3))), axis: 1)",
    );
    expect(result.ok).toBe(true);
    expect(code).toBe(0);
  });
  test("a recurrence is checked through all its turns", async () => {
    const { code, result } = await check(
      "input x: [batch, time, 2]\nloss mean(gru(x, 3), axis: [1, 2])",
    );
    expect(result.ok).toBe(true);
    expect(result.unchecked).toEqual([]);
    expect(code).toBe(0);
  });
  test("states over the batch stand as they start, under stop_gradient too", async () => {
    const body = (loss: string): string =>
      `input x: [batch, 3]\nstate h: [batch, 3] = 0.5\nweight U: [3, 3] ~ normal(0, 1)\nz = tanh(x @ U + h)\nh <- z\nloss ${loss}`;
    for (const loss of ["z * stop_gradient(z)", "-log(softmax(z))"]) {
      const { code, result, notes } = await check(body(loss));
      expect(notes).toBe("");
      expect(result.parameters).toMatchObject([{ name: "U", verdict: "ok" }]);
      expect(code).toBe(0);
    }
  });
  test("every parameter of a deep model has its turn", async () => {
    const { result } = await check(
      `input x: [batch, 40]\nh = x ${"|> dense(40, activation: tanh) ".repeat(40)}\nloss mean(h ^ 2, axis: 1)`,
    );
    expect(result.ok).toBe(true);
    expect(result.unchecked).toEqual([]);
    expect(result.parameters).toHaveLength(80);
  }, 60_000);
});
